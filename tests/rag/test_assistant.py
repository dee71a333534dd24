"""The whole way from question to footnote, with the real models."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rag.assistant import Assistant
from rag.errors import QuestionError
from rag.types import Abstention, Answer, Filters, Question
from tests.conftest import OWNERS_PAGES, SAMPLE_ARCHIVE

QUESTIONS = [
    json.loads(line)
    for line in (SAMPLE_ARCHIVE.parent / "questions" / "sample.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


def assert_quotes_exactly(assistant, citations):
    for citation in citations:
        text = assistant.document(citation.document_id).text
        assert text[citation.span.start : citation.span.end] == citation.quote
        assert citation.quote.strip()


WORDS = sorted({word for row in QUESTIONS for word in row["question"].split()})


@pytest.mark.slow
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=8), min_size=1, max_size=8))
@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_question_whatever_is_answered_exactly_or_not_at_all(sample, words):
    question = " ".join(words)
    if not question.strip():
        return  # no question; refused, as another test shows
    outcome = sample.ask(question)
    claims = outcome.claims if isinstance(outcome, Answer) else ()
    assert_quotes_exactly(sample, [c for claim in claims for c in claim.citations])


def test_a_run_twice_gives_the_same_answer(sample):
    one, two = (sample.ask("How many guests attended UNIDO Day 2024?") for _ in range(2))
    assert isinstance(one, Answer)
    assert (one.claims, one.ranking, one.candidates) == (two.claims, two.ranking, two.candidates)


def test_filters_keep_other_documents_out(sample):
    everything = sample.search("UNIDO Shanghai cooperation", limit=20).hits
    filters = Filters(sources=("*.md",))
    only = sample.search("UNIDO Shanghai cooperation", limit=20, filters=filters)
    assert {Path(citation.source).suffix for citation in only.citations} == {".md"}
    assert {hit.passage.id for hit in only.hits} != {hit.passage.id for hit in everything}
    assert_quotes_exactly(sample, only.citations)
    chinese = sample.search("上海 工发组织", limit=5, filters=Filters(language="zh")).hits
    assert chinese
    assert all(sample.document(h.passage.document_id).language == "zh" for h in chinese)


def test_every_stage_leaves_its_mark_on_the_receipt(sample):
    outcome = sample.ask("How many guests attended UNIDO Day 2024?")
    top = outcome.ranking[0]
    assert None not in (top.dense, top.lexical, top.fused, top.reranked)
    assert [hit.reranked.rank for hit in outcome.ranking[:5]] == [1, 2, 3, 4, 5]
    assert any(candidate.verdict == "kept" for candidate in outcome.candidates)
    assert any(candidate.verdict != "kept" for candidate in outcome.candidates)
    assert {"encode", "retrieve", "read", "judge", "compose", "total"} <= set(outcome.timings_ms)
    assert set(outcome.models) == {"encoder", "reading"}


def test_an_empty_archive_says_that_it_is_empty(tmp_path, settings):
    with Assistant.open(tmp_path / "none", settings=settings) as assistant:
        outcome = assistant.ask("Who visited Huawei?")
        assert isinstance(outcome, Abstention)
        assert outcome.reason == "empty_archive"
        assert assistant.search("Huawei").hits == ()
    assert not (tmp_path / "none").exists()


def test_a_question_that_filters_leave_nothing_for_is_abstained_from(sample):
    question = Question("Who visited Huawei?", Filters(sources=("no/such/place",)))
    outcome = sample.ask(question)
    assert isinstance(outcome, Abstention)
    assert outcome.reason == "no_match"


@pytest.fixture(scope="module")
def owners(tmp_path_factory, settings):
    if not OWNERS_PAGES.is_dir():
        pytest.skip("the owner's pages do not lie beside this checkout")
    with Assistant.open(tmp_path_factory.mktemp("owners") / "data", settings=settings) as assistant:
        assistant.ingest(OWNERS_PAGES)
        yield assistant


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (
            "When did LI Yong visit Huawei's headquarters, and in which city?",
            ("SHENZHEN, 24 April 2019",),
        ),
        ("Since when has UNIDO cooperated with China?", ("since 1972",)),
        (
            "Who presided over the first plenary of the WiiTs National Advisory Group?",
            ("presided over", "Huang"),
        ),
        ("How many guests attended UNIDO Day 2024?", ("more than 300 guests",)),
        ("What is digital poverty?", ("inadequate access to information",)),
    ],
)
def test_the_owners_questions_are_answered_with_the_words_that_say_it(owners, question, words):
    outcome = owners.ask(question)
    assert isinstance(outcome, Answer)
    for word in words:
        assert word in outcome.claims[0].text
    assert_quotes_exactly(owners, [c for claim in outcome.claims for c in claim.citations])


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Who is the mayor of Beijing?", "Beijing"),
        ("How much money did Huawei donate to UNIDO?", "The archive does not say"),
        ("Who is the CFO of Siemens?", "mentions 'CFO'"),
    ],
)
def test_what_the_owners_pages_do_not_say_is_not_answered(owners, question, missing):
    outcome = owners.ask(question)
    assert isinstance(outcome, Abstention)
    assert missing in outcome.explanation
    assert outcome.nearest
    assert_quotes_exactly(owners, outcome.nearest)


def test_a_name_near_the_fact_asked_for_is_no_sure_answer(owners):
    outcome = owners.ask("Who is the CEO of Huawei?")
    assert not (isinstance(outcome, Answer) and outcome.sure)


def test_what_is_no_question_is_refused_or_abstained_from(sample):
    for blank in ("", "  \n"):
        with pytest.raises(QuestionError, match="empty"):
            sample.ask(blank)
    with pytest.raises(QuestionError, match="1000"):
        sample.ask("Who " * 300)
    outcome = sample.ask("什么？")
    assert isinstance(outcome, Abstention)
    assert outcome.reason == "nothing_asked"


def test_a_question_in_broken_characters_is_asked_all_the_same(sample):
    outcome = sample.ask("How many guests attended UNIDO \udcff Day 2024?")
    assert isinstance(outcome, Answer)


@pytest.mark.parametrize("question", ["ZTE的总部在哪里？", "Tesla的总部在哪里？"])
def test_another_company_is_no_answer_in_chinese_either(sample, question):
    outcome = sample.ask(question)
    assert isinstance(outcome, Abstention) or not outcome.sure


def test_an_abstention_names_only_what_is_really_missing(owners):
    outcome = owners.ask("When did ZTE pay a visit to Huawei in Shenzhen?")
    assert isinstance(outcome, Abstention)
    assert "'ZTE'" in outcome.explanation
    assert "'Huawei'" not in outcome.explanation


def test_a_document_that_is_its_title_alone_still_answers(quick, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text("The grey heron nests at Lake Ohrid in March 1987.\n", encoding="utf-8")
    assistant = quick()
    assistant.ingest(note)
    outcome = assistant.ask("When does the grey heron nest at Lake Ohrid?")
    considered = [candidate.quote for candidate in outcome.candidates]
    assert considered == ["The grey heron nests at Lake Ohrid in March 1987."]
