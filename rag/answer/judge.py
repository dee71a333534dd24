"""Judging: how likely each statement read answers the question."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

from embeddings.reading.types import ReadingModel
from rag.answer.features import Surroundings, statement_features
from rag.answer.reading import ReadPassage
from rag.answer.retrieval import Found
from rag.answer.rules.currency import sentence_currency
from rag.settings import MULTILINGUAL_WEIGHTS, SupportWeights
from rag.text.normalise import search_text
from rag.text.statements import find_statements, visible_text
from rag.types import Candidate, Document, Features, Span

KEPT = "kept"
# What they say is context of what answers.
_NO_ANSWERS = frozenset(("header", "question"))
# What a row lacks of the words that another row of its table has, in log-odds: rows differ in
# little else, and the models were trained on few tables.
_ROW_COVERAGE = 4.0


@dataclass(frozen=True, slots=True)
class OrderWeights:
    """What each feature counts for the order of a question's statements, in log-odds.

    Fitted to choose a right one among all that were read. Words in common help to find
    the best statement, and say nothing of whether it answers: SupportWeights has none.
    """

    relevance: float
    answers: float
    evidence: float
    span: float
    coverage: float
    number_coverage: float
    currency: float


_ENGLISH_ORDER = OrderWeights(
    relevance=0.18,
    answers=0.09,
    evidence=0.41,
    span=0.21,
    coverage=3.0,
    number_coverage=1.6,
    currency=4.8,
)
# No question that these were fitted to turns on currency: that is as it was in English.
_MULTILINGUAL_ORDER = OrderWeights(
    relevance=0.66,
    answers=0.21,
    evidence=0.39,
    span=0.22,
    coverage=2.7,
    number_coverage=1.4,
    currency=3.2,
)


def judge_statements(
    found: Found, passages: Sequence[ReadPassage], weights: SupportWeights, *, as_of: date | None
) -> list[Candidate]:
    """The statements of the passages read with their support scores, best first.

    ``weights`` are those of English. Of one model's statements, what reads worse is never
    better supported; those of two models are merged by support, which alone compares. Ties by
    document id and span. All verdicts are "kept"; what is decided against gets another.
    """
    by_model: dict[ReadingModel, list[ReadPassage]] = {}
    for passage in passages:
        by_model.setdefault(passage.model, []).append(passage)
    candidates = [
        candidate
        for own in by_model.values()
        for candidate in _ordered(
            [each for passage in own for each in _of_passage(found, passage, weights, as_of)]
        )
    ]
    return sorted(candidates, key=lambda each: -each.support)


def _ordered(judged: Sequence[tuple[float, Candidate]]) -> Iterator[Candidate]:
    """The statements that one model read, best first."""
    placed = _notes_after(_rows_apart(judged))
    placed.sort(
        key=lambda each: (
            -each[0],
            each[1].statement.kind == "note",
            each[1].document_id,
            each[1].span,
        )
    )
    return _never_rising([candidate for _, candidate in placed])


def _never_rising(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    most = 1.0
    for each in candidates:
        most = min(most, each.support)
        yield replace(each, support=most)


def _weighted(features: Features, weights: OrderWeights | SupportWeights) -> float:
    return sum(
        float(getattr(weights, each.name)) * float(getattr(features, each.name))
        for each in fields(weights)
        if each.name != "bias"
    )


def support_score(features: Features, weights: SupportWeights) -> float:
    """The support score in [0, 1], to be compared with ``AnswerSettings.min_support``."""
    log_odds = weights.bias + _weighted(features, weights)
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, log_odds))))


def _of_passage(
    found: Found, read: ReadPassage, english: SupportWeights, as_of: date | None
) -> Iterator[tuple[float, Candidate]]:
    """Each statement that may answer, with what orders it."""
    document, passage = read.document, read.hit.passage
    is_english = read.model.reads == "english"
    order = _ENGLISH_ORDER if is_english else _MULTILINGUAL_ORDER
    weights = english if is_english else MULTILINGUAL_WEIGHTS
    published = document.published.isoformat() if document.published else ""
    title = "" if _begins_with_title(document) else search_text(document.title)
    around = f"{passage.title} {published} {' '.join(passage.headings)} {passage.search_text}"
    for statement, reading in zip(read.statements, read.reading.statements, strict=True):
        words = _words(document, statement.span)
        # The title is context for every statement; beside them it answers nothing.
        is_title = statement.kind == "heading" and words.casefold() == title.casefold()
        if statement.kind in _NO_ANSWERS or is_title or not any(map(str.isalnum, words)):
            continue
        features = statement_features(
            found.terms,
            words,
            read.reading,
            reading,
            Surroundings(
                lead=" ".join(_words(document, span) for span in statement.context), around=around
            ),
            currency=sentence_currency(found.terms, words, dated=bool(published), as_of=as_of),
        )
        answer = reading.answer
        start = passage.span.start
        candidate = Candidate(
            document_id=document.id,
            passage_id=passage.id,
            statement=statement,
            quote=statement.span.of(document.text),
            answer=Span(start + answer.start, start + answer.end) if answer else None,
            features=features,
            support=support_score(features, weights),
            verdict=KEPT,
        )
        yield _weighted(features, order), candidate


def _rows_apart(judged: Sequence[tuple[float, Candidate]]) -> list[tuple[float, Candidate]]:
    """Of a table's rows, those that hold more of the question's words first."""
    most: dict[tuple[str, tuple[Span, ...]], float] = {}
    rows = [each for _, each in judged if each.statement.kind == "row" and each.statement.context]
    for each in rows:
        table = (each.document_id, each.statement.context)
        most[table] = max(each.features.coverage, most.get(table, 0.0))
    found: list[tuple[float, Candidate]] = []
    for order, each in judged:
        covered = most.get((each.document_id, each.statement.context), 0.0)
        lacks = covered - each.features.coverage if each.statement.kind == "row" else 0.0
        found.append((order - _ROW_COVERAGE * max(0.0, lacks), each))
    return found


def _notes_after(judged: Sequence[tuple[float, Candidate]]) -> list[tuple[float, Candidate]]:
    """No footnote before a statement of its document that is nearly as good."""
    best: dict[str, tuple[float, float]] = {}
    for order, each in judged:
        if each.statement.kind != "note":
            place = (order, each.support)
            best[each.document_id] = max(place, best.get(each.document_id, place))
    found: list[tuple[float, Candidate]] = []
    for order, each in judged:
        if each.statement.kind == "note" and each.document_id in best:
            first, support = best[each.document_id]
            order = min(order, first) if support >= each.support / 2 else order
        found.append((order, each))
    return found


def _begins_with_title(document: Document) -> bool:
    """Whether the title is but the first sentence of the text, which may say anything."""
    if not document.title or not document.text.lstrip().startswith(document.title):
        return False
    start = len(document.text) - len(document.text.lstrip())
    first = find_statements(
        document.text, document.blocks, document.language, Span(start, start + 1)
    )
    return any(
        each.kind != "heading" and each.span.of(document.text) == document.title for each in first
    )


def _words(document: Document, span: Span) -> str:
    return search_text(visible_text(document.text, span, document.blocks, document.language))
