"""The in-memory vector index: FAISS codes that name candidates, never final scores.

The kind follows the size. Up to ``flat_up_to`` passages full vectors are scanned. Above
that RaBitQ keeps one bit a component (Gao & Long, SIGMOD 2024) of the randomly rotated
vector: without the rotation, which FAISS leaves to its caller, recall@10 of sparse
vectors fell from .92 to .79. Above
``rabitq_up_to`` an inverted file with an HNSW coarse quantizer (Malkov & Yashunin, TPAMI
2020) limits the scan to a few lists. Candidates are scored exactly by the caller, from
the stored vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.types import Vectors

__all__ = ["IndexKind", "IndexKinds", "VectorIndex"]

IndexKind = Literal["flat", "rabitq", "ivf-rabitq"]
Batches = Iterator[tuple[NDArray[np.int64], Vectors]]

# FAISS's hints describe its C++ classes, not what its Python wrappers accept.
_faiss: Any = faiss

_TRAINING_ROWS = 65_536
_TRAINING_ROWS_PER_LIST = 64


@dataclass(frozen=True, slots=True)
class IndexKinds:
    """Which kind of index serves which number of passages.

    ``lists`` is how many an inverted file has, ``probes`` how many of them a search reads.
    """

    flat_up_to: int = 50_000
    rabitq_up_to: int = 3_000_000
    lists: int = 4096
    probes: int = 64

    def for_count(self, count: int) -> IndexKind:
        """The kind that serves this many passages."""
        if count <= self.flat_up_to:
            return "flat"
        # Each list is trained from at least one vector.
        few = count <= max(self.rabitq_up_to, self.lists)
        return "rabitq" if few else "ivf-rabitq"

    def outgrown(self, kind: IndexKind, count: int) -> bool:
        """Whether an index of this kind should be rebuilt as another.

        It shrinks only at half the threshold, so that a size that hovers about one does
        not rebuild again and again.
        """
        smallest: IndexKind = self.for_count(count)
        largest: IndexKind = self.for_count(2 * count)
        order: tuple[IndexKind, ...] = ("flat", "rabitq", "ivf-rabitq")
        return not order.index(smallest) <= order.index(kind) <= order.index(largest)


class VectorIndex:
    """Vectors under integer ids, searched by inner product. Not safe for threads."""

    def __init__(self, index: Any, kind: IndexKind, kinds: IndexKinds) -> None:
        self._index = index
        self._kind = kind
        self._probes = min(kinds.probes, kinds.lists)
        if kind == "ivf-rabitq":
            # Below twice the probes HNSW misses near lists, when adding and searching.
            quantizer = _faiss.downcast_index(_faiss.extract_index_ivf(index).quantizer)
            quantizer.hnsw.efSearch = max(16, 2 * self._probes)

    @classmethod
    def build(
        cls, batches: Callable[[], Batches], count: int, dimension: int, kinds: IndexKinds
    ) -> VectorIndex:
        """An index of the kind that suits ``count``, filled from ``batches()``.

        ``batches`` is called once to train where the kind needs it and once to add.
        """
        kind = kinds.for_count(count)
        recipe = {
            "flat": "IDMap2,Flat",
            "rabitq": f"IDMap2,RR{dimension},RaBitQ",
            "ivf-rabitq": f"RR{dimension},IVF{kinds.lists}_HNSW32,RaBitQ",
        }[kind]
        made = cls(
            _faiss.index_factory(dimension, recipe, _faiss.METRIC_INNER_PRODUCT), kind, kinds
        )
        if not made._index.is_trained:
            wanted = max(_TRAINING_ROWS, _TRAINING_ROWS_PER_LIST * kinds.lists)
            # Only k-means gains from threads; making the rotation loses seconds by them.
            with nullcontext() if kind == "ivf-rabitq" else _one_thread():
                made._index.train(_sample(batches(), count, wanted))
        for ids, vectors in batches():
            made.add(ids, vectors)
        return made

    @classmethod
    def loads(cls, data: bytes, kind: IndexKind, kinds: IndexKinds) -> VectorIndex:
        """The index that ``dumps`` wrote.

        Raises:
            ValueError: the bytes are not an index of that kind.
        """
        try:
            index = _faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        except RuntimeError as error:  # what FAISS raises on bytes it cannot read
            raise ValueError(f"not a FAISS index: {error}") from error
        expected = _faiss.IndexPreTransform if kind == "ivf-rabitq" else _faiss.IndexIDMap2
        if not isinstance(index, expected):
            raise ValueError(f"a {type(index).__name__} is not of kind '{kind}'")
        return cls(index, kind, kinds)

    def dumps(self) -> bytes:
        """The whole index; equal to this one after ``loads``."""
        data: NDArray[np.uint8] = _faiss.serialize_index(self._index)
        return data.tobytes()

    @property
    def kind(self) -> IndexKind:
        """Which kind of index this is."""
        return self._kind

    @property
    def count(self) -> int:
        """How many vectors it holds."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Components of each vector."""
        return int(self._index.d)

    def ids(self) -> NDArray[np.int64]:
        """All ids it holds, in no order."""
        if self._kind != "ivf-rabitq":
            return np.asarray(_faiss.vector_to_array(self._index.id_map), dtype=np.int64)
        lists = _faiss.extract_index_ivf(self._index).invlists
        parts = [
            _faiss.rev_swig_ptr(lists.get_ids(number), lists.list_size(number)).copy()
            for number in range(lists.nlist)
            if lists.list_size(number)
        ]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

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
        if limit <= 0 or not self.count:
            return np.empty(0, dtype=np.int64)
        selector = None
        if allowed is not None:
            if not allowed.size:
                return np.empty(0, dtype=np.int64)
            # Kept in a name: FAISS holds no reference to what the selector reads.
            bitmap = np.zeros(int(allowed.max()) // 8 + 1, dtype=np.uint8)
            np.bitwise_or.at(bitmap, allowed >> 3, (1 << (allowed & 7)).astype(np.uint8))
            selector = _faiss.IDSelectorBitmap(bitmap)
        with _one_thread():
            _, ids = self._index.search(
                np.ascontiguousarray(query[None, :], dtype=np.float32),
                min(limit, self.count),
                params=self._parameters(selector),
            )
        found: NDArray[np.int64] = ids[0][ids[0] >= 0]
        return found

    def _parameters(self, selector: Any) -> Any:
        if self._kind == "ivf-rabitq":
            parameters = _faiss.IVFRaBitQSearchParameters()
            parameters.nprobe = self._probes
            if selector is not None:
                parameters.sel = selector
            return _faiss.SearchParametersPreTransform(index_params=parameters)
        return None if selector is None else _faiss.SearchParameters(sel=selector)


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


def _sample(
    batches: Iterable[tuple[NDArray[np.int64], Vectors]], count: int, wanted: int
) -> Vectors:
    # A fixed seed: the same rows make the same index.
    random = np.random.default_rng(0)
    share = min(1.0, wanted / max(count, 1))
    return np.concatenate(
        [
            vectors[random.random(len(vectors)) < share] if share < 1 else vectors
            for _, vectors in batches
        ]
    )
