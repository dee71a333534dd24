"""The vector index names the right candidates, of every kind, whatever is removed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rag.store.local.faiss_index import IndexKind, VectorIndex, kind_for

DIMENSION = 48
FLAT_UP_TO: dict[IndexKind, int] = {"flat": 50_000, "rabitq": 0}


def clustered(count: int, dimension: int = DIMENSION) -> np.ndarray:
    """Unit rows around a few centres, as embeddings of a real archive are."""
    random = np.random.default_rng(1)
    centres = random.standard_normal((count // 20 + 1, dimension))
    rows = centres[random.integers(0, len(centres), count)]
    rows = rows + 0.8 * random.standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


VECTORS = clustered(2000)
IDS = np.arange(7, 2007, dtype=np.int64)


def build(kind: IndexKind, vectors: np.ndarray = VECTORS) -> VectorIndex:
    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(vectors), 700):
            yield IDS[start : start + 700], vectors[start : start + 700]

    return VectorIndex.build(batches, len(vectors), DIMENSION, FLAT_UP_TO[kind])


@pytest.fixture(params=list(FLAT_UP_TO))
def kind(request: pytest.FixtureRequest) -> IndexKind:
    return request.param


def test_the_kind_follows_the_size() -> None:
    assert [kind_for(count, 10) for count in (0, 10, 11)] == ["flat", "flat", "rabitq"]


def test_an_index_is_of_the_kind_for_its_size(kind: IndexKind) -> None:
    built = build(kind)
    assert (built.kind, built.count) == (kind, 2000)
    assert np.array_equal(np.sort(built.ids()), IDS)


def test_two_hundred_candidates_hold_nearly_all_of_the_best_ten(kind: IndexKind) -> None:
    built = build(kind)
    queries = VECTORS[::40]
    found = [set(built.search(query, 200).tolist()) for query in queries]
    best = IDS[np.argsort(-(queries @ VECTORS.T), axis=1)[:, :10]]
    recall = np.mean([len(names & set(row)) / 10 for names, row in zip(found, best, strict=True)])
    assert recall >= (1.0 if kind == "flat" else 0.98)


def test_flat_search_is_in_the_order_of_inner_products() -> None:
    found = build("flat").search(VECTORS[3], 25)
    assert found.tolist() == IDS[np.argsort(-(VECTORS @ VECTORS[3]))[:25]].tolist()


def test_a_vector_is_its_own_nearest(kind: IndexKind) -> None:
    built = build(kind)
    for row in range(0, 2000, 100):
        assert IDS[row] in built.search(VECTORS[row], 10)


def test_only_allowed_ids_are_named_and_all_of_them_can_be(kind: IndexKind) -> None:
    built = build(kind)
    allowed = np.concatenate([IDS[5:300:7], np.array([99_999])])
    found = built.search(VECTORS[0], 2000, allowed)
    assert set(found.tolist()) == set(IDS[5:300:7].tolist())
    assert built.search(VECTORS[0], 5, np.empty(0, dtype=np.int64)).size == 0


def test_removed_ids_are_never_named_and_added_ones_are(kind: IndexKind) -> None:
    built = build(kind)
    built.remove(np.concatenate([IDS[:1000], np.array([123_456])]))
    assert built.count == 1000
    assert set(built.search(VECTORS[0], 2000).tolist()) == set(IDS[1000:].tolist())
    built.add(np.array([5_000_000]), VECTORS[:1])
    assert 5_000_000 in built.search(VECTORS[0], 10)
    assert 5_000_000 in built.ids()


def test_what_is_dumped_loads_equal(kind: IndexKind) -> None:
    built = build(kind)
    loaded = VectorIndex.loads(built.dumps(), kind)
    assert np.array_equal(np.sort(loaded.ids()), IDS)
    for row in range(0, 2000, 200):
        assert np.array_equal(loaded.search(VECTORS[row], 50), built.search(VECTORS[row], 50))
    loaded.remove(IDS[:1999])
    assert loaded.search(VECTORS[0], 10).tolist() == [IDS[1999]]


def test_bytes_of_no_index_are_refused() -> None:
    for broken in (b"", b"nonsense", build("flat").dumps()[:1000]):
        with pytest.raises(ValueError, match="FAISS"):
            VectorIndex.loads(broken, "flat")


def test_an_empty_index_finds_nothing_and_can_grow() -> None:
    built = build("flat", VECTORS[:0])
    assert built.search(VECTORS[0], 3).size == 0
    assert built.ids().size == 0
    built.remove(IDS[:3])
    built.add(IDS[:2], VECTORS[:2])
    assert built.search(VECTORS[0], 3).tolist()[0] == IDS[0]
