"""Conflicts: documents that give different values for the one thing asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rag.answer.rules.short import clear_answer_span
from rag.answer.rules.spans import AnswerSpan, asks_holder
from rag.question.analysis import QuestionTerms
from rag.types import Candidate, Document

# Precision first: a sentence takes part only when it has nearly as many of the question's
# words as the best one, most of them, and its value stands close to them.
LEAST_COVERAGE = 0.6
COVERAGE_LACK = 0.1
MOST_VALUES = 4

_KINDS = frozenset(("person", "number", "money", "date"))
_APPROXIMATE = re.compile(
    r"(?:more|less|fewer) than|at (?:least|most)|over|about|around|nearly|almost|up to|some|余|多",
    re.IGNORECASE,
)


def find_conflict(
    question: QuestionTerms,
    candidates: Sequence[Candidate],
    documents: Mapping[str, Document],
    *,
    min_support: float,
) -> tuple[Candidate, ...]:
    """The supported sentences, one a value, that differ in what is asked; empty if none do.

    ``candidates`` come best first; the best one is always among the result. The newest
    comes first, by the publication date; undated ones come last, best first. A value that is
    only less precise (2019 beside 24 April 2019, Müller beside Gerd Müller) does not differ,
    nor does "who" that several may answer ("Who came?").
    """
    if not candidates:
        return ()
    values: list[tuple[Candidate, AnswerSpan]] = []
    for candidate in candidates:
        if candidate.support < min_support or len(values) == MOST_VALUES:
            break
        span = _value(question, candidate)
        if span is None:
            if not values:
                return ()
            continue
        coverage = candidate.features.sentence_coverage
        if values and coverage < values[0][0].features.sentence_coverage - COVERAGE_LACK:
            continue
        if all(_differs(span, other) for _, other in values) and all(
            candidate.document_id != other.document_id for other, _ in values
        ):
            values.append((candidate, span))
    if len(values) < 2:
        return ()
    return tuple(sorted((c for c, _ in values), key=lambda c: _age(c, documents)))


def _value(question: QuestionTerms, candidate: Candidate) -> AnswerSpan | None:
    """What the sentence clearly says is asked for, if it is of a kind that can conflict."""
    features = candidate.features
    if features.sentence_coverage < LEAST_COVERAGE or features.number_coverage < 1.0:
        return None
    span = clear_answer_span(question, candidate.quote)
    if span is None or span.kind not in _KINDS:
        return None
    if span.kind == "person" and not asks_holder(question):
        return None
    return span


def _differs(one: AnswerSpan, other: AnswerSpan) -> bool:
    match one.kind:
        case "person":
            names = set(one.value.split()), set(other.value.split())
            return not (names[0] <= names[1] or names[1] <= names[0])
        case "date":
            return _dates_differ(one.value, other.value)
        case "number" if _APPROXIMATE.search(one.text) or _APPROXIMATE.search(other.text):
            # "More than 300" and 310 agree; 300 and 260 do not.
            values = sorted((_number(one.value), _number(other.value)))
            return values[0] < 0.9 * values[1]
        case _:
            return one.value != other.value


def _number(value: str) -> float:
    return float(value) if re.fullmatch(r"[\d.]+", value) else 0.0


def _dates_differ(one: str, other: str) -> bool:
    """Whether a part differs that both dates give."""
    parts = one.replace("--", "?-").split("-"), other.replace("--", "?-").split("-")
    if not all(part.isdigit() for part in (*parts[0], *parts[1])):
        return False
    return any(mine != theirs for mine, theirs in zip(*parts, strict=False))


def _age(candidate: Candidate, documents: Mapping[str, Document]) -> tuple[int, float, str, int]:
    """Sorts the newest first; the undated last, best first."""
    published = documents[candidate.document_id].published
    days = published.interval() if published else None
    newest = days[1].toordinal() if days else 0
    return (-newest, -candidate.support, candidate.document_id, candidate.span.start)
