"""Retrieval for one question: passages, and all that later stages need of the store.

The store's view is open in here only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from embeddings.types import Encoder, Vectors
from rag.answer.stopwatch import Stopwatch
from rag.models import Models, model_errors
from rag.question.analysis import (
    QuestionTerms,
    asks_of_the_present,
    content_words,
    named_words,
)
from rag.question.when import find_times
from rag.retrieve.repeats import count_with_repeats
from rag.retrieve.rerank import rerank
from rag.retrieve.retriever import retrieve
from rag.retrieve.timely import is_published_in
from rag.retrieve.words import count_words, find_near_words, respelled
from rag.settings import RetrieveSettings
from rag.store.base import ReadView, Store
from rag.text.language import reads_text
from rag.text.words import lexical_tokens
from rag.types import Document, Hit, Question

__all__ = ["Found", "find_passages", "rank_passages"]

# Passages read beside the best ones, as of a day.
_WITNESSES = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What one consistent state of the store holds for a question.

    ``question`` is the one that was looked up, without history. ``hits`` is the whole
    ranking, best first, ``read`` the hits whose sentences are to be judged; ``documents``
    maps id to document for those and for the nearest. ``frequencies`` counts, for each of
    the question's words, the passages of ``passage_count`` that hold it, and ``names_known``
    is the share in [0, 1] of its names that stand anywhere. ``nothing`` says why there is
    nothing to read, None where there is something.
    """

    question: Question
    hits: tuple[Hit, ...]
    read: tuple[Hit, ...]
    documents: Mapping[str, Document]
    frequencies: Mapping[str, int]
    passage_count: int
    names_known: float
    generation: str
    nothing: Literal["empty_archive", "nothing_asked", "no_match"] | None


def find_passages(
    store: Store,
    question: Question,
    terms: QuestionTerms,
    models: Models,
    settings: RetrieveSettings,
    stopwatch: Stopwatch,
    *,
    read: int,
    nearest: int,
) -> Found:
    """Rank the passages for a question and fetch what answering it needs.

    ``read`` is how many distinct passages are to be judged, with those that repeat them;
    ``nearest`` how many an abstention will list.

    Raises:
        IndexMismatchError: the index was built with another encoder.
        ModelError: a model could not be loaded or run.
    """
    with store.read() as view:
        nothing: Literal["empty_archive", "nothing_asked", "no_match"] | None = None
        hits: list[Hit] = []
        if view.empty:
            nothing = "empty_archive"
        elif terms.empty:
            nothing = "nothing_asked"
        else:
            hits = rank_passages(view, question, models, settings, stopwatch)
            nothing = None if hits else "no_match"
        count = count_with_repeats([hit.passage for hit in hits], read)
        chosen = (*hits[:count], *_witnesses(view, question, hits[count:]))
        needed = {hit.passage.document_id for hit in (*chosen, *hits[:nearest])}
        names = [lexical_tokens(name) for name, _ in named_words(terms.text)]
        words = {*terms.content, *content_words(terms.text), *(w for name in names for w in name)}
        counted = count_words(view, sorted(words))
        known = sum(any(counted.frequencies.get(word) for word in name) for name in names)
        return Found(
            question=question,
            hits=tuple(hits),
            read=chosen,
            documents={each: view.document(each) for each in sorted(needed)},
            frequencies={word: counted.frequencies.get(word, 0) for word in words},
            passage_count=counted.passages,
            names_known=known / len(names) if names else 1.0,
            generation=view.generation,
            nothing=nothing,
        )


def rank_passages(
    view: ReadView,
    question: Question,
    models: Models,
    settings: RetrieveSettings,
    stopwatch: Stopwatch,
) -> list[Hit]:
    """The passages for a question, reranked, best first; none of an archive without index.

    Raises:
        IndexMismatchError: the index was built with another encoder.
        ModelError: a model could not be loaded or run.
    """
    if view.index is None:
        return []
    models.check_encoder(view.index.encoder)
    near = find_near_words(view, question.text)
    with model_errors():
        vector = None
        if reads_text(models.encoder.reads, question.text):
            with stopwatch.time("encode"):
                vector = _query_vector(question.text, near, models.encoder)
        with stopwatch.time("retrieve"):
            hits = retrieve(view, question, vector, settings, reads=models.encoder.reads, near=near)
        if not hits or not reads_text(models.reranker.reads, question.text):
            return hits
        with stopwatch.time("rerank"):
            return rerank(hits, question.text, models.reranker, limit=settings.rerank_limit)


def _query_vector(text: str, near: Mapping[str, Sequence[str]], encoder: Encoder) -> Vectors:
    """The question's unit vector; halfway to its correction where a word seems mistyped.

    Halfway only: an unknown name may be right, and the nearest one another's.
    """
    texts = list(dict.fromkeys([text, respelled(text, near)]))
    vectors = encoder.encode_queries(texts)
    joined: Vectors = vectors.sum(axis=0)
    length = float((joined**2).sum() ** 0.5)
    if len(texts) == 1 or not length:
        first: Vectors = vectors[0]
        return first
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
