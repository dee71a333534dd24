"""The embedded store: one SQLite database, and a vector index that follows it.

SQLite holds everything that counts, changed in one transaction at a time. The FAISS
index is a cache in memory, kept in a checksummed snapshot file, caught up from the
oplog and rebuilt from the rows whenever it cannot be trusted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from typing_extensions import override

from rag.errors import StoreDamagedError
from rag.store.base import Capability, Store
from rag.store.local import check
from rag.store.local.connection import (
    DATABASE_NAME,
    ReaderPool,
    connect,
    exists,
    may_write,
    translated,
    unusable,
)
from rag.store.local.faiss_index import IndexKinds
from rag.store.local.journal.journal import LocalJournal
from rag.store.local.lexical import passages_without_words
from rag.store.local.lock import WriterLock
from rag.store.local.migrations import migrate
from rag.store.local.rows import index_in_state, load_state, passage_names
from rag.store.local.search import SearchSettings
from rag.store.local.snapshot import Manifest, SnapshotFiles
from rag.store.local.statistics import Statistics
from rag.store.local.vector_cache import VectorCache
from rag.store.local.vectors import count_vectors
from rag.store.local.view import LocalView
from rag.store.local.writer import LocalWriter, SnapshotSettings
from rag.store.records import Finding, StoreStatus, Unindexed

__all__ = ["LocalStore", "LocalStoreSettings"]

_SNAPSHOT_FOLDER = "vectors"


@dataclass(frozen=True, slots=True)
class LocalStoreSettings:
    """What may be tuned; no setting changes which passages are right."""

    kinds: IndexKinds = field(default_factory=IndexKinds)
    search: SearchSettings = field(default_factory=SearchSettings)
    snapshots: SnapshotSettings = field(default_factory=SnapshotSettings)


class LocalStore(Store):
    """A Store in one directory of this machine, for one writer and any readers."""

    def __init__(self, data_dir: Path, settings: LocalStoreSettings) -> None:
        self._data_dir = data_dir
        self._database = data_dir / DATABASE_NAME
        self._settings = settings
        self._pool = ReaderPool(self._database)
        self._files = SnapshotFiles(data_dir / _SNAPSHOT_FOLDER)
        self._cache = VectorCache(self._files, settings.kinds)
        self._statistics = Statistics()
        self._lock = WriterLock(data_dir)
        self._journal = LocalJournal(data_dir)

    @property
    @override
    def lacks(self) -> frozenset[Capability]:
        return frozenset()

    @property
    @override
    def journal(self) -> LocalJournal:
        return self._journal

    @classmethod
    def open(
        cls, data_dir: Path, *, settings: LocalStoreSettings = LocalStoreSettings()
    ) -> LocalStore:
        """The store in ``data_dir``; nothing is read or created until it is used.

        The first write creates the directory; until then it reads as empty.
        """
        return cls(data_dir, settings)

    @override
    @contextmanager
    def read(self) -> Iterator[LocalView]:
        """A consistent view; never waits for the writer.

        Raises:
            StoreDamagedError: the database is damaged.
            StoreVersionError: it was written by a newer Footnote.
            StoreError: the directory cannot be read.
        """
        with self._snapshot_of_rows() as connection:
            view = LocalView(connection, self._cache, self._settings.search, self._statistics)
            try:
                yield view
            finally:
                view.end()

    @contextmanager
    def _snapshot_of_rows(self) -> Iterator[sqlite3.Connection]:
        """A connection in a read transaction, its failures translated."""
        with translated(self._database), self._pool.snapshot() as connection:
            yield connection

    @override
    @contextmanager
    def write(self) -> Iterator[LocalWriter]:
        """Become the single writer until the context ends.

        Raises:
            StoreLockedError: another process or thread is writing.
            StoreDamagedError: the database is damaged.
            StoreError: the directory cannot be written.
        """
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(self._data_dir, "written", error) from error
        with (
            self._lock.hold(),
            translated(self._database),
            closing(connect(self._database, create=True)) as connection,
        ):
            migrate(connection)
            # Left over from a writer that died: the lock says there is no other.
            try:
                self._files.remove_strays()
            except OSError as error:
                raise unusable(self._data_dir, "written", error) from error
            writer = LocalWriter(connection, self._cache, self._files, self._settings.snapshots)
            try:
                yield writer
                writer.finish_session()
            finally:
                writer.end()

    @override
    def status(self) -> StoreStatus:
        manifest = self._manifest()
        with self._snapshot_of_rows() as connection:
            state = load_state(connection)
            documents, sources = connection.execute(
                "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM sources)"
            ).fetchone()
            passages = vectors = 0
            if state.index is not None:
                (passages,) = connection.execute(
                    "SELECT count(*) FROM passages WHERE index_id = ?", (state.index.id,)
                ).fetchone()
                vectors = count_vectors(connection, state.index)
            building = index_in_state(connection, "building")
        saved = manifest if state.index and manifest else None
        kind = self._cache.kind or (
            saved.kind if saved else self._settings.kinds.for_count(vectors)
        )
        return StoreStatus(
            documents=documents,
            sources=sources,
            passages=passages,
            generation=str(state.generation),
            index=None if state.index is None else state.index.spec,
            index_kind="none" if state.index is None else kind,
            index_vectors=vectors,
            index_bytes=saved.bytes if saved else 0,
            disk_bytes=_size(self._data_dir),
            building=None if building is None else building.spec,
        )

    def _manifest(self) -> Manifest | None:
        try:
            return self._files.manifest()
        except StoreDamagedError:
            return None

    @override
    def check(self) -> list[Finding]:
        """Verify checksums, counts and span invariants; an empty list means sound.

        The codes are those of rag.store.local.check. Reads every row. What FTS5 checks by
        writing is left out where this user may not write and while there is a writer.
        When the database itself is damaged, nothing is repairable.
        """
        findings: list[Finding] = []
        try:
            with self._snapshot_of_rows() as connection:
                state = load_state(connection)
                findings += check.check_database(connection, str(self._database))
                findings += check.check_rows(connection, state)
                findings += check.check_snapshot(
                    connection, state, self._files, self._settings.kinds
                )
            findings += self._check_lexical_tables()
        except StoreDamagedError as error:
            findings.append(
                Finding(
                    "database.damaged",
                    str(self._database),
                    str(error),
                    check.UNREPAIRED,
                    repairable=False,
                )
            )
        if self._files.strays() and not self._lock.is_held():
            findings += check.stray_files(self._files)
        if any(finding.code == "database.damaged" for finding in findings):
            findings = [
                replace(found, remedy=check.UNREPAIRED, repairable=False) for found in findings
            ]
        return findings + self._journal.check()

    def _check_lexical_tables(self) -> list[Finding]:
        # FTS5 is asked by an INSERT, which would wait for a writer and make it wait.
        if not exists(self._database) or not may_write(self._database) or self._lock.is_held():
            return []
        with translated(self._database), closing(connect(self._database)) as connection:
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                return []
            return list(check.check_lexical_tables(connection))

    @override
    def repair(self, findings: Sequence[Finding]) -> list[str]:
        with self.write() as writer:
            return writer.repair(findings)

    @override
    def unindexed(self) -> Unindexed:
        with self._snapshot_of_rows() as connection:
            index = load_state(connection).index
            if index is None:
                return Unindexed((), ())
            vectorless = connection.execute(
                "SELECT p.id FROM passages AS p LEFT JOIN vectors AS v ON v.passage = p.id"
                " WHERE p.index_id = ? AND coalesce(length(v.vector), 0) <> ? ORDER BY p.id",
                (index.id, 2 * index.dimension),
            ).fetchall()
            wordless = passages_without_words(connection, index)
            return Unindexed(
                vectors=tuple(passage_names(connection, (row for (row,) in vectorless)).values()),
                words=tuple(passage_names(connection, wordless).values()),
            )

    @override
    def close(self) -> None:
        self._pool.close()
        self._journal.close()
        self._cache.forget()


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            total += path.stat().st_size if path.is_file() else 0
        except (FileNotFoundError, PermissionError):  # replaced meanwhile, or not ours
            continue
    return total
