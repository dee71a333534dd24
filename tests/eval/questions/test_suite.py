import json

import pytest

from eval.errors import QuestionSetError
from eval.questions.library import Library
from eval.questions.suite import NO_GOLD, UNLOCATED, SuiteFiles, find_suite, read_corpus, read_suite
from tests.conftest import ROOT

PUBLIC = ROOT.parent / "shared" / "data"
DOCUMENTS = [
    {"id": "d1", "title": "Mill", "text": "The mill opened in 1911 .", "lang": "en"},
    {"id": "d2", "title": "", "text": "磨坊于1911年开业。", "lang": "zh"},
    {
        "id": "d3",
        "title": "Quay",
        "text": "The quay is long.",
        "date": "2023-09-26",
        "source": "The Harbour",
    },
]


def query(**changes):
    return {
        "id": "q1",
        "question": "When did the mill open?",
        "answers": ["1911"],
        "gold_doc_ids": ["d1"],
        "unanswerable": False,
        "lang": "en",
    } | changes


def write_suite(folder, *queries, documents=DOCUMENTS):
    for name, rows in (("corpus.jsonl", documents), ("queries.jsonl", queries)):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return SuiteFiles(folder)


def read(files):
    corpus = read_corpus(files.folder, files.corpus, documents=files.documents)
    return read_suite(files, Library(corpus))


def test_a_suite_becomes_cases_with_gold_and_attributes(tmp_path):
    case = read(
        write_suite(
            tmp_path, query(type="date", gold_evidence=["The mill opened in 1911."], hard=True)
        )
    ).cases[0]
    assert case.gold.documents == ("d1",)
    assert case.gold.evidence[0].quote == "The mill opened in 1911 ."
    assert case.attributes == {
        "id": "q1",
        "type": "date",
        "lang": "en",
        "language": "en",
        "answerable": "true",
        "unanswerable": "false",
        "turn": "first",
        "hard": "true",
    }


def test_unused_fields_are_named_with_the_reason(tmp_path):
    rows = query(question_date="2024-01-01", spans=[1, 2], cited_doc_ids=["d1"])
    found = read(write_suite(tmp_path, rows))
    assert found.ignored_fields.keys() == {"spans", "cited_doc_ids"}


def test_the_day_a_question_is_asked_is_read_with_or_without_its_zeros(tmp_path):
    found = read(write_suite(tmp_path, query(question_date="2024-01-01")))
    assert found.cases[0].as_of.isoformat() == "2024-01-01"
    short = read(write_suite(tmp_path, query(question_date="2024-8-1")))
    assert short.cases[0].as_of.isoformat() == "2024-08-01"


def test_questions_without_gold_are_left_out_and_counted(tmp_path):
    unanswerable = query(id="q2", unanswerable=True, gold_doc_ids=[], answers=["I cannot say"])
    found = read(write_suite(tmp_path, query(), query(id="q3", gold_doc_ids=[]), unanswerable))
    assert [case.id for case in found.cases] == ["q1", "q2"]
    assert found.left_out == {NO_GOLD: 1}
    assert found.cases[1].gold.answers == ()


def test_quotes_that_are_not_found_are_counted(tmp_path):
    found = read(write_suite(tmp_path, query(gold_evidence=["The mill opened", "It sank."])))
    assert found.left_out == {UNLOCATED: 1}


def test_an_id_comes_before_the_end_of_another(tmp_path):
    documents = [{"id": "x/1", "text": "Other."}, {"id": "1", "text": "Mill."}]
    found = read(write_suite(tmp_path, query(gold_doc_ids=["1"]), documents=documents))
    assert found.cases[0].gold.documents == ("1",)


