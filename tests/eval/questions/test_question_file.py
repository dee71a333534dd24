import json

import pytest

from eval.errors import QuestionSetError
from eval.questions.indexing import library_of_archive
from eval.questions.library import Library
from eval.questions.question_file import BUNDLED_ARCHIVE, BUNDLED_QUESTIONS, read_question_file
from rag.types import Span
from tests.eval.questions.test_library import document


@pytest.fixture
def library(tmp_path):
    return Library([document("mill.txt"), document("sub/quay.txt", "The quay is long.")])


def row(**changes):
    piece = {"document": "mill.txt", "start": 0, "end": 24, "quote": "The mill opened in 1911."}
    return {
        "id": "mill-opened",
        "question": "When did the mill open?",
        "language": "en",
        "type": "factoid_date",
        "answerable": True,
        "gold_documents": ["mill.txt"],
        "gold_evidence": [piece],
        "answers": ["1911"],
    } | changes


def write(tmp_path, *rows):
    path = tmp_path / "mine.jsonl"
    lines = [line if isinstance(line, str) else json.dumps(line) for line in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refusal(tmp_path, library, *rows):
    with pytest.raises(QuestionSetError) as caught:
        read_question_file(write(tmp_path, *rows), library)
    return str(caught.value)


def test_a_good_file_becomes_cases_in_its_order(tmp_path, library):
    silent = row(
        id="silent", answerable=False, gold_documents=[], gold_evidence=[], answers=[], type="none"
    )
    found = read_question_file(write(tmp_path, row(), "", silent), library)
    assert [case.id for case in found.cases] == ["mill-opened", "silent"]
    first = found.cases[0]
    assert first.gold.documents == ("/archive/mill.txt",)
    assert first.gold.evidence[0].span == Span(0, 24)
    assert (found.name, found.kind) == ("mine", "questions")


def test_the_bundled_set_passes_its_own_check():
    library = library_of_archive(BUNDLED_ARCHIVE)
    found = read_question_file(BUNDLED_QUESTIONS, library, bundled=True)
    assert len(found.cases) == 100
    assert len(library) == 18
    # Keys are names below the archive: a run says nothing of where the archive lies.
    assert {name for case in found.cases for name in case.gold.documents} <= {
        path.name for path in BUNDLED_ARCHIVE.iterdir()
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gold_documents": [], "gold_evidence": []}, "answerable, but without gold_documents"),
        ({"gold_documents": ["mil.txt"]}, "no document 'mil.txt'; did you mean 'mill.txt'?"),
        ({"answerable": False}, "not answerable, but"),
        ({"answers": [], "match": "all"}, 'match is "all", but answers is empty'),
        ({"answers": ["1911", " "]}, "' ' has no words to compare"),
        ({"answers": ["1911", "€"]}, "'€' has no words to compare"),
        ({"question": "  "}, "question is blank"),
        ({"derived": ["1912"]}, "'1912' is not among the answers"),
        ({"as_of": "soon"}, "'soon' is not a date"),
        ({"question": ""}, "question: "),
        ({"question": "x" * 1001}, "question: "),
        ({"answerable": "yes"}, "answerable: "),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"history": [{"role": "system", "text": "x"}]}, "history.0.role"),
    ],
)
def test_a_malformed_row_is_named_with_file_line_and_reason(tmp_path, library, changes, reason):
    message = refusal(tmp_path, library, row(id="fine"), row(**changes))
    assert "mine.jsonl, line 2: " in message
    assert reason in message
    assert "correct the file" in message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"start": 1, "end": 25}, "is 'he mill opened in 1911. '"),
        ({"start": 1, "end": 25}, "the quote is at [0, 24)"),
        ({"end": 900}, "outside its 52 characters or empty"),
        ({"start": 24}, "or empty"),
        ({"start": -1}, "greater than or equal to 0"),
        ({"document": "gone.txt"}, "no document 'gone.txt'"),
        ({"quote": ""}, "quote"),
    ],
)
def test_a_span_that_does_not_say_its_quote_is_refused(tmp_path, library, changes, reason):
    piece = row()["gold_evidence"][0] | changes
    assert reason in refusal(tmp_path, library, row(gold_evidence=[piece]))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "x",', "invalid JSON: "),
        ('["id"]', "not a JSON object"),
        ("{}", "id: Field required"),
        ('{"id": NaN}', "id: "),
        ("[" * 100_000, "invalid JSON"),
        ('{"id": ' + "9" * 5000 + "}", "invalid JSON"),
    ],
)
def test_a_line_that_is_no_question_is_named(tmp_path, library, line, reason):
    message = refusal(tmp_path, library, line)
    assert "line 1: " in message
    assert reason in message


def test_every_bad_line_is_named_at_once(tmp_path, library):
    message = refusal(tmp_path, library, "nonsense", row(answerable=False), row(as_of="1"))
    assert [f"line {n}:" in message for n in (1, 2, 3)] == [True, True, True]


def test_an_id_given_twice_is_refused(tmp_path, library):
    message = refusal(tmp_path, library, row(), row())
    assert "line 2: id 'mill-opened' is that of line 1" in message


def test_a_missing_or_empty_file_is_named(tmp_path, library):
    with pytest.raises(QuestionSetError, match="cannot be read"):
        read_question_file(tmp_path / "none.jsonl", library)
    with pytest.raises(QuestionSetError, match="has no questions"):
        read_question_file(write(tmp_path, ""), library)
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes("caf\xe9".encode("latin-1"))
    with pytest.raises(QuestionSetError, match=r"latin\.jsonl' cannot be read"):
        read_question_file(latin, library)
