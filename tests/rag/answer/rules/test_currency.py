from datetime import date

import pytest

from rag.answer.rules.currency import sentence_currency
from rag.question.analysis import analyse_question

HOLDER = "Who is the mayor of Shanghai?"


def currency(question, sentence, *, dated=True, as_of=None):
    return sentence_currency(analyse_question(question), sentence, dated=dated, as_of=as_of)


@pytest.mark.parametrize(
    ("sentence", "year", "expected"),
    [
        ("Yang Xiong was Mayor of Shanghai from 2013 until January 2017.", 2015, 1.0),
        ("Yang Xiong was Mayor of Shanghai from 2013 until January 2017.", 2021, 0.0),
        ("Yang Xiong was Mayor of Shanghai from 2013 until January 2017.", None, 0.0),
        ("He held the office until 2017.", 2018, 0.0),
        ("| since December 2021 | Gerd Müller | Germany |", 2019, 0.0),
        ("| since December 2021 | Gerd Müller | Germany |", 2023, 1.0),
        ("GONG Zheng came in March 2020, at first as acting mayor.", 2021, 1.0),
        ("GONG Zheng came in March 2020, at first as acting mayor.", 2015, 0.0),
        ("GONG Zheng is mayor.", 2021, 1.0),
        ("GONG Zheng is mayor.", None, 1.0),
    ],
)
def test_a_sentence_that_says_when_it_held_holds_then_only(sentence, year, expected):
    assert currency(HOLDER, sentence, as_of=year and date(year, 6, 1)) == expected


def test_that_something_else_began_earlier_does_not_make_up_for_a_missing_date():
    sentence = "UNIDO has worked with Shanghai since 1972."
    assert currency(HOLDER, sentence, dated=False, as_of=date(2019, 6, 1)) == 0.5


def test_as_of_a_day_a_document_without_a_date_counts_half():
    assert currency(HOLDER, "GONG Zheng is mayor.", dated=False, as_of=date(2021, 6, 1)) == 0.5
    assert currency(HOLDER, "GONG Zheng is mayor.", dated=False) == 1.0


@pytest.mark.parametrize(
    "question",
    ["Who was the mayor of Shanghai?", "Who is named for 2014?", "When did the mayor come?"],
)
def test_what_is_not_asked_of_the_present_is_never_stale(question):
    assert currency(question, "Yang Xiong was Mayor until January 2017.") == 1.0
