"""The fakes stand in for models in every other test, so what they promise is tested too."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from embeddings.reading.types import ReadingPassage
from tests.fakes import HashingEncoder, OverlapReading


@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_becomes_a_unit_row(texts: list[str]) -> None:
    rows = HashingEncoder(16).encode_passages(texts)
    assert rows.dtype == np.float32
    assert rows.shape == (len(texts), 16)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_the_text_that_shares_words_is_nearest() -> None:
    encoder = HashingEncoder()
    texts = ["the inflation rate rose", "a ship left the port", "城市的人口增加了"]
    for query, nearest in (("When did the ship leave port?", 1), ("人口", 2)):
        scores = encoder.encode_passages(texts) @ encoder.encode_queries([query])[0]
        assert int(np.argmax(scores)) == nearest


def test_progress_adds_up_to_all_texts() -> None:
    steps: list[int] = []
    HashingEncoder(batch_size=2).encode_passages(["a", "b", "c"], progress=steps.append)
    assert steps == [2, 1]


def test_prompts_change_vectors_and_identity() -> None:
    plain, prompted = HashingEncoder(), HashingEncoder(query_prompt="query: ")
    assert plain.identity != prompted.identity
    assert plain.encode_queries(["ship"])[0] @ prompted.encode_queries(["ship"])[0] < 0.99


def test_more_shared_words_give_higher_logits() -> None:
    passage = ReadingPassage("", "Ship left. Ship left port. Rain.", ((0, 10), (11, 26), (27, 32)))
    [reading] = OverlapReading().read("ship left port", [passage])
    assert [each.evidence for each in reading.statements] == [2.0, 6.0, -6.0]
    assert reading.relevance == 6.0
