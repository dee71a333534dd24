"""What is known of a statement as an answer to a question."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from embeddings.reading.types import Reading, StatementReading
from rag.answer.rules.currency import year_ranges
from rag.question.analysis import QuestionTerms
from rag.text.numbers import number_values
from rag.text.words import stem_tokens
from rag.types import Features

# The score of a short answer where there can be none.
NO_SPAN = -20.0
_MOST_YEARS = 200


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a statement is read with: ``lead`` is what it is not understood without (the header
    of its row, the lead-in of its item), ``around`` its title, date and passage."""

    lead: str
    around: str


def statement_features(
    question: QuestionTerms,
    statement: str,
    passage: Reading,
    reading: StatementReading,
    surroundings: Surroundings,
    *,
    currency: float = 1.0,
) -> Features:
    """What is known of a statement (as search text) as an answer to a question.

    ``currency`` is rag.answer.rules.currency's.
    """
    language = question.language
    stems, _ = _words_of(surroundings.lead, language)
    _, numbers = _words_of(surroundings.around, language)
    said = number_values(statement, roman=True) | numbers | _years_spanned(statement)
    return Features(
        relevance=passage.relevance,
        answers=passage.answers,
        evidence=reading.evidence,
        span=reading.answer.score if reading.answer else NO_SPAN,
        coverage=_share(question.content, stems.union(stem_tokens(statement, language))),
        number_coverage=_share(question.numbers, said),
        currency=currency,
    )


@lru_cache(maxsize=256)  # all sentences of a passage share what is around them
def _words_of(context: str, language: str) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(stem_tokens(context, language)), number_values(context, roman=True)


def _years_spanned(sentence: str) -> frozenset[str]:
    """Every year of the ranges a sentence gives: "from 2013 until January 2017" holds 2015."""
    spans = [(a, b) for a, b in year_ranges(sentence) if b - a <= _MOST_YEARS]
    return frozenset(str(year) for first, last in spans for year in range(first, last + 1))


def _share(wanted: frozenset[str], found: frozenset[str]) -> float:
    return len(wanted & found) / len(wanted) if wanted else 1.0
