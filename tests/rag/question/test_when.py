from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.question.when import find_times
from tests.rag.text.test_sentences import AWKWARD

ASKED = date(2024, 8, 30)


def asked(question, as_of=None):
    return [
        (str(time.first), str(time.last), time.precision, time.span.of(question))
        for time in find_times(question, as_of)
    ]


@pytest.mark.parametrize(
    ("question", "first", "last", "written"),
    [
        ("What happened in 2019?", "2019-01-01", "2019-12-31", "2019"),
        ("What was decided in april 2019?", "2019-04-01", "2019-04-30", "april 2019"),
        ("Who came on 24 April 2019?", "2019-04-24", "2019-04-24", "24 April 2019"),
        ("the report of 2023-11-24", "2023-11-24", "2023-11-24", "2023-11-24"),
        ("between 2015 and 2017", "2015-01-01", "2017-12-31", "2015 and 2017"),
        ("from May 2015 to 3 June 2016", "2015-05-01", "2016-06-03", "May 2015 to 3 June 2016"),
        ("the 2015–2017 programme", "2015-01-01", "2017-12-31", "2015–2017"),
        ("since 2020", "2020-01-01", "9999-12-31", "2020"),
        ("before 2018", "0001-01-01", "2017-12-31", "2018"),
        ("after 9 October 2023, and", "2023-10-10", "9999-12-31", "9 October 2023"),
        ("2019年发生了什么？", "2019-01-01", "2019-12-31", "2019年"),
        ("２０１９年4月", "2019-04-01", "2019-04-30", "２０１９年4月"),
        ("2019年四月二十四日", "2019-04-24", "2019-04-24", "2019年四月二十四日"),
        ("2015年至2017年之间", "2015-01-01", "2017-12-31", "2015年至2017年"),
        ("2019年以前", "0001-01-01", "2018-12-31", "2019年"),
        ("2019年以来", "2019-01-01", "9999-12-31", "2019年"),
    ],
)
def test_a_written_time_is_found_with_or_without_a_day_of_asking(question, first, last, written):
    for as_of in (None, ASKED):
        assert [(f, t, w) for f, t, _, w in asked(question, as_of)] == [(first, last, written)]


@pytest.mark.parametrize(
    ("question", "first", "last", "precision"),
    [
        ("What happened last year?", "2023-01-01", "2023-12-31", "year"),
        ("this year", "2024-01-01", "2024-12-31", "year"),
        ("two years ago", "2022-01-01", "2022-12-31", "year"),
        ("in March two years ago", "2022-03-01", "2022-03-31", "month"),
        ("March 3 last year", "2023-03-03", "2023-03-03", "day"),
        ("last month", "2024-07-01", "2024-07-31", "month"),
        ("yesterday", "2024-08-29", "2024-08-29", "day"),
        ("a week ago", "2024-08-19", "2024-08-25", "range"),
        ("since last year", "2023-01-01", "9999-12-31", "range"),
        ("去年", "2023-01-01", "2023-12-31", "year"),
        ("前年", "2022-01-01", "2022-12-31", "year"),
        ("去年四月", "2023-04-01", "2023-04-30", "month"),
        ("三年前", "2021-01-01", "2021-12-31", "year"),
        ("三年前的三月", "2021-03-01", "2021-03-31", "month"),
        ("十二年前", "2012-01-01", "2012-12-31", "year"),
        ("上个月", "2024-07-01", "2024-07-31", "month"),
        ("四个月前", "2024-04-01", "2024-04-30", "month"),
    ],
)
def test_a_relative_time_counts_from_the_day_of_asking_and_is_none_without(
    question, first, last, precision
):
    assert [found[:3] for found in asked(question, ASKED)] == [(first, last, precision)]
    assert all(time.relative for time in find_times(question, ASKED))
    assert asked(question) == []


@pytest.mark.parametrize(
    "question",
    [
        "What happened before the summit?",
        "On July 5th, who came?",
        "Did 2019 people come?",
        "the last year of his term",
        "a plan of $2019 million",
        "第三年前后",
        "between 2017 and 2015",
        "31 February 2019",
        "同一年吗",
    ],
)
def test_what_names_no_known_time_gives_none(question):
    assert asked(question, ASKED) == []


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.one_of(
            AWKWARD,
            st.dates().map(str),
            st.dates().map(lambda d: f"{d.year}年{d.month}月"),
            st.sampled_from(["between ", " and ", "from ", " to ", "-", "since ", "before ", "前"]),
            st.sampled_from(["last year", "in 9 years ago", "99年前", "的", "十", "十月", "2019"]),
            st.sampled_from(["上上个月", "99周前", "12 weeks ago", "至"]),
        ),
        max_size=8,
    ).map("".join),
    st.none() | st.dates(),
)
def test_every_time_begins_before_it_ends_and_lies_in_the_question(question, as_of):
    times = find_times(question, as_of)
    for time in times:
        assert time.first <= time.last
        assert 0 <= time.span.start < time.span.end <= len(question)
        assert as_of is not None or not time.relative
    ordered = [time.span for time in times]
    assert all(a.end <= b.start for a, b in pairwise(ordered))


def test_asked_as_of_a_day_how_things_are_the_year_before_it_is_meant():
    (time,) = find_times("Who is the mayor of Shanghai?", date(2021, 6, 1))
    assert (time.first, time.last, time.precision) == (date(2020, 6, 1), date(2021, 6, 1), "range")
    assert find_times("Who is the mayor of Shanghai?") == ()
    assert find_times("Who was the mayor of Shanghai?", date(2021, 6, 1)) == ()
    assert find_times("Who is the mayor of Shanghai?", date.min)[0].first == date.min


@pytest.mark.parametrize(
    "question", ["2019年十二三月的会议", "十二三年前谁是总干事？", "十十天前", "三二一年前"]
)
def test_a_vague_or_malformed_count_gives_no_relative_time(question):
    assert not any(time.relative for time in find_times(question, date(2024, 2, 29)))


@pytest.mark.parametrize(("question", "year"), [("三十二年前", 1992), ("ſix years ago", 2018)])
def test_counts_in_words_are_read_whole(question, year):
    assert [time.first.year for time in find_times(question, date(2024, 2, 29))] == [year]
