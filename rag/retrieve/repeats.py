"""Passages that say the same as a better one: they take nobody's place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rag.types import Passage

# Share of the shorter passage's runs of three words that both have, from which on one
# repeats the other (Broder, "On the resemblance and containment of documents", 1997).
NEAR_DUPLICATE = 0.9
_RUN = 3


def find_repeats(passages: Sequence[Passage]) -> list[int | None]:
    """For each passage the position of the first earlier one that it repeats, or None."""
    seen: list[tuple[int, frozenset[tuple[str, ...]]]] = []
    found: list[int | None] = []
    for position, passage in enumerate(passages):
        runs = _runs(passage.search_text)
        twin = next((at for at, other in seen if _containment(runs, other) >= NEAR_DUPLICATE), None)
        if twin is None:
            seen.append((position, runs))
        found.append(twin)
    return found


def count_with_repeats(passages: Sequence[Passage], distinct: int) -> int:
    """How many of the passages, in order, hold so many distinct ones and what repeats them.

    At most twice as many, however much is repeated.
    """
    kept = 0
    for count, twin in enumerate(find_repeats(passages[: 2 * distinct])):
        if twin is None and kept == distinct:
            return count
        kept += twin is None
    return min(len(passages), 2 * distinct)


@lru_cache(maxsize=256)  # reranking and reading look at the same passages
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = text.casefold().split()
    if len(words) < _RUN:
        # Chinese has no spaces: characters do as well.
        words = list(text.casefold())
    return frozenset(tuple(words[at : at + _RUN]) for at in range(max(1, len(words) - _RUN + 1)))


def _containment(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    return len(one & other) / min(len(one), len(other))
