"""What readers said of answers becomes cases to review."""

import json
from dataclasses import replace

import pytest

from eval.errors import QuestionSetError
from eval.propose.feedback import cases_from_feedback
from eval.questions.indexing import library_of_store
from eval.questions.question_file import read_question_file
from rag.types import Answer, Filters, Question
from tests.conftest import SAMPLE_ARCHIVE


@pytest.fixture
def told(quick, settings):
    """An archive whose readers have said: helpful, wrong, wrong citation, rightly silent."""
    # The fake reading model's scores mean nothing to the gate.
    assistant = quick(answer=replace(settings.answer, min_support=0.0))
    assistant.ingest(SAMPLE_ARCHIVE / "2019-04-24-huawei-visit-shenzhen.txt")
    journal = assistant.journal
    first = assistant.converse("When did LI Yong visit Huawei?", conversation_id=None)
    assert isinstance(first.outcome, Answer)
    second = assistant.converse("Who met him there?", conversation_id=first.conversation_id)
    filters = Filters(sources=("nowhere",))
    silent = assistant.converse(Question("Who is Zorg?", filters), conversation_id=None)
    journal.add_feedback(first.id, "helpful", "", None, "")
    journal.add_feedback(second.id, "wrong", "it was somebody else", None, "")
    journal.add_feedback(first.id, "wrong_citation", "", 1, "")
    journal.add_feedback(silent.id, "helpful", "", None, "")
    return assistant, first


def test_every_kind_of_feedback_becomes_a_case_with_what_to_review(told):
    assistant, first = told
    helpful, wrong, miscited, silent = cases_from_feedback(assistant.journal)
    citation = first.outcome.claims[0].citations[0]
    assert helpful["type"] == "feedback_helpful"
    assert helpful["gold_evidence"][0] == {
        "document": citation.document_id,
        "start": citation.span.start,
        "end": citation.span.end,
        "quote": citation.quote,
    }
    assert helpful["answerable"]
    assert "history" not in helpful
    assert wrong["history"][0] == {"role": "user", "text": "When did LI Yong visit Huawei?"}
    assert (wrong["gold_evidence"], wrong["answers"]) == ([], [])
    assert wrong["note"].endswith("The reader's note: it was somebody else")
    assert f"Footnote 1: {citation.quote!r}" in miscited["note"]
    assert miscited["gold_evidence"] == []
    assert not silent["answerable"]
    assert "nowhere" in silent["note"]
    assert all("To review" in row["note"] for row in (helpful, wrong, miscited, silent))


def test_a_case_without_gold_is_named_until_it_was_reviewed(told, footnote, tmp_path):
    assistant, _ = told
    out = tmp_path / "said.jsonl"
    code, printed, _ = footnote(
        "eval", "questions", "from-feedback", "--out", out, "--data", assistant.settings.data
    )
    assert code == 0
    assert "4 cases to review" in printed
    library = library_of_store(assistant)
    with pytest.raises(QuestionSetError, match="line 2: answerable, but without gold") as refused:
        read_question_file(out, library)
    assert "line 3:" in str(refused.value)
    assert "line 1:" not in str(refused.value)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    reviewed = [rows[0], *(row | {"answerable": False} for row in rows[1:3]), rows[3]]
    out.write_text("".join(json.dumps(row) + "\n" for row in reviewed), encoding="utf-8")
    assert len(read_question_file(out, library).cases) == 4


def test_what_was_reviewed_is_never_overwritten(told, footnote, tmp_path):
    assistant, _ = told
    out = tmp_path / "said.jsonl"
    out.write_text("reviewed", encoding="utf-8")
    export = ("eval", "questions", "from-feedback", "--out")
    code, _, err = footnote(*export, out, "--data", assistant.settings.data)
    assert code == 1
    assert "name a new file" in err
    assert out.read_text(encoding="utf-8") == "reviewed"
    code, _, err = footnote(*export, tmp_path / "new.jsonl", "--data", tmp_path / "empty")
    assert code == 1
    assert "there is no feedback" in err
    assert not (tmp_path / "new.jsonl").exists()
    code, _, err = footnote(*export, tmp_path / "no" / "x.jsonl", "--data", assistant.settings.data)
    assert code == 1
    assert "cannot be written" in err
