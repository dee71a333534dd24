"""Currency: whether a sentence still (or already) held on the day a question is asked from."""

from __future__ import annotations

import re
from datetime import date

from rag.question.analysis import QuestionTerms, asks_of_the_present

_YEAR = r"((?:1[5-9]|20)[0-9]{2})(?![0-9])"
# "early", or a month.
_PART = r"(?:[A-Za-z]{3,9}\.?\s)?"
# Goals and agendas are named after years to come.
_SAID_YEAR = re.compile(rf"(?<![0-9]){_YEAR}(?!\s(?:Agenda|Goals?|agenda|goals?)\b)")
_RANGE = re.compile(
    rf"(?<![0-9]){_YEAR}\s?年?\s?(?:[-–—~至到]|to|until|till|and|through)\s?{_PART}{_YEAR}"
)
_ENDED = re.compile(rf"\b(?:until|till|up to)\s{_PART}{_YEAR}")

# Nothing says when an undated document held; one published before the day asked from is
# the better witness of that day.
_UNDATED = 0.5


def sentence_currency(
    question: QuestionTerms, sentence: str, *, dated: bool, as_of: date | None
) -> float:
    """In [0, 1]: 0 where the sentence itself says that it held at another time.

    1 for every sentence of a question that is not about the present, or names a year. With
    ``as_of`` a sentence of a document without a known date (``dated`` False) counts half,
    unless it says itself from when to when it held. Years alone are compared.
    """
    if not asks_of_the_present(question.text):
        return 1.0
    spans = year_ranges(sentence)
    spans += [(0, int(last)) for last in _ENDED.findall(sentence)]
    if spans:
        return float(as_of is not None and any(a <= as_of.year <= b for a, b in spans))
    if as_of is None:
        return 1.0
    # What speaks of a later year, or began in one, was written later.
    if any(int(year) > as_of.year for year in _SAID_YEAR.findall(sentence)):
        return 0.0
    return 1.0 if dated else _UNDATED


def year_ranges(sentence: str) -> list[tuple[int, int]]:
    """First and last year of each range: "from 2013 until January 2017"."""
    return [(int(first), int(last)) for first, last in _RANGE.findall(sentence)]
