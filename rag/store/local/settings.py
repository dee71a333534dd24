"""What may be tuned in the embedded store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocalStoreSettings:
    """Sizes at which the store works differently; none changes which passages are right.

    flat_up_to          passages of which the vector index keeps whole vectors; above
                        that it keeps one bit a component
    candidates          ids that the vector index names for exact scoring, or 4 x limit
    exact_up_to         passages left by filters that are all scored, without the vector
                        index (a tenth of it where the index keeps whole vectors)
    any_word_up_to      passages up to which those with any word of a query are ranked.
                        Above it those with all words come first, then those with any of
                        the three rarest: 8 ms against 48 ms at 200k, with no item lost
    session_operations  changes after which a writer saves the vector index
    end_share           share of the passages changed after which it does so at its end,
                        since replaying a few changes costs less than writing all
    kept_operations     changes older than the saved index that stay in the oplog, for
                        readers that follow it
    """

    flat_up_to: int = 50_000
    candidates: int = 200
    exact_up_to: int = 20_000
    any_word_up_to: int = 200_000
    session_operations: int = 50_000
    end_share: float = 0.02
    kept_operations: int = 20_000
