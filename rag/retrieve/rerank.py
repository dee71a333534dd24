"""Reranking: a cross-encoder reads the question together with each passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from embeddings.types import Reranker
from rag.retrieve.fusion import reciprocal_rank_fusion
from rag.retrieve.repeats import count_with_repeats, find_repeats
from rag.text.language import reads_text
from rag.text.normalise import search_text
from rag.types import Hit, Passage, StageScore

# Small, as the ranks are few: of 1, 3 and 10 the best on claims and several documents.
_RANK_CONSTANT = 1


def reranker_text(passage: Passage) -> str:
    """What the reranker reads of a passage: the title, unless it begins with it, and the text."""
    title = search_text(passage.title)
    if not title or passage.search_text.startswith(title):
        return passage.search_text
    return f"{title}\n{passage.search_text}"


def rerank(hits: Sequence[Hit], question: str, reranker: Reranker, *, limit: int) -> list[Hit]:
    """Reorder the first ``limit`` distinct hits; the others follow as they were.

    The order is the reciprocal rank fusion of the order given and that by cross-encoder
    logit, ties to the better place in the first: on questions unlike its training
    (claims, several documents) the cross-encoder alone ranks worse than what it was
    given. A passage in a language that it does not read keeps its place, and the others
    change places among themselves; none moves for a question that it does not read.
    One that repeats a better one has its logit and leaves its turn to the next.
    Nogueira & Cho, "Passage Re-ranking with BERT", 2019.
    """
    if not reads_text(reranker.reads, question):
        return list(hits)
    head = hits[: count_with_repeats([hit.passage for hit in hits], limit)]
    texts = [reranker_text(hit.passage) for hit in head]
    places = [at for at, text in enumerate(texts) if reads_text(reranker.reads, text)]
    read = [head[at] for at in places]
    twins = find_repeats([hit.passage for hit in read])
    distinct = [at for at, twin in enumerate(twins) if twin is None]
    scored = reranker.score(question, [texts[places[at]] for at in distinct]).tolist()
    logits = dict(zip(distinct, scored, strict=True))
    scores = {
        hit.passage.id: logits[at if twin is None else twin]
        for at, (hit, twin) in enumerate(zip(read, twins, strict=True))
    }
    best_first = sorted(scores, key=lambda key: (-scores[key], key))
    fused = reciprocal_rank_fusion([list(scores), best_first], k=_RANK_CONSTANT)
    ranked = list(hits)
    # Stable: of equals the better placed before stays ahead.
    ordered = sorted(read, key=lambda hit: -fused[hit.passage.id])
    for at, hit in zip(places, ordered, strict=True):
        ranked[at] = replace(hit, reranked=StageScore(at + 1, scores[hit.passage.id]))
    return ranked
