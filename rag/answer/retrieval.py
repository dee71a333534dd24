"""Retrieval for one question: passages, and all that later stages need of the store.

The store's view is open in here only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from embeddings.types import Encoder, Vectors
from rag.answer.query import QueryContext
from rag.models import model_errors
from rag.question.analysis import (
    QuestionTerms,
    analyse_question,
    asks_of_the_present,
    content_words,
)
from rag.question.when import find_times
from rag.retrieve.repeats import count_with_repeats
from rag.retrieve.retriever import retrieve
from rag.retrieve.timely import is_published_in
from rag.retrieve.words import count_words, find_near_words, respelled
from rag.store.base import ReadView
from rag.text.language import reads_letters
from rag.types import Document, Hit, Question

# Passages read beside the best ones, as of a day.
_WITNESSES = 2

_Nothing = Literal["empty_archive", "nothing_asked", "no_match"]


@dataclass(frozen=True, slots=True)
class Found:
    """What one consistent state of the store holds for a question.

    ``terms`` are those of the question that was looked up, without need of history.
    ``hits`` is the whole ranking, best first, ``read`` the hits that are to be read;
    ``documents`` maps id to document for those and for the nearest. ``frequencies``
    counts, for each of the question's words, the passages of ``passage_count`` that hold it.
    ``nothing`` says why there is nothing to read, None where there is something.
    """

    terms: QuestionTerms
    hits: tuple[Hit, ...]
    read: tuple[Hit, ...]
    documents: Mapping[str, Document]
    frequencies: Mapping[str, int]
    passage_count: int
    generation: str
    nothing: _Nothing | None


def find_passages(context: QueryContext, understood: str) -> Found:
    """Rank the passages for a question that stands alone, and fetch what answering it needs.

    Raises:
        IndexMismatchError: the index was built with another encoder.
        ModelError: a model could not be loaded or run.
    """
    question = replace(context.question, text=understood, history=())
    terms = analyse_question(understood)
    limit = context.limit
    nearest = context.settings.answer.nearest
    with context.store.read() as view:
        nothing: _Nothing | None = None
        hits: list[Hit] = []
        if view.empty:
            nothing = "empty_archive"
        elif terms.empty:
            nothing = "nothing_asked"
        else:
            hits = rank_passages(context, view, question)
            nothing = None if hits else "no_match"
        count = count_with_repeats([hit.passage for hit in hits], limit)
        read = (*hits[:count], *_witnesses(view, question, hits[count:]))
        needed = {hit.passage.document_id for hit in (*read, *hits[:nearest])}
        words = {*terms.content, *content_words(understood)}
        counted = count_words(view, sorted(words))
        return Found(
            terms=terms,
            hits=tuple(hits),
            read=read,
            documents={each: view.document(each) for each in sorted(needed)},
            frequencies={word: counted.frequencies.get(word, 0) for word in words},
            passage_count=counted.passages,
            generation=view.generation,
            nothing=nothing,
        )


def rank_passages(context: QueryContext, view: ReadView, question: Question) -> list[Hit]:
    """The passages for a question, best first; none of an archive without index.

    Raises:
        IndexMismatchError: the index was built with another encoder.
        ModelError: a model could not be loaded or run.
    """
    if view.index is None:
        return []
    models, settings, text = context.models, context.settings.retrieve, question.text
    near = find_near_words(view, text)
    with model_errors():
        encoder = models.encoder_of(view.index.encoder)
        vector = None
        # Words that languages share make even an English encoder's ranking of some use.
        if reads_letters(encoder.reads, text):
            with context.time("encode"):
                vector = _query_vector(text, near, encoder)
        with context.time("retrieve"):
            return retrieve(view, question, vector, settings, reads=encoder.reads, near=near)


def _query_vector(text: str, near: Mapping[str, Sequence[str]], encoder: Encoder) -> Vectors:
    """The question's unit vector; halfway to its correction where a word seems mistyped.

    Halfway only: an unknown name may be right, and the nearest one another's.
    """
    vectors = encoder.encode_queries(list(dict.fromkeys([text, respelled(text, near)])))
    joined: Vectors = vectors.sum(axis=0)
    length = float((joined**2).sum() ** 0.5)
    if len(vectors) == 1 or not length:
        joined, length = vectors[0], 1.0
    unit: Vectors = joined / length
    return unit


def _witnesses(view: ReadView, question: Question, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The best of these hits that tell how things were on the day asked from.

    Asked as of a day how things are, a document of the year before it is a better
    witness than one without a date, however near that one is to the question.
    """
    if question.as_of is None or not asks_of_the_present(question.text):
        return ()
    times = find_times(question.text, question.as_of)
    found = view.summaries([hit.passage.document_id for hit in hits])
    timely = (hit for hit in hits if is_published_in(times, found[hit.passage.document_id].dates))
    return tuple(timely)[:_WITNESSES]
