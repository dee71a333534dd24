"""The vector index of one process: loaded, caught up and shared by its threads.

SQLite is the truth; this is a cache of it that can always be rebuilt. It follows the
oplog to the state of each transaction that searches.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from embeddings.types import Vectors
from rag.errors import StoreDamagedError
from rag.store.local.faiss_index import IndexKind, VectorIndex, kind_for
from rag.store.local.rows import IndexRow, ViewState
from rag.store.local.snapshot import Contents, SnapshotFile
from rag.store.local.vectors import count_vectors, stream_vectors, vectors_of

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Held:
    """The vector index of ``index_id`` as of oplog ``seq``."""

    index: VectorIndex
    index_id: int
    seq: int


class VectorCache:
    """One vector index for all threads of a process."""

    def __init__(self, file: SnapshotFile, flat_up_to: int) -> None:
        self._file = file
        self._flat_up_to = flat_up_to
        self._held: _Held | None = None
        self._lock = threading.Lock()

    @property
    def kind(self) -> IndexKind | None:
        """The kind of the index in memory, or None while there is none."""
        held = self._held
        return None if held is None else held.index.kind

    def candidates(
        self,
        connection: sqlite3.Connection,
        state: ViewState,
        query: Vectors,
        limit: int,
        allowed: NDArray[np.int64] | None,
    ) -> NDArray[np.int64] | None:
        """Ids among which the best are, for the state.

        None when another transaction has moved the index beyond it: scan the rows.
        """
        with self._lock:
            held = self._caught_up(connection, state)
            return None if held is None else held.index.search(query, limit, allowed)

    def save(self, connection: sqlite3.Connection, state: ViewState) -> None:
        """Write the index of the state, unless it is beyond it, to the file.

        Raises:
            OSError: it could not be written; what is stored is not affected.
        """
        with self._lock:
            held = self._caught_up(connection, state)
            if held is None or state.index is None:
                return
            contents = Contents(held.index_id, state.index.encoder, held.seq, held.index.kind)
            data = held.index.dumps()
        self._file.write(contents, data)

    def build(self, connection: sqlite3.Connection, index: IndexRow) -> VectorIndex:
        """An index built from the rows."""
        batches = partial(stream_vectors, connection, index)
        count = count_vectors(connection, index)
        return VectorIndex.build(batches, count, index.dimension, self._flat_up_to)

    def forget(self) -> None:
        """Drop what is in memory; the next search loads or rebuilds it."""
        with self._lock:
            self._held = None

    def _caught_up(self, connection: sqlite3.Connection, state: ViewState) -> _Held | None:
        """The index brought to the state; None when it is beyond it."""
        index, held = state.index, self._held
        if index is None:
            return None
        # Index ids grow, so a smaller one is a state from before a reindex.
        if held is not None and (held.index_id, held.seq) > (index.id, state.seq):
            return None
        if held is None or held.index_id < index.id or held.seq < state.oplog_floor:
            held = self._loaded(connection, state, index)
        elif held.seq < state.seq:
            replay(connection, index, held.index, held.seq)
            held.seq = state.seq
        if held is None or held.index.kind != kind_for(held.index.count, self._flat_up_to):
            held = _Held(self.build(connection, index), index.id, state.seq)
        self._held = held
        return held

    def _loaded(
        self, connection: sqlite3.Connection, state: ViewState, index: IndexRow
    ) -> _Held | None:
        """The saved index brought to the state; None when it cannot be."""
        try:
            saved = load_snapshot(self._file, state, index)
        except StoreDamagedError as error:
            _log.warning("%s", error)
            return None
        if saved is None:
            return None
        loaded, seq = saved
        replay(connection, index, loaded, seq)
        if loaded.count != count_vectors(connection, index):
            _log.warning("the vector index does not match the database; rebuilding it")
            return None
        return _Held(loaded, index.id, state.seq)


def load_snapshot(
    file: SnapshotFile, state: ViewState, index: IndexRow
) -> tuple[VectorIndex, int] | None:
    """The saved index and its oplog seq; None when there is none that can catch up to the state.

    Raises:
        StoreDamagedError: the file is not what was written.
    """
    found = file.read()
    if found is None:
        return None
    contents, data = found
    belongs = (contents.index_id, contents.encoder) == (index.id, index.encoder)
    if not belongs or not state.oplog_floor <= contents.seq <= state.seq:
        return None
    try:
        return VectorIndex.loads(data, contents.kind), contents.seq
    except ValueError as error:
        raise StoreDamagedError(f"{file.path} cannot be loaded: {error}") from error


def replay(connection: sqlite3.Connection, index: IndexRow, vectors: VectorIndex, seq: int) -> None:
    """Apply the operations after ``seq``."""
    rows = connection.execute(
        "SELECT DISTINCT passage FROM oplog WHERE seq > ? AND index_id = ?", (seq, index.id)
    )
    touched = np.fromiter((row[0] for row in rows), dtype=np.int64)
    # Whatever the operations were, the rows say what must be there now.
    vectors.remove(touched)
    vectors.add(*vectors_of(connection, index, touched.tolist()))
