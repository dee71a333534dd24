"""The contract of search and documents over every kind of vector index.

Every kind serves a few hundred passages here; exact_up_to=0 makes every filter go through
FAISS, and 500 candidates are enough for its one-bit codes of the fake encoder's 64
components (recall of real sizes is tested in test_faiss_index.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.store.local.settings import LocalStoreSettings
from rag.store.local.store import LocalStore
from tests.contract.test_documents import test_a_view_keeps_its_state_while_others_write
from tests.contract.test_search import (
    test_a_reindex_switches_at_once_and_handles_what_changed_meanwhile,
    test_dense_search_finds_what_scoring_every_vector_would,
    test_filters_are_exact_however_selective,
    test_ties_are_broken_by_passage_id,
    test_vectors_and_words_can_be_replaced,
)
from tests.store_cases import SPEC, brute_force, indexed, query, synthetic

__all__ = [
    "test_a_reindex_switches_at_once_and_handles_what_changed_meanwhile",
    "test_a_view_keeps_its_state_while_others_write",
    "test_dense_search_finds_what_scoring_every_vector_would",
    "test_filters_are_exact_however_selective",
    "test_ties_are_broken_by_passage_id",
    "test_vectors_and_words_can_be_replaced",
]

KINDS = {
    "flat": LocalStoreSettings(exact_up_to=0),
    "rabitq": LocalStoreSettings(flat_up_to=0, exact_up_to=0, candidates=500),
}


@pytest.fixture(params=sorted(KINDS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalStore]:
    opened = LocalStore.open(tmp_path / "data", settings=KINDS[request.param])
    yield opened
    opened.close()


def test_dense_search_equals_the_brute_force_oracle(store: LocalStore) -> None:
    items = [indexed(of) for of in synthetic(120)]
    with store.write() as writer:
        writer.put(items, SPEC)
    with store.read() as view:
        vector = query(items[30].index.passages[1].search_text)
        found = view.dense_search(vector, limit=10)
    assert {hit.passage_id for hit in found} == {name for name, _ in brute_force(items, vector, 10)}