def test_a_corpus_restricted_by_language_restricts_gold_too(tmp_path):
    write_suite(tmp_path, query(gold_doc_ids=["d1", "d2"]), query(id="q2", gold_doc_ids=["d1"]))
    found = read(SuiteFiles(tmp_path, documents=(("lang", "zh"),)))
    assert [(case.id, case.gold.documents) for case in found.cases] == [("q1", ("d2",))]
    assert found.name.endswith(".lang-zh")
    with pytest.raises(QuestionSetError, match="has no documents with lang=fr"):
        read(SuiteFiles(tmp_path, documents=(("lang", "fr"),)))


def test_an_outlet_and_day_stand_above_the_text_and_give_the_date(tmp_path):
    write_suite(tmp_path, query())
    documents = {d.sources[0]: d for d in read_corpus(tmp_path)}
    assert documents["d3"].text.startswith("The Harbour | 2023-09-26\n\nThe quay")
    assert documents["d3"].published.isoformat() == "2023-09-26"
    assert documents["d1"].text == DOCUMENTS[0]["text"]


def test_the_same_text_under_two_ids_stays_two_documents(tmp_path):
    twins = [{"id": "a", "text": "Same."}, {"id": "b", "text": "Same."}]
    write_suite(tmp_path, query(gold_doc_ids=["a"]), documents=twins)
    assert len({document.id for document in read_corpus(tmp_path)}) == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"id"', "invalid JSON"),
        ("[1]", "not a JSON object"),
        (query(id=None), "'id' is missing or not a string"),
        (query(question=7), "'question' is missing or not a string"),
        (query(gold_doc_ids="d1"), "'gold_doc_ids' is missing or not a list"),
        (query(unanswerable="no"), "'unanswerable' is missing or not a boolean"),
        (query(history=["hello"]), "'history' is not a list of objects with role and text"),
        (
            query(history=[{"role": "system", "text": "x"}]),
            "'history' is not a list of objects with role and text",
        ),
        (query(question="  "), "'question' is blank"),
        (query(answers="hello"), "'answers' is not a list of strings"),
        (query(gold_evidence=[5]), "'gold_evidence' is not a list of strings"),
        (query(gold_doc_ids=["d9"]), "gold_doc_ids: the archive has no document 'd9'"),
        ('{"id": "\\ud800"}', "invalid JSON"),
        ("[" * 100_000, "invalid JSON"),
    ],
)
def test_a_bad_query_line_is_named(tmp_path, bad, reason):
    with pytest.raises(QuestionSetError, match=r"queries\.jsonl, line 2") as caught:
        read(write_suite(tmp_path, query(), bad))
    assert reason in str(caught.value)


def test_repeated_ids_and_missing_files_are_named(tmp_path):
    with pytest.raises(QuestionSetError, match="question id 'q1' occurs twice"):
        read(write_suite(tmp_path, query(), query()))
    with pytest.raises(QuestionSetError, match="document id 'd1' occurs twice"):
        read(write_suite(tmp_path, query(), documents=[DOCUMENTS[0], DOCUMENTS[0]]))
    (tmp_path / "queries.jsonl").unlink()
    write_suite(tmp_path, query())
    (tmp_path / "corpus.jsonl").unlink()
    with pytest.raises(QuestionSetError, match=r"corpus\.jsonl' cannot be read"):
        read_corpus(tmp_path)
    with pytest.raises(QuestionSetError, match="no suite 'nothing-here'"):
        find_suite("nothing-here")


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public suites are not beside this checkout")
@pytest.mark.parametrize("folder", sorted(PUBLIC.iterdir()) if PUBLIC.is_dir() else [])
def test_every_public_suite_can_be_read(folder):
    for corpus in sorted(folder.glob("corpus*.jsonl")):
        files = SuiteFiles(folder, corpus.name)
        library = Library(read_corpus(folder, corpus.name))
        for queries in sorted(folder.glob("queries*.jsonl")):
            found = read_suite(SuiteFiles(folder, corpus.name, queries.name), library)
            assert found.cases
            assert found.name.startswith(files.name)
            for case in found.cases:
                for piece in case.gold.evidence:
                    if piece.span is not None:
                        assert piece.span.of(library.text(piece.document)) == piece.quote
