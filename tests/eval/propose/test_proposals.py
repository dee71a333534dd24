import json
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from eval.propose.proposals import propose_questions
from rag.read.reader import read_document
from tests.eval.propose.proposal_cases import asked, document

ARCHIVE = Path(__file__).resolve().parents[3] / "eval" / "archive"
README = Path(__file__).resolve().parents[3] / "eval" / "questions" / "README.md"


@pytest.fixture(scope="module")
def documents():
    return [read_document(str(path), path.read_bytes()) for path in sorted(ARCHIVE.iterdir())]


@pytest.fixture(scope="module")
def proposals(documents):
    return list(propose_questions(documents, root=ARCHIVE))


def comparable(text):
    return unicodedata.normalize("NFKC", text).casefold()


# --- Gold ----------------------------------------------------------------------------


def test_every_piece_of_evidence_quotes_its_document_exactly(documents, proposals):
    texts = {Path(d.sources[0]).name: d.text for d in documents}
    pieces = [piece for p in proposals for piece in p.gold_evidence]
    assert pieces
    for piece in pieces:
        assert texts[piece.document][piece.start : piece.end] == piece.quote


def test_every_answer_stands_in_its_evidence_or_is_derived_and_one_always_stands(proposals):
    for proposal in proposals:
        quotes = [comparable(piece.quote) for piece in proposal.gold_evidence]
        absent = [a for a in proposal.answers if not any(comparable(a) in q for q in quotes)]
        assert tuple(absent) == proposal.derived
        assert proposal.answerable == bool(set(proposal.answers) - set(absent))


def test_what_is_shown_marks_evidence_and_answer(documents, proposals):
    texts = {Path(d.sources[0]).name: d.text for d in documents}
    for proposal in proposals:
        assert proposal.shown in texts[proposal.document]
        if proposal.answerable:
            assert proposal.evidence.of(proposal.shown) == proposal.gold_evidence[0].quote
            said = " ".join(proposal.answer.of(proposal.shown).split())
            assert comparable(said) == comparable(proposal.answers[0])


def test_rows_have_the_fields_and_types_of_the_question_schema(proposals):
    readme = README.read_text("utf-8")
    for proposal in proposals:
        row = json.loads(json.dumps(proposal.row()))
        assert row.keys() - {"derived"} == {
            "id", "question", "language", "type", "answerable", "gold_documents", "gold_evidence",
            "answers",
        }  # fmt: skip
        assert f"`{row['type']}`" in readme
        assert row["type"].startswith("unanswerable") is not row["answerable"]
        assert set(row["gold_documents"]) == {p["document"] for p in row["gold_evidence"]}


def test_ids_and_questions_are_unique(proposals):
    for values in ([p.id for p in proposals], [comparable(p.question) for p in proposals]):
        assert [value for value, n in Counter(values).items() if n > 1] == []


def test_no_question_holds_its_answer(proposals):
    for proposal in proposals:
        for answer in proposal.answers:
            assert comparable(answer) not in comparable(proposal.question)


def test_a_full_date_is_also_given_in_iso_form():
    found = asked("On 24 April 2019, Ada Byron visited the Halden Mill.")
    assert found["When did Ada Byron visit the Halden Mill?"] == ("24 April 2019", "2019-04-24")


def test_an_answer_broken_by_a_line_end_is_given_as_quoted_and_as_read():
    text = "Then a man in black, and it was Per\nLunde, Mayor of Halden, cut the ribbon."
    (proposal,) = propose_questions([document(text)])
    assert proposal.answers == ("Per\nLunde", "Per Lunde")
    assert proposal.derived == ("Per Lunde",)


def test_documents_are_named_by_their_path_below_the_root():
    text = "The Loom Fair was founded in 1966."
    below = document(text, "/archive/2019/fair.txt")
    (proposal,) = propose_questions([below], root=Path("/archive"))
    assert proposal.gold_documents == ("2019/fair.txt",)
    (proposal,) = propose_questions([below], root=Path("/archive/2019/fair.txt"))
    assert proposal.gold_documents == ("fair.txt",)


# --- The archive as a whole -----------------------------------------------------------


def test_documents_that_say_the_same_are_all_gold():
    story = "The Mayor of Halden, Per Lunde, cut the ribbon."
    retold = "Again it was Per Lunde, Mayor of Halden, who came."
    documents = [document(story, "a.txt"), document(f"{retold}", "b.txt")]
    (proposal,) = propose_questions(documents)
    assert proposal.gold_documents == ("a.txt", "b.txt")


def test_the_first_questions_come_from_as_many_documents(proposals):
    answerable = [p.document for p in proposals if p.answerable]
    covered = len(set(answerable))
    assert covered >= 12
    assert len(set(answerable[:covered])) == covered
    assert max(Counter(answerable).values()) <= 4


def test_the_same_documents_give_the_same_proposals(documents, proposals):
    assert list(propose_questions(documents, root=ARCHIVE)) == proposals


def test_the_id_of_a_question_does_not_depend_on_the_other_documents(documents, proposals):
    ids = {(p.question, p.answerable): p.id for p in proposals}
    alone = list(propose_questions(documents[:3], root=ARCHIVE))
    shared = [p for p in alone if (p.question, p.answerable) in ids]
    assert shared
    assert all(ids[p.question, p.answerable] == p.id for p in shared)


# --- Questions without an answer -------------------------------------------------------


def test_near_misses_have_neither_answer_nor_evidence(proposals):
    near = [p for p in proposals if not p.answerable]
    assert near
    for proposal in near:
        assert proposal.type == "unanswerable_near_miss"
        assert proposal.answers + proposal.gold_evidence + proposal.gold_documents == ()


# --- Odd input -------------------------------------------------------------------------


def test_an_empty_archive_and_other_languages_give_nothing():
    japanese = read_document(
        "ja.txt", "これは日本語の文書です。会議は東京で開催されました。".encode()
    )
    assert list(propose_questions([])) == []
    assert list(propose_questions([japanese])) == []
