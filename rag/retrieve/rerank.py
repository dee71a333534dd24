"""Reranking: a cross-encoder reads the question together with each passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from embeddings.types import Reranker
from rag.normalise import search_text
from rag.retrieve.fusion import reciprocal_rank_fusion
from rag.types import Hit, Passage, StageScore

__all__ = ["rerank", "reranker_text"]

# Small, as the ranks are few: of 1, 3 and 10 the best on claims and several documents.
_RANK_CONSTANT = 1


def reranker_text(passage: Passage) -> str:
    """What the reranker reads of a passage: the title, unless it begins with it, and the text."""
    title = search_text(passage.title)
    if not title or passage.search_text.startswith(title):
        return passage.search_text
    return f"{title}\n{passage.search_text}"


def rerank(hits: Sequence[Hit], question: str, reranker: Reranker, *, limit: int) -> list[Hit]:
    """Reorder the first ``limit`` hits; the others follow as they were.

    The order is the reciprocal rank fusion of the order given and that by cross-encoder
    logit, ties to the better place in the first: on questions unlike its training
    (claims, several documents) the cross-encoder alone ranks worse than what it was
    given. Nogueira & Cho, "Passage Re-ranking with BERT", 2019.
    """
    head, tail = list(hits[:limit]), list(hits[limit:])
    logits = reranker.score(question, [reranker_text(hit.passage) for hit in head])
    scores = {hit.passage.id: logit for hit, logit in zip(head, logits.tolist(), strict=True)}
    given = [hit.passage.id for hit in head]
    read = sorted(given, key=lambda key: (-scores[key], key))
    fused = reciprocal_rank_fusion([given, read], k=_RANK_CONSTANT)
    # Stable: of equals the better placed before stays ahead.
    ordered = sorted(head, key=lambda hit: -fused[hit.passage.id])
    ranked = [
        replace(hit, reranked=StageScore(rank, scores[hit.passage.id]))
        for rank, hit in enumerate(ordered, start=1)
    ]
    return ranked + tail
