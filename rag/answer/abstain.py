"""Abstention in words: why the archive does not say, and what lies nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.answer.question import AnswerType, QuestionTerms, stem_tokens
from rag.answer.verify import cite
from rag.types import AbstentionReason, Candidate, Citation, Document, Filters, Hit

__all__ = ["explain_abstention", "nearest_passages"]

_WANTED: Mapping[AnswerType, str] = {
    "date": "a date",
    "number": "a number",
    "money": "an amount of money",
    "person": "a person's name",
}


def explain_abstention(
    reason: AbstentionReason,
    question: QuestionTerms,
    candidates: Sequence[Candidate],
    filters: Filters,
) -> str:
    """One or two sentences for the reader, naming what is missing where that is known.

    ``candidates`` come best first.
    """
    if reason == "empty_archive":
        return "The archive is empty; 'footnote ingest PATH' fills it."
    if reason == "no_match":
        within = " that the filters let through" if filters else ""
        return f"The archive does not say: no passage{within} matches the question."
    missing = _missing(question, candidates)
    return "The archive does not say." + (f" {missing}" if missing else "")


def _missing(question: QuestionTerms, candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return ""
    if all(candidate.signs.name_coverage < 1.0 for candidate in candidates):
        found = {stem for candidate in candidates for stem in stem_tokens(candidate.quote)}
        names = sorted(_as_written(question, question.names - found))
        if names:
            return f"Nothing near the question mentions {_listed(names)}."
    if question.expects in _WANTED and not candidates[0].signs.type_match:
        return f"What comes nearest does not give {_WANTED[question.expects]}."
    return "What comes nearest does not answer the question."


def _as_written(question: QuestionTerms, stems: frozenset[str]) -> set[str]:
    words = [word.strip("?？!.,;:\"'“”‘’()") for word in question.text.split()]
    return {word for word in words if word and set(stem_tokens(word)) & stems}


def _listed(words: Sequence[str]) -> str:
    quoted = [f"'{word}'" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def nearest_passages(
    hits: Sequence[Hit], documents: Mapping[str, Document]
) -> tuple[Citation, ...]:
    """The passages of these hits as citations, quoted exactly."""
    return tuple(
        cite(documents[hit.passage.document_id], hit.passage.span.start, hit.passage.span.end)
        for hit in hits
    )
