"""The in-memory vector index: FAISS codes that name candidates, never final scores.

A small one keeps whole vectors. A large one keeps one bit a component: RaBitQ (Gao & Long,
SIGMOD 2024) of the randomly rotated vector. Without the rotation, which FAISS leaves to
its caller, recall@10 of sparse vectors fell from .92 to .79. At 1M passages it takes 60 MB
and 25 ms a search. Candidates are scored exactly by the caller, from the stored vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.types import Vectors

IndexKind = Literal["flat", "rabitq"]
Batches = Iterable[tuple[NDArray[np.int64], Vectors]]

# FAISS's hints describe its C++ classes, not what its Python wrappers accept.
_faiss: Any = faiss

_TRAINING_ROWS = 65_536


def kind_for(count: int, flat_up_to: int) -> IndexKind:
    """The kind that serves this many passages."""
    return "flat" if count <= flat_up_to else "rabitq"


class VectorIndex:
    """Vectors under integer ids, searched by inner product. Not safe for threads."""

    def __init__(self, index: Any, kind: IndexKind) -> None:
        self._index = index
        self.kind = kind

    @classmethod
    def build(
        cls, batches: Callable[[], Batches], count: int, dimension: int, flat_up_to: int
    ) -> VectorIndex:
        """An index of the kind that suits ``count``, filled from ``batches()``.

        ``batches`` is called once to train where the kind needs it and once to add.
        """
        kind = kind_for(count, flat_up_to)
        recipe = "IDMap2,Flat" if kind == "flat" else f"IDMap2,RR{dimension},RaBitQ"
        index = _faiss.index_factory(dimension, recipe, _faiss.METRIC_INNER_PRODUCT)
        made = cls(index, kind)
        if not index.is_trained:
            with _one_thread():  # making the rotation loses seconds by more
                index.train(_sample(batches(), count))
        for ids, vectors in batches():
            made.add(ids, vectors)
        return made

    @classmethod
    def loads(cls, data: bytes, kind: str) -> VectorIndex:
        """The index that ``dumps`` wrote.

        Raises:
            ValueError: the bytes are not an index.
        """
        try:
            index = _faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        except RuntimeError as error:  # what FAISS raises on bytes it cannot read
            raise ValueError(f"not a FAISS index: {error}") from error
        return cls(index, cast("IndexKind", kind))

    def dumps(self) -> bytes:
        """The whole index; equal to this one after ``loads``."""
        data: NDArray[np.uint8] = _faiss.serialize_index(self._index)
        return data.tobytes()

    @property
    def count(self) -> int:
        """How many vectors it holds."""
        return int(self._index.ntotal)

    def ids(self) -> NDArray[np.int64]:
        """All ids it holds, in no order."""
        return np.asarray(_faiss.vector_to_array(self._index.id_map), dtype=np.int64)

    def add(self, ids: NDArray[np.int64], vectors: Vectors) -> None:
        """Add unit rows under new ids."""
        if ids.size:
            self._index.add_with_ids(np.ascontiguousarray(vectors), ids)

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Forget these ids; unknown ones are passed over."""
        if ids.size and self.count:
            self._index.remove_ids(np.ascontiguousarray(ids))

    def search(
        self, query: Vectors, limit: int, allowed: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Ids of about the best ``limit`` vectors, best first; of ``allowed`` only, if given."""
        if not self.count or (allowed is not None and not allowed.size):
            return np.empty(0, dtype=np.int64)
        parameters = None
        if allowed is not None:
            # Kept in a name: FAISS holds no reference to what the selector reads.
            bitmap = np.zeros(int(allowed.max()) // 8 + 1, dtype=np.uint8)
            np.bitwise_or.at(bitmap, allowed >> 3, (1 << (allowed & 7)).astype(np.uint8))
            parameters = _faiss.SearchParameters(sel=_faiss.IDSelectorBitmap(bitmap))
        rows = np.ascontiguousarray(query[None, :], dtype=np.float32)
        with _one_thread():
            _, ids = self._index.search(rows, min(limit, self.count), params=parameters)
        found: NDArray[np.int64] = ids[0][ids[0] >= 0]
        return found


@contextmanager
def _one_thread() -> Iterator[None]:
    """One OpenMP thread for the block: for one query, two cost four times the CPU.

    The setting belongs to the calling thread, so concurrent searches do not disturb it.
    """
    threads = _faiss.omp_get_max_threads()
    _faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        _faiss.omp_set_num_threads(threads)


def _sample(batches: Batches, count: int) -> Vectors:
    # A fixed seed: the same rows make the same index.
    random = np.random.default_rng(0)
    share = _TRAINING_ROWS / max(count, 1)
    return np.concatenate([vectors[random.random(len(vectors)) < share] for _, vectors in batches])
