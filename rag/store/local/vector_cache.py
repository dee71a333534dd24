"""The vector index of one process: loaded, caught up and shared by its threads.

SQLite is the truth; this is a cache of it that can always be rebuilt. It follows the
oplog, so it may be ahead of a transaction that began earlier. A search says for which
state it is made, and gets candidates that are right for that state.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from embeddings.types import Vectors
from rag.errors import StoreDamagedError
from rag.store.local.faiss_index import IndexKind, IndexKinds, VectorIndex
from rag.store.local.rows import IndexRow, ViewState
from rag.store.local.snapshot import Manifest, SnapshotFiles
from rag.store.local.vectors import count_vectors, stream_vectors, vectors_of

__all__ = ["VectorCache", "load_current", "replay"]

_log = logging.getLogger(__name__)
# Removals remembered for the sake of transactions that began before them.
_REMEMBERED_OPERATIONS = 1000


@dataclass(slots=True)
class _Held:
    """An index as of oplog ``seq``; it can serve states from ``since`` on.

    ``verified``: its count was found equal to the database's. ``removed`` holds (seq
    after the removal, ids) of what was removed after ``since``.
    """

    index: VectorIndex
    index_id: int
    seq: int
    since: int
    verified: bool
    removed: deque[tuple[int, NDArray[np.int64]]] = field(default_factory=deque)


class VectorCache:
    """One vector index for all threads of a process."""

    def __init__(self, files: SnapshotFiles, kinds: IndexKinds) -> None:
        self._files = files
        self._kinds = kinds
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
        """Ids among which the best are, for the state; some may have no row in it.

        None when the index in memory has moved on too far to say: scan the rows.
        """
        with self._lock:
            held = self._caught_up(connection, state)
            if held is None:
                return None
            found = held.index.search(query, limit, allowed)
            gone = [ids for seq, ids in held.removed if seq > state.seq]
        if not gone:
            return found
        removed = np.concatenate(gone)
        if allowed is not None:
            removed = np.intersect1d(removed, allowed)
        return np.union1d(found, removed)

    def save(self, connection: sqlite3.Connection, state: ViewState) -> Manifest | None:
        """Write a snapshot of the state. None when there is no index to write.

        Raises:
            OSError: it could not be written; what is stored is not affected.
        """
        index = state.index
        if index is None:
            return None
        with self._lock:
            held = self._caught_up(connection, state)
            if held is None:
                return None
            data, count, kind, seq = (
                held.index.dumps(),
                held.index.count,
                held.index.kind,
                held.seq,
            )
        encoder = index.spec.encoder
        return self._files.write(
            data,
            lambda file, size, sha256: Manifest(
                file, index.id, seq, count, size, sha256, kind, encoder.name, encoder.revision
            ),
        )

    def prepare(self, connection: sqlite3.Connection, index: IndexRow) -> VectorIndex:
        """An index of another row than the active one, built from the database."""
        return _build(connection, index, self._kinds)

    def install(self, built: VectorIndex, state: ViewState) -> None:
        """Serve ``built``, which holds the active index as of ``state``."""
        if state.index is not None:
            with self._lock:
                self._held = _Held(built, state.index.id, state.seq, state.seq, verified=True)

    def forget(self) -> None:
        """Drop what is in memory; the next search loads or rebuilds it."""
        with self._lock:
            self._held = None

    def _caught_up(self, connection: sqlite3.Connection, state: ViewState) -> _Held | None:
        """The index brought to the state, or beyond if it already was; None if too far."""
        index = state.index
        if index is None:
            return None
        held = self._held
        # Index ids grow, so a smaller one is a state from before a reindex.
        if held is not None and held.index_id > index.id:
            return None
        if held is None or held.index_id < index.id or held.seq < state.oplog_floor:
            held = self._held = self._load(connection, state, index)
        if held.seq < state.seq:
            held.removed.append((state.seq, replay(connection, index, held.index, held.seq)))
            held.seq = state.seq
            if len(held.removed) > _REMEMBERED_OPERATIONS:
                held.since, _ = held.removed.popleft()
        if held.seq == state.seq and not held.verified:
            if held.index.count != count_vectors(connection, index):
                _log.warning("the vector index does not match the database; rebuilding it")
                held = self._held = self._rebuilt(connection, state, index)
            held.verified = True
        if held.seq == state.seq and self._kinds.outgrown(held.index.kind, held.index.count):
            held = self._held = self._rebuilt(connection, state, index)
        return held if state.seq >= held.since else None

    def _load(self, connection: sqlite3.Connection, state: ViewState, index: IndexRow) -> _Held:
        try:
            current = load_current(
                self._files, index, self._kinds, wanted=lambda found: _belongs(found, index, state)
            )
            if current is not None:
                manifest, loaded = current
                return _Held(loaded, index.id, manifest.seq, manifest.seq, verified=False)
        except StoreDamagedError as error:
            _log.warning("%s", error)
        return self._rebuilt(connection, state, index)

    def _rebuilt(self, connection: sqlite3.Connection, state: ViewState, index: IndexRow) -> _Held:
        built = _build(connection, index, self._kinds)
        return _Held(built, index.id, state.seq, state.seq, verified=True)


def load_current(
    files: SnapshotFiles,
    index: IndexRow,
    kinds: IndexKinds,
    *,
    wanted: Callable[[Manifest], bool],
) -> tuple[Manifest, VectorIndex] | None:
    """The current snapshot's manifest and vector index, as of its ``seq``.

    None when there is none, or its manifest is not ``wanted``.

    Raises:
        StoreDamagedError: the file or the manifest is not what was written.
    """
    while True:
        manifest = files.manifest()
        if manifest is None or not wanted(manifest):
            return None
        try:
            return manifest, _load_snapshot(files, manifest, index, kinds)
        except StoreDamagedError:
            # A writer that takes a new snapshot deletes the file of the one before.
            if files.manifest() == manifest:
                raise


def _load_snapshot(
    files: SnapshotFiles, manifest: Manifest, index: IndexRow, kinds: IndexKinds
) -> VectorIndex:
    data = files.load(manifest)
    path = files.folder / manifest.file
    if manifest.kind not in get_args(IndexKind):
        raise StoreDamagedError(f"{path} is of an unknown kind '{manifest.kind}'")
    try:
        loaded = VectorIndex.loads(data, cast("IndexKind", manifest.kind), kinds)
    except ValueError as error:
        raise StoreDamagedError(f"{path} cannot be loaded: {error}") from error
    if loaded.count != manifest.count or loaded.dimension != index.dimension:
        raise StoreDamagedError(
            f"{path} holds {loaded.count} vectors of {loaded.dimension} components, "
            f"not {manifest.count} of {index.dimension}"
        )
    return loaded


def replay(
    connection: sqlite3.Connection, index: IndexRow, vectors: VectorIndex, seq: int
) -> NDArray[np.int64]:
    """Apply the operations after ``seq``; the ids that were removed and not added again."""
    touched = np.fromiter(
        (
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT passage FROM oplog WHERE seq > ? AND index_id = ?",
                (seq, index.id),
            )
        ),
        dtype=np.int64,
    )
    # Whatever the operations were, the rows say what must be there now.
    ids, rows = vectors_of(connection, index, touched.tolist())
    vectors.remove(touched)
    vectors.add(ids, rows)
    gone: NDArray[np.int64] = np.setdiff1d(touched, ids)
    return gone


def _belongs(manifest: Manifest, index: IndexRow, state: ViewState) -> bool:
    encoder = index.spec.encoder
    return (
        manifest.index_id == index.id
        and manifest.seq >= state.oplog_floor
        and (manifest.encoder_name, manifest.encoder_revision) == (encoder.name, encoder.revision)
    )


def _build(connection: sqlite3.Connection, index: IndexRow, kinds: IndexKinds) -> VectorIndex:
    return VectorIndex.build(
        partial(stream_vectors, connection, index),
        count_vectors(connection, index),
        index.dimension,
        kinds,
    )
