"""Conflicts: documents that give different values for the one thing asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answer.short import LEAST_SCORE
from rag.question.analysis import QuestionTerms
from rag.text.dates import WrittenDate, written_dates
from rag.text.folding import folded
from rag.text.numbers import find_numbers
from rag.types import Candidate, Document, Span

MOST_VALUES = 4
# A sentence takes part only when it is nearly as probable an answer as the best one.
SUPPORT_LACK = 0.2
# Of two numbers, one of them said to be rough, that agree.
_NEARLY = 0.9

# Who came may be several; who is in an office is one.
_ASKS_HOLDER = re.compile(
    r"^\W*(?:who|whom)(?:'s|\s(?:is|was|were|are|became|heads?|headed|leads?|led|served|holds?|held))\b"
    r"|谁(?:是|任|担任)|是谁",
    re.IGNORECASE,
)
_APPROXIMATE = re.compile(
    r"(?:more|less|fewer) than|at (?:least|most)|over|about|around|nearly|almost|up to|some|余|多",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Value:
    """A short answer taken apart: what it says in dates, in numbers and in words."""

    dates: tuple[WrittenDate, ...]
    numbers: tuple[float, ...]
    words: frozenset[str]
    rough: bool


def find_conflict(
    question: QuestionTerms,
    candidates: Sequence[Candidate],
    documents: Mapping[str, Document],
    *,
    min_support: float,
) -> tuple[Candidate, ...]:
    """The supported sentences, one a value, that differ in what is asked; empty if none do.

    ``candidates`` come best first; the best one is always among the result. The values are
    the short answers that were read. The newest comes first, by the publication date; undated
    ones come last, best first. A value that is only less precise (2019 beside 24 April 2019,
    Müller beside Gerd Müller) does not differ, nor does "who" that several may answer ("Who
    came?"), nor a wording.
    """
    if not candidates:
        return ()
    values: list[tuple[Candidate, _Value]] = []
    for candidate in candidates:
        least = max(min_support, candidates[0].support - SUPPORT_LACK)
        if candidate.support < least or len(values) == MOST_VALUES:
            break
        value = _value(candidate, documents[candidate.document_id])
        if value is None:
            if not values:
                return ()
            continue
        if all(_differs(question, value, other) for _, other in values) and all(
            candidate.document_id != other.document_id for other, _ in values
        ):
            values.append((candidate, value))
    if len(values) < 2:
        return ()
    return tuple(sorted((c for c, _ in values), key=lambda c: _age(c, documents)))


def _value(candidate: Candidate, document: Document) -> _Value | None:
    """What is clearly read in the sentence as the answer."""
    features, answer = candidate.features, candidate.answer
    if answer is None or features.span < LEAST_SCORE or features.number_coverage < 1.0:
        return None
    text = answer.of(document.text)
    language = document.language
    dates = tuple(written_dates(text, language))
    dated = [each.span for each in dates]
    numbers = [
        n for n in find_numbers(text, language) if not any(d.overlaps(n.span) for d in dated)
    ]
    before = Span(candidate.span.start, answer.start).of(document.text)[-24:]
    return _Value(
        dates=dates,
        numbers=tuple(float(number.value) for number in numbers),
        words=frozenset(folded(text.casefold()).split()),
        rough=bool(_APPROXIMATE.search(f"{before} {text}")),
    )


def _differs(question: QuestionTerms, one: _Value, other: _Value) -> bool:
    if one.dates and other.dates:
        return _dates_differ(one.dates[0], other.dates[0])
    if one.numbers and other.numbers:
        low, high = sorted((one.numbers[0], other.numbers[0]))
        # "More than 300" and 310 agree; 300 and 260 do not.
        return low < _NEARLY * high if one.rough or other.rough else low != high
    if one.dates or other.dates or one.numbers or other.numbers:
        return False
    if question.expects != "person" or not _ASKS_HOLDER.search(question.text):
        return False
    return not (one.words <= other.words or other.words <= one.words)


def _dates_differ(one: WrittenDate, other: WrittenDate) -> bool:
    """Whether a part differs that both dates give."""
    parts = ((one.year, other.year), (one.month, other.month), (one.day, other.day))
    return any(mine != theirs for mine, theirs in parts if None not in (mine, theirs))


def _age(candidate: Candidate, documents: Mapping[str, Document]) -> tuple[int, float, str, int]:
    """Sorts the newest first; the undated last, best first."""
    published = documents[candidate.document_id].published
    days = published.interval() if published else None
    newest = days[1].toordinal() if days else 0
    return (-newest, -candidate.support, candidate.document_id, candidate.span.start)
