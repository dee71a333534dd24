"""The commands over keys and stored conversations."""

import json

import pytest

from rag.assistant import Assistant


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_a_key_is_made_shown_once_listed_and_revoked(footnote, data):
    code, out, err = footnote("keys", "add", "laptop", "--scope", "write", "--data", data)
    assert code == 0
    secret = out.strip()
    assert secret.startswith("fnk_")
    assert "not shown again" in err
    assert secret not in err
    _, listed, _ = footnote("keys", "list", "--data", data)
    assert "laptop" in listed
    assert "write" in listed
    assert secret not in listed
    with Assistant.open(data) as assistant:
        assert assistant.journal.find_key(secret).scope == "write"
    assert footnote("keys", "revoke", "laptop", "--data", data)[0] == 0
    _, listed, _ = footnote("keys", "list", "--json", "--data", data)
    (key,) = json.loads(listed)
    assert key["revoked_at"]
    with Assistant.open(data) as assistant:
        assert assistant.journal.find_key(secret) is None


def test_what_is_wrong_with_a_key_is_said(footnote, data):
    footnote("keys", "add", "laptop", "--scope", "read", "--data", data)
    for arguments, said in (
        (("add", "laptop", "--scope", "read"), "already a key named 'laptop'"),
        (("add", " ", "--scope", "read"), "needs a name"),
        (("revoke", "phone"), "no valid key has the id or name 'phone'"),
    ):
        code, out, err = footnote("keys", *arguments, "--data", data)
        assert (code, out) == (1, "")
        assert said in err
    assert footnote("keys", "add", "x", "--scope", "root", "--data", data)[0] == 2


def test_a_key_can_only_read_unless_told_otherwise(footnote, data):
    code, secret, _ = footnote("keys", "add", "open-webui", "--data", data)
    assert code == 0
    with Assistant.open(data) as assistant:
        assert assistant.journal.find_key(secret.strip()).scope == "read"
