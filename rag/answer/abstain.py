"""Abstention in words: why the archive does not say, and what lies nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answer.question import AnswerType, QuestionTerms, named_words, stem_tokens
from rag.answer.support import name_is_among
from rag.answer.verify import cite
from rag.types import AbstentionReason, Candidate, Citation, Document, Filters, Hit

__all__ = ["explain_abstention", "nearest_passages"]

_WANTED: Mapping[AnswerType, str] = {
    "date": "a date",
    "number": "a number",
    "money": "an amount of money",
    "person": "a person's name",
    "place": "a place",
}


def explain_abstention(
    reason: AbstentionReason,
    question: QuestionTerms,
    candidates: Sequence[Candidate],
    hits: Sequence[Hit],
    filters: Filters,
) -> str:
    """One or two sentences for the reader, naming what is missing where that is known.

    ``candidates`` and ``hits`` come best first.
    """
    match reason:
        case "empty_archive":
            return "The archive is empty; 'footnote ingest PATH' fills it."
        case "nothing_asked":
            return "The question names nothing to look for; say whom or what it is about."
        case "no_match":
            within = " that the filters let through" if replace(filters, as_of=None) else ""
            known = f" published by {filters.as_of}" if filters.as_of else ""
            return f"The archive does not say: no passage{within}{known} matches the question."
        case "insufficient_evidence":
            return f"The archive does not say. {_missing(question, candidates, hits)}"


def _missing(question: QuestionTerms, candidates: Sequence[Candidate], hits: Sequence[Hit]) -> str:
    near = frozenset(
        stem
        for passage in (hit.passage for hit in hits)
        for text in (passage.title, *passage.headings, passage.search_text)
        for stem in stem_tokens(text)
    )
    absent = [
        word
        for word, stems in named_words(question.text)
        if not any(name_is_among(stem, near) for stem in stems)
    ]
    if absent:
        return f"Nothing near the question mentions {_listed(list(dict.fromkeys(absent)))}."
    if candidates and question.expects in _WANTED and not candidates[0].signs.type_match:
        return f"What comes nearest does not give {_WANTED[question.expects]}."
    return "What comes nearest does not answer the question."


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
