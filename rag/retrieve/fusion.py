"""Fusion of rankings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

__all__ = ["reciprocal_rank_fusion"]


def reciprocal_rank_fusion(rankings: Sequence[Sequence[str]], *, k: int = 60) -> dict[str, float]:
    """Fuse rankings of ids by summing 1 / (k + rank), ranks from 1; ties by id.

    Cormack, Clarke & Buettcher, SIGIR 2009. The result is in order, best first. Its
    values order passages; they are no similarity, so never compare one with a threshold.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank, passage_id in enumerate(ranking, start=1):
            scores[passage_id] += 1.0 / (k + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
