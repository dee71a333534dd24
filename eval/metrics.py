"""Retrieval metrics: pure functions of a ranking and its relevant ids."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

__all__ = ["ndcg_at", "recall_at", "reciprocal_rank_at"]


def ndcg_at(k: int, ranking: Sequence[str], relevant: Collection[str]) -> float:
    """nDCG@k with binary gains and log2(rank + 1) discounts; 0 when nothing is relevant.

    Järvelin & Kekäläinen, TOIS 2002.
    """
    gain = sum(
        1.0 / math.log2(rank + 1) for rank, item in enumerate(ranking[:k], 1) if item in relevant
    )
    ideal = sum(1.0 / math.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return gain / ideal if ideal else 0.0


def recall_at(k: int, ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Share of the relevant ids among the first k; 0 when nothing is relevant."""
    found = sum(1 for item in ranking[:k] if item in relevant)
    return found / len(relevant) if relevant else 0.0


def reciprocal_rank_at(k: int, ranking: Sequence[str], relevant: Collection[str]) -> float:
    """1 / rank of the first relevant id among the first k, else 0."""
    return next((1.0 / rank for rank, item in enumerate(ranking[:k], 1) if item in relevant), 0.0)
