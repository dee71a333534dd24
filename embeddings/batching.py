"""Texts of like length together, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Sequence


def length_sorted_batches(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Positions in ``lengths``, each once, in batches of at most ``batch_size``.

    Longest first, so that a lack of memory shows at once and not after an hour; equal
    lengths keep their order.
    """
    if batch_size < 1:
        raise ValueError(f"batch size {batch_size} is not positive")
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
