import json


def test_proposed_questions_can_be_asked_at_once(footnote, mine, tmp_path):
    archive, _ = mine
    code, out, err = footnote("eval", "questions", "new", "--from", archive, "--out", "new.jsonl")
    assert code == 1
    assert "give --all" in err
    code, out, err = footnote(
        "eval", "questions", "new", "--from", archive, "--out", "new.jsonl", "--all"
    )
    assert code == 0, err
    rows = [json.loads(line) for line in (tmp_path / "new.jsonl").read_text("utf-8").splitlines()]
    assert f"{len(rows)} questions added" in out
    code, out, _ = footnote("eval", "questions", "check", "new.jsonl", "--archive", archive)
    assert code == 0
    assert f"{len(rows)} questions are valid" in out
    again = footnote("eval", "questions", "new", "--from", archive, "--out", "new.jsonl", "--all")
    assert "0 questions added" in again[1]


def test_proposals_are_judged_one_by_one_in_a_terminal(footnote, mine, tmp_path, monkeypatch):
    archive, _ = mine
    keys = iter(["a", "s", "q"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda *_: next(keys))
    code, out, err = footnote("eval", "questions", "new", "--from", archive, "--out", "new.jsonl")
    assert code == 0, err
    assert "[a]ccept" in out
    assert "1 questions added to new.jsonl, 1 skipped" in out
