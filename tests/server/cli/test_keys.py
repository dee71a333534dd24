"""The commands over keys and stored conversations."""

import io
import json
import shutil

import pytest

from rag.assistant import Assistant


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def own_sample(sample_data, tmp_path):
    """The sample archive, to be written to."""
    return shutil.copytree(sample_data, tmp_path / "sample")


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


def test_a_chat_is_kept_gone_on_with_shown_and_removed(footnote, own_sample, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("Who did LI Yong meet at Huawei?\n"))
    chat = ("chat", "--json", "--data", own_sample, "--as-of", "2020", "--conversation")
    code, out, err = footnote(*chat, "new")
    assert code == 0
    first = json.loads(out)
    assert first["as_of"] == "2020-12-31"
    assert f"--conversation {first['conversation_id']}" in err
    monkeypatch.setattr("sys.stdin", io.StringIO("When was that?\n"))
    _, out, _ = footnote(*chat, first["conversation_id"])
    second = json.loads(out)
    assert second["conversation_id"] == first["conversation_id"]
    assert "Huawei" in second["standalone_question"]

    over = ("--data", own_sample)
    _, out, _ = footnote("conversations", "list", "--json", *over)
    (listed,) = json.loads(out)
    assert (listed["title"], listed["turns"]) == ("Who did LI Yong meet at Huawei?", 2)
    assert first["conversation_id"] in footnote("conversations", "list", *over)[1]
    _, out, _ = footnote("conversations", "show", first["conversation_id"], "--json", *over)
    turns = json.loads(out)["turns"]
    assert [turn["id"] for turn in turns] == [first["turn_id"], second["turn_id"]]
    assert turns[0]["outcome"]["outcome"] == first["outcome"]
    _, out, _ = footnote("conversations", "show", first["conversation_id"], *over)
    assert "? When was that?" in out
    assert footnote("conversations", "remove", first["conversation_id"], *over)[0] == 0
    code, _, err = footnote("conversations", "remove", first["conversation_id"], *over)
    assert code == 1
    assert "conversations list" in err
    monkeypatch.setattr("sys.stdin", io.StringIO("never read\n"))
    assert footnote(*chat, first["conversation_id"])[0] == 1
