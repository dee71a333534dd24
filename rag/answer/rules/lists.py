"""Lists: all items of the list that answers, not the likeliest alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rag.question.analysis import QuestionTerms
from rag.types import Candidate, Document

# More sentences than an answer has otherwise, but an end to it.
MOST_ITEMS = 12

_ASKS_LIST = re.compile(
    r"""
    ^\W* (?:please\s)? (?:list | name | enumerate)\s (?:the | all | some | \w+s\b)
    | \b (?:which | what) \s (?:\w+\s){0,2}? (?!is\b | was\b | does\b | this\b | has\b)
      [a-z]{2,}(?<!s)s \b
    | \b what \s (?:are | were) \s the \b
    | \b what \s (?:did | does | do) \s .{1,60} \s (?:do | include | list | consist)
    | 哪些 | 哪几 | 有哪 | 列出
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ITEM = re.compile(
    r"\s*(?:[▲•●○◦■□◆◇▪▶►※·*+–-]\s|\(?(?:\d{1,3}|[a-z])[.)、]\s?|[一二三四五六七八九十]、)"
)
_LEAD_IN = re.compile(r"[:：]\s*$")


def asks_list(question: QuestionTerms) -> bool:
    """Whether the question's wording asks for several things."""
    return bool(_ASKS_LIST.search(question.text))


def find_list_items(
    question: QuestionTerms,
    candidates: Sequence[Candidate],
    documents: Mapping[str, Document],
    *,
    min_support: float,
) -> tuple[Candidate, ...]:
    """The best sentence and all items of the list it leads into or belongs to, in order.

    Empty unless a list is asked for and the best of ``candidates``
    (best first) is supported and an item of a list, or its lead-in. Only
    white space stands between two items; at most ``MOST_ITEMS`` are given. An item is
    said for the list's sake, whatever its own support.
    """
    if not candidates or candidates[0].support < min_support or not asks_list(question):
        return ()
    best = candidates[0]
    document = documents[best.document_id]
    unique = {c.span: c for c in reversed(candidates) if c.document_id == best.document_id}
    here = sorted(unique.values(), key=lambda c: c.span)
    at = next(index for index, c in enumerate(here) if c.span == best.span)
    if not (_ITEM.match(best.quote) or _LEAD_IN.search(best.quote)):
        return ()
    first = last = at
    while first > 0 and _follows(here[first - 1], here[first], document):
        first -= 1
    while last + 1 < len(here) and _follows(here[last], here[last + 1], document):
        last += 1
    # Of a longer list the part that the best sentence stands in.
    first = max(first, at - MOST_ITEMS + 1)
    items = tuple(here[first : min(last, first + MOST_ITEMS - 1) + 1])
    return items if len(items) > 1 else ()


def _follows(one: Candidate, other: Candidate, document: Document) -> bool:
    """Whether ``other`` is an item that goes on the list (or its lead-in) that ``one`` is of."""
    between = document.text[one.span.end : other.span.start]
    begun = _ITEM.match(one.quote) or _LEAD_IN.search(one.quote)
    return bool(begun and _ITEM.match(other.quote)) and not between.strip()
