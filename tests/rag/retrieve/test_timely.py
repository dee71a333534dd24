from datetime import date

import pytest

from rag.question.when import find_times
from rag.retrieve.timely import prefer_timely, with_resolved_times
from rag.store.records import ScoredPassage
from rag.types import DocumentDate, Span

ASKED = date(2024, 8, 30)


def order(question, dates, scores=(1.0, 0.9), weight=0.3, as_of=None):
    ranking = [ScoredPassage(f"{key}:0-10", score) for key, score in zip("ab", scores, strict=True)]
    found = prefer_timely(ranking, find_times(question, as_of), dates, weight=weight)
    return [scored.passage_id[0] for scored in found]


@pytest.mark.parametrize(
    "dated",
    [
        DocumentDate(2019, 4, 24, "published", "dateline", Span(50, 60)),
        DocumentDate(2019, 4, None, "event", "text", Span(0, 5)),
        DocumentDate(2019, None, None, "event", "title"),
    ],
)
def test_a_passage_of_the_time_comes_before_a_slightly_better_one(dated):
    assert order("What happened in 2019?", {"b": (dated,)}) == ["b", "a"]
    assert order("What happened in 2020?", {"b": (dated,)}) == ["a", "b"]


def test_a_date_elsewhere_in_the_document_or_of_ingest_prefers_nothing():
    elsewhere = DocumentDate(2019, 4, 24, "event", "text", Span(50, 60))
    yearless = DocumentDate(None, 4, 24, "published", "dateline", Span(0, 5))
    ingested = DocumentDate(2019, 4, 24, "ingested", "archive")
    assert order("What happened in 2019?", {"b": (elsewhere, yearless, ingested)}) == ["a", "b"]


def test_the_preference_is_no_filter():
    dated = DocumentDate(2019, 4, 24, "published", "dateline")
    assert order("in 2019", {"b": (dated,)}, scores=(2.0, 1.0)) == ["a", "b"]


def test_a_year_that_holds_the_day_asked_for_counts_for_less_than_the_day():
    year = DocumentDate(2019, None, None, "published", "url")
    day = DocumentDate(2019, 4, 24, "published", "dateline")
    assert order("on 24 April 2019", {"a": (year,), "b": (day,)}) == ["b", "a"]


@pytest.mark.parametrize(
    ("question", "resolved"),
    [
        ("去年四月发生了什么？", "去年四月发生了什么？ 2023年4月"),
        ("What happened last month?", "What happened last month? July 2024"),
        ("Who came yesterday?", "Who came yesterday? 29 August 2024"),
        ("三年前", "三年前 2021年"),
        ("in 2019", "in 2019"),
        ("a week ago", "a week ago"),
    ],
)
def test_relative_times_are_written_out_as_documents_write_them(question, resolved):
    assert with_resolved_times(question, find_times(question, ASKED)) == resolved
