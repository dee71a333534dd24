import io
import json
import shutil

import pytest


@pytest.fixture
def own_sample(sample_data, tmp_path):
    """The sample archive, to be written to."""
    return shutil.copytree(sample_data, tmp_path / "sample")


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
