"""Dense and lexical rankings of one consistent view, fused into hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from embeddings.registry import Reads
from embeddings.types import Vectors
from rag.errors import IndexMismatchError
from rag.question.when import AskedTime, find_times
from rag.retrieve.fusion import fuse_scores
from rag.retrieve.timely import prefer_timely, with_resolved_times
from rag.settings import RetrieveSettings
from rag.store.base import ReadView
from rag.store.records import ScoredPassage
from rag.text.language import is_latin, language_of, reads_letters
from rag.text.words import INDEX_WORDS, query_terms
from rag.types import Hit, Question, StageScore, parse_passage_id


def retrieve(
    view: ReadView,
    question: Question,
    query_vector: Vectors | None,
    settings: RetrieveSettings,
    *,
    reads: Reads,
    near: Mapping[str, Sequence[str]],
) -> list[Hit]:
    """The union of both retrievers' passages in fused order, best first.

    ``query_vector`` is the encoded question, float32 of shape (dimension,), unit norm; None
    where the encoder cannot read it: then the dense retriever, whose ranking would be
    noise, takes no part. ``reads`` is what the encoder reads, ``near`` what a mistyped word
    of the question may be (`rag.retrieve.words.find_near_words`).

    Raises:
        IndexMismatchError: the index holds words that this Footnote does not ask for.
    """
    if view.index is not None and view.index.words != INDEX_WORDS:
        raise IndexMismatchError(
            "the words of this index were made by another version of Footnote",
            remedy="run 'footnote reindex'; it makes them anew and encodes nothing",
        )
    times = find_times(question.text, question.as_of)
    filters = question.scope
    dense: list[ScoredPassage] = []
    if query_vector is not None:
        dense = view.dense_search(query_vector, limit=settings.dense_limit, filters=filters)
    asked = with_resolved_times(question.text, times)
    languages = list(view.languages())
    terms = query_terms(asked, near, language=language_of(question.text), archive=languages)
    lexical = view.lexical_search(terms, limit=settings.lexical_limit, filters=filters)
    # Raised scores are for the order alone: hits keep what the retriever said.
    ordered = _timely(view, lexical, times, settings.time_weight) if times else lexical
    by_dense, by_lexical = _stage_scores(dense), _stage_scores(lexical)
    passages = {p.id: p for p in view.passages(list({**by_dense, **by_lexical}))}
    latin = is_latin(question.text)
    fused = fuse_scores(
        {key: stage.score for key, stage in by_dense.items()},
        {scored.passage_id: scored.score for scored in ordered},
        documents={key: passage.document_id for key, passage in passages.items()},
        lexical_weight=settings.lexical_weight,
        foreign={
            key
            for key, passage in passages.items()
            # Words are all there is to find a passage by that the encoder cannot read.
            if reads_letters(reads, passage.search_text) and is_latin(passage.search_text) != latin
        },
    )
    return [
        Hit(
            passage=passages[key],
            dense=by_dense.get(key),
            lexical=by_lexical.get(key),
            fused=StageScore(rank, score),
            reranked=None,
        )
        for rank, (key, score) in enumerate(fused.items(), start=1)
    ]


def _timely(
    view: ReadView, ranking: Sequence[ScoredPassage], times: Sequence[AskedTime], weight: float
) -> list[ScoredPassage]:
    documents = dict.fromkeys(parse_passage_id(scored.passage_id)[0] for scored in ranking)
    summaries = view.summaries(list(documents))
    dates = {document_id: summary.dates for document_id, summary in summaries.items()}
    return prefer_timely(ranking, times, dates, weight=weight)


def _stage_scores(ranking: Sequence[ScoredPassage]) -> dict[str, StageScore]:
    return {
        scored.passage_id: StageScore(rank, scored.score)
        for rank, scored in enumerate(ranking, start=1)
    }
