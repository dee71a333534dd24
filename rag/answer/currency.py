"""Currency: whether a sentence still (or already) held on the day a question is asked from."""

from __future__ import annotations

import re
from datetime import date

from rag.answer.question import QuestionTerms

__all__ = ["sentence_currency"]

# "Who is", "what are the": asked of the day itself, unless a year is named.
_PRESENT = re.compile(
    r"^\W*(?:(?:and|so|but)\s)?(?:who|what|which(?:\s[\w\-]+){1,3}?)(?:['’]s|\s(?:is|are|heads?|leads?|runs|holds"
    r"|chairs|directs|manages))\b|现任|目前|^\W*[一-鿿]{2,12}(?:是谁|是哪位)",
    re.IGNORECASE,
)
_YEAR = r"((?:1[5-9]|20)[0-9]{2})(?![0-9])"
_MONTH = r"(?:[A-Z][a-z]{2,8}\.?\s)?"
_RANGE = re.compile(
    rf"(?<![0-9]){_YEAR}\s?年?\s?(?:[-–—~至到]|to|until|till|and|through)\s?{_MONTH}{_YEAR}"
)
_ENDED = re.compile(rf"\b(?:until|till|up to)\s{_MONTH}{_YEAR}")
_BEGAN = re.compile(
    rf"\b(?:since|began|begun|began on|took (?:over|office)|came|appointed|elected)"
    rf"\s(?:in\s|on\s)?(?:[0-9]{{1,2}}\s)?{_MONTH}{_YEAR}"
)

# Nothing says when an undated document held; one published before the day asked from is
# the better witness of that day.
_UNDATED = 0.5


def sentence_currency(
    question: QuestionTerms, sentence: str, *, dated: bool, as_of: date | None
) -> float:
    """In [0, 1]: 0 where the sentence itself says that it held at another time.

    1 for every sentence of a question that is not about the present, or names a year. With
    ``as_of`` a sentence of a document without a known date (``dated`` False) that gives no
    time itself counts half. Years alone are compared.
    """
    if question.numbers or not _PRESENT.search(question.text):
        return 1.0
    spans = [(int(first), int(last)) for first, last in _RANGE.findall(sentence)]
    spans += [(0, int(last)) for last in _ENDED.findall(sentence)]
    if spans:
        return float(as_of is not None and any(a <= as_of.year <= b for a, b in spans))
    if as_of is None:
        return 1.0
    began = [int(year) for year in _BEGAN.findall(sentence)]
    if began:
        return float(min(began) <= as_of.year)
    return 1.0 if dated else _UNDATED
