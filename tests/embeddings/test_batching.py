from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.batching import length_sorted_batches

lengths_lists = st.lists(st.integers(0, 600), max_size=80)


@given(lengths_lists, st.integers(1, 40))
def test_every_position_is_in_exactly_one_batch(lengths: list[int], batch_size: int) -> None:
    batches = length_sorted_batches(lengths, batch_size)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)


@given(lengths_lists, st.integers(1, 40))
def test_no_text_is_shorter_than_one_in_a_later_place(lengths: list[int], batch_size: int) -> None:
    order = [lengths[i] for batch in length_sorted_batches(lengths, batch_size) for i in batch]
    assert order == sorted(lengths, reverse=True)


def test_equal_lengths_keep_their_order() -> None:
    assert length_sorted_batches([5, 7, 5, 7], 3) == [[1, 3, 0], [2]]


def test_a_batch_size_of_none_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="batch size 0"):
        length_sorted_batches([1], 0)
