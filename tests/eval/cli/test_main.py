"""`footnote eval` as a user runs it, with the real models on small archives."""

import pytest

from eval.runs.folder import read_run
from tests.fake_endpoint import fake_endpoint, says


def test_a_suite_is_measured_shown_and_reported(footnote, suite, tmp_path):
    code, out, err = footnote("eval", "--suite", "tiny", "--out", "run")
    assert code == 0, err
    assert "3 questions over 2 documents, 2 answerable, 1 unanswerable" in out
    assert "contains_gold" in out
    run = read_run(tmp_path / "run")
    assert [record.id for record in run.records] == ["q1", "q2", "q3"]
    assert run.summary.metrics["citation.exactness"].value == 1.0
    assert run.records[0].measures["answer.contains_gold"] == 1.0
    assert run.manifest.models["reading"].name == "english"
    assert not [key for key in run.manifest.settings if key.startswith(("server.", "data"))]
    assert "total" in run.summary.latency_ms
    assert footnote("eval", "show", "run")[1].startswith("tiny: 3 questions")
    code, out, _ = footnote("eval", "report", "run")
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert code == 0
    assert "When did the mill open?" in page


def test_a_language_models_choice_is_measured_and_can_be_left_out(
    footnote, suite, tmp_path, monkeypatch
):
    one = ("eval", "--suite", "tiny", "--limit", "1")
    with fake_endpoint(says('{"statements": []}')) as model:
        monkeypatch.setenv("FOOTNOTE_LANGUAGE_MODEL_BASE_URL", model.base_url)
        monkeypatch.setenv("FOOTNOTE_LANGUAGE_MODEL_MODEL", "scripted")
        code, _, err = footnote(*one, "--out", "with")
        asked = len(model.received)
        assert footnote(*one, "--no-language-model", "--out", "without")[0] == 0
        assert len(model.received) == asked
    assert code == 0, err
    run, without = read_run(tmp_path / "with"), read_run(tmp_path / "without")
    assert run.records[0].selection.declined
    assert run.summary.metrics["selection.declined"].value == 1.0
    assert run.summary.latency_ms["select"]["p95"] > 0
    assert run.manifest.models["language_model"].name == "scripted"
    assert model.base_url not in run.manifest.model_dump_json()
    assert without.records[0].selection is None
    assert without.records[0].outcome == "answered"
    assert footnote("eval", "report", "with")[0] == 0
    page = (tmp_path / "with" / "report.html").read_text("utf-8")
    assert "scripted chose none of" in " ".join(page.split())


def test_a_follow_up_is_asked_with_its_history(footnote, suite, tmp_path):
    footnote("eval", "--suite", suite, "--out", "run", "--filter", "turn=follow-up")
    (record,) = read_run(tmp_path / "run").records
    assert record.id == "q2"
    assert [turn.role for turn in record.history] == ["user", "assistant"]
    assert "mill" in record.standalone
    assert record.measures["retrieval.reranked.recall@1"] == 1.0
    footnote("eval", "--suite", suite, "--out", "alone", "--filter", "id=q2", "--last-turn")
    (alone,) = read_run(tmp_path / "alone").records
    assert (alone.id, alone.history, alone.standalone) == ("q2", [], None)


def test_a_search_only_run_has_rankings_and_no_answers(footnote, suite, tmp_path):
    code, out, _ = footnote(
        "eval", "--suite", suite, "--retrieval-only", "--whole-documents", "--out", "run"
    )
    run = read_run(tmp_path / "run")
    assert code == 0
    assert run.manifest.mode == "retrieval"
    assert all(name.startswith("retrieval.") for name in run.summary.metrics)
    assert "contains_gold" not in out


def test_the_users_own_questions_over_an_archive_and_over_a_data_directory(
    footnote, mine, tmp_path
):
    archive, questions = mine
    code, _, err = footnote("eval", "--archive", archive, "--questions", questions, "--out", "one")
    assert code == 0, err
    assert footnote("ingest", archive, "--data", "data")[0] == 0
    code, _, err = footnote("eval", "--data", "data", "--questions", questions, "--out", "two")
    assert code == 0, err
    one, two = read_run(tmp_path / "one"), read_run(tmp_path / "two")
    assert [r.outcome for r in one.records] == [r.outcome for r in two.records]
    assert [c.text for r in one.records for c in r.claims] == [
        c.text for r in two.records for c in r.claims
    ]
    code, out, _ = footnote("eval", "compare", "one", "two")
    assert code == 0
    assert f"{len(one.records)} questions in both runs" in out


def test_a_file_that_can_no_longer_be_read_is_gone_from_the_archive(footnote, mine, tmp_path):
    archive, questions = mine
    footnote("eval", "--archive", archive, "--questions", questions, "--out", "one")
    (archive / "extra.txt").write_text("LI Yong saw Huawei in Shenzhen in April 2019.\n")
    footnote("eval", "--archive", archive, "--questions", questions, "--out", "two")
    (archive / "extra.txt").write_bytes(bytes(range(256)) * 8)
    code, _, err = footnote(
        "eval", "--archive", archive, "--questions", questions, "--out", "three"
    )
    assert code == 0
    assert "not read: " in err
    ranked = [
        {name for r in read_run(tmp_path / run).records for name in r.rankings["dense"]}
        for run in ("one", "two", "three")
    ]
    assert ranked[0] == ranked[2] == ranked[1] - {"extra.txt"}
    assert "extra.txt" in ranked[1]


def test_nothing_runs_when_a_question_is_bad(footnote, mine, tmp_path):
    archive, questions = mine
    with questions.open("a") as file:
        file.write('{"id": "bad", "question": "Who?", "answerable": true}\n')
    code, _, err = footnote("eval", "--archive", archive, "--questions", questions, "--out", "run")
    assert code == 1
    assert f"{questions}, line 3: answerable, but without gold_documents" in err
    assert not (tmp_path / "run").exists()
    assert footnote("eval", "questions", "check", questions, "--archive", archive)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--suite", "tiny", "--archive", "x"], "give only it"),
        (["--archive", "x"], "give --questions FILE"),
        (["--questions", "x"], "--archive PATH or --data DIR"),
        (["--archive", "x", "--data", "y", "--questions", "z"], "give one of them"),
        (["--whole-documents"], "without --suite"),
        (["--suite", "nowhere"], "no suite 'nowhere'"),
        (["--suite", ""], "--suite is empty"),
        (["--out", "suites"], "is not a run"),
        (["questions", "new", "--from", "suites", "--out", "suites"], "is a folder"),
        (["--filter", "type"], "is not KEY=VALUE"),
        (["--filter", "type=poem"], "none of 100 questions matches"),
        (["compare", "a", "b"], "'a' is not a run"),
        (["gate", "a"], "'a' is not a run"),
        (["gate", "--max-drop", "speed=1"], "no metric 'speed'"),
        (["report", "a"], "'a' is not a run"),
        (["calibrate"], "give --questions FILE"),
        (["questions", "check", "x"], "--archive PATH or --data DIR"),
    ],
)
def test_what_cannot_be_is_named_with_its_remedy(footnote, suite, arguments, reason):
    code, _, err = footnote("eval", *arguments)
    assert code == 1
    assert reason in " ".join(err.split())
    assert "Traceback" not in err
