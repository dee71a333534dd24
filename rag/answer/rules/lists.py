"""Lists: all items of the list that answers, not the likeliest alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from rag.question.analysis import QuestionTerms
from rag.text.numbers import find_numbers
from rag.text.statements import find_statements
from rag.types import Candidate, Document, Span, Statement

# More statements than an answer has otherwise, but an end to it.
MOST_ITEMS = 24
_KINDS = frozenset(("item", "row", "field"))

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
    """The items that the best of ``candidates`` (best first) leads into, or stands among.

    What leads into a list is no answer without it. Those beside an item or row are given
    where several things are asked for, or how many there are. In the order of the text,
    at most ``MOST_ITEMS``, those around the best where there are more. Empty without a
    supported best one, and where there is but one item. An item is said for the list's
    sake, whatever its own support.
    """
    if not candidates or candidates[0].support < min_support:
        return ()
    best = candidates[0]
    document = documents[best.document_id]
    statements = find_statements(document.text, document.blocks, document.language)
    items = [each for each in statements if best.span in each.context]
    if not items and (asks_list(question) or counts_items(question, best)):
        siblings = _siblings(best.statement, statements)
        items = siblings if len(siblings) > 1 else []
    if not items:
        return ()
    spans = [each.span for each in items]
    at = spans.index(best.span) if best.span in spans else 0
    first = max(0, min(at, len(items) - MOST_ITEMS))
    known = {each.span: each for each in candidates if each.document_id == best.document_id}
    return tuple(
        known.get(each.span) or _unjudged(best, each, document)
        for each in items[first : first + MOST_ITEMS]
    )


def counts_items(question: QuestionTerms, best: Candidate) -> bool:
    """Whether "how many" is asked and the best statement gives no number: its items may be
    counted."""
    return question.expects == "number" and not find_numbers(best.quote)


def _siblings(best: Statement, statements: Sequence[Statement]) -> list[Statement]:
    """The items of the list or rows of the table that ``best`` is of, with what is below them."""
    if best.kind not in _KINDS:
        return []
    at = next(place for place, each in enumerate(statements) if each.span.overlaps(best.span))
    family = {statements[at].span}
    first = last = at
    while first > 0 and _is_sibling(statements[first - 1], best, family):
        first -= 1
        family.add(statements[first].span)
    while last + 1 < len(statements) and _is_sibling(statements[last + 1], best, family):
        last += 1
        family.add(statements[last].span)
    return list(statements[first : last + 1])


def _is_sibling(statement: Statement, best: Statement, family: Collection[Span]) -> bool:
    if any(span in family for span in statement.context):
        return True
    outer, inner = best.context, statement.context
    # Going backwards, what is below an item comes before it.
    return inner[: len(outer)] == outer and (len(inner) > len(outer) or statement.kind == best.kind)


def _unjudged(best: Candidate, statement: Statement, document: Document) -> Candidate:
    return replace(best, statement=statement, quote=statement.span.of(document.text))
