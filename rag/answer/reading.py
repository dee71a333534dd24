"""Reading: the best passages as a reading model sees them for the question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from embeddings.reading.types import Reading, ReadingModel, ReadingPassage
from rag.models import Models, model_errors
from rag.retrieve.rerank import rerank
from rag.text.normalise import search_text
from rag.text.statements import find_statements, text_in_place, visible_text
from rag.types import Document, Hit, ModelIdentity, Span, Statement


@dataclass(frozen=True, slots=True)
class ReadPassage:
    """A passage, its statements (of one that reaches beyond it the part inside) and what a
    model said of them, one reading a statement."""

    hit: Hit
    document: Document
    statements: tuple[Statement, ...]
    reading: Reading
    model: ReadingModel


@dataclass(frozen=True, slots=True)
class PassagesRead:
    """``hits`` is the whole ranking in its final order, ``passages`` those that were read, in
    that order; ``models`` are those that read."""

    hits: tuple[Hit, ...]
    passages: tuple[ReadPassage, ...]
    models: Mapping[str, ModelIdentity]


def read_passages(
    question: str,
    hits: Sequence[Hit],
    wanted: Sequence[Hit],
    documents: Mapping[str, Document],
    models: Models,
) -> PassagesRead:
    """Read the ``wanted`` ones of the ranking ``hits``, and rank it by what was read.

    Passages that one model reads change places among themselves; one that none can read
    keeps its place.

    Raises:
        ModelError: a model could not be loaded or run.
    """
    by_model: dict[ReadingModel, list[Hit]] = {}
    for hit in wanted:
        document = documents[hit.passage.document_id]
        model = models.reading_for(question, hit.passage.search_text, document.language)
        if model is not None:
            by_model.setdefault(model, []).append(hit)
    ranked = list(hits)
    read: dict[str, ReadPassage] = {}
    for model, own in by_model.items():
        found = _read_by(model, question, own, documents)
        read |= {passage.hit.passage.id: passage for passage in found}
        relevance = {each.hit.passage.id: each.reading.relevance for each in found}
        ranked = rerank(ranked, relevance)
    order = {hit.passage.id: hit for hit in (*ranked, *wanted)}
    return PassagesRead(
        hits=tuple(ranked),
        passages=tuple(replace(read[id_], hit=hit) for id_, hit in order.items() if id_ in read),
        models=_identities(by_model),
    )


def _identities(models: Iterable[ReadingModel]) -> dict[str, ModelIdentity]:
    found = [ModelIdentity(model.name, model.revision) for model in models]
    names = ("reading", "reading_of_other_languages")
    return dict(zip(names, found, strict=False))


def _read_by(
    model: ReadingModel,
    question: str,
    hits: Sequence[Hit],
    documents: Mapping[str, Document],
) -> list[ReadPassage]:
    parts = [_statements(hit, documents[hit.passage.document_id]) for hit in hits]
    passages = [
        _passage(hit, documents[hit.passage.document_id], statements)
        for hit, statements in zip(hits, parts, strict=True)
    ]
    with model_errors():
        readings = model.read(question, passages)
    return [
        ReadPassage(hit, documents[hit.passage.document_id], statements, reading, model)
        for hit, statements, reading in zip(hits, parts, readings, strict=True)
    ]


def _statements(hit: Hit, document: Document) -> tuple[Statement, ...]:
    within = hit.passage.span
    found: list[Statement] = []
    for each in find_statements(document.text, document.blocks, document.language, within):
        start = max(each.span.start, within.start)
        span = Span(start, max(start, min(each.span.end, within.end)))
        found.append(replace(each, span=span))
    return tuple(found)


def _passage(hit: Hit, document: Document, statements: Sequence[Statement]) -> ReadingPassage:
    start = hit.passage.span.start
    return ReadingPassage(
        lead=_lead(hit, document, statements),
        text=text_in_place(document.text, hit.passage.span, document.blocks),
        statements=tuple((s.span.start - start, s.span.end - start) for s in statements),
    )


def _lead(hit: Hit, document: Document, statements: Sequence[Statement]) -> str:
    """The title, the headings and what the first statement is not understood without."""
    passage = hit.passage
    context = statements[0].context if statements else ()
    outside = [
        visible_text(document.text, span, document.blocks, document.language)
        for span in context
        if span.end <= passage.span.start
    ]
    shown = [search_text(each) for each in (passage.title, *passage.headings, *outside)]
    return ". ".join(
        each for each in dict.fromkeys(shown) if each and not passage.search_text.startswith(each)
    )
