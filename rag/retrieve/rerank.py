"""Reranking: what a reading model says of the best passages changes their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.retrieve.fusion import reciprocal_rank_fusion
from rag.types import Hit, StageScore

# Small, as the ranks are few: of 1, 3 and 10 the best on claims and several documents.
_RANK_CONSTANT = 1


def rerank(hits: Sequence[Hit], relevance: Mapping[str, float]) -> list[Hit]:
    """The hits of these passages change places among themselves; the others keep theirs.

    ``relevance`` maps passage ids to a model's logits. The order is the reciprocal rank
    fusion of the order given and that by logit, ties to the better place in the first: on
    questions unlike its training (claims, several documents) a model alone ranks worse than
    what it was given. Nogueira & Cho, "Passage Re-ranking with BERT", 2019.
    """
    places = [at for at, hit in enumerate(hits) if hit.passage.id in relevance]
    read = [hits[at] for at in places]
    given = [hit.passage.id for hit in read]
    best_first = sorted(given, key=lambda key: (-relevance[key], key))
    fused = reciprocal_rank_fusion([given, best_first], k=_RANK_CONSTANT)
    ranked = list(hits)
    # Stable: of equals the better placed before stays ahead.
    ordered = sorted(read, key=lambda hit: -fused[hit.passage.id])
    for at, hit in zip(places, ordered, strict=True):
        ranked[at] = replace(hit, reranked=StageScore(at + 1, relevance[hit.passage.id]))
    return ranked
