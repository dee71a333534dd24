"""Reranking: a cross-encoder reads the question together with each passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from embeddings.types import Reranker
from rag.normalise import search_text
from rag.types import Hit, Passage, StageScore

__all__ = ["rerank", "reranker_text"]


def reranker_text(passage: Passage) -> str:
    """What the reranker reads of a passage: the title, unless it begins with it, and the text."""
    title = search_text(passage.title)
    if not title or passage.search_text.startswith(title):
        return passage.search_text
    return f"{title}\n{passage.search_text}"


def rerank(hits: Sequence[Hit], question: str, reranker: Reranker, *, limit: int) -> list[Hit]:
    """Reorder the first ``limit`` hits by cross-encoder logit; the others follow as they were.

    Ties by passage id. Nogueira & Cho, "Passage Re-ranking with BERT", 2019.
    """
    head, tail = list(hits[:limit]), list(hits[limit:])
    logits = reranker.score(question, [reranker_text(hit.passage) for hit in head])
    order = sorted(
        zip(head, logits.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0].passage.id)
    )
    ranked = [
        replace(hit, reranked=StageScore(rank, logit))
        for rank, (hit, logit) in enumerate(order, start=1)
    ]
    return ranked + tail
