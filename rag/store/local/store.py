"""The embedded store: one SQLite database, and a vector index that follows it.

SQLite holds everything that counts, changed in one transaction at a time. The FAISS
index is a cache in memory, kept in a checksummed file, caught up from the oplog and
rebuilt from the rows whenever it cannot be trusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from rag.errors import StoreDamagedError
from rag.store.base import Capability, Store
from rag.store.local import check
from rag.store.local.connection import DATABASE_NAME, connect, translated, unusable
from rag.store.local.faiss_index import kind_for
from rag.store.local.journal.journal import LocalJournal
from rag.store.local.lexical import WordCounts, passages_without_words
from rag.store.local.lock import writer_lock
from rag.store.local.readers import ReaderPool
from rag.store.local.rows import load_indexes, load_state, passage_names
from rag.store.local.schema import DOCUMENTS
from rag.store.local.settings import LocalStoreSettings
from rag.store.local.snapshot import SnapshotFile
from rag.store.local.vector_cache import VectorCache
from rag.store.local.vectors import count_vectors
from rag.store.local.view import LocalView
from rag.store.local.writer import LocalWriter
from rag.store.records import Finding, StoreStatus, Unindexed


class LocalStore(Store):
    """A Store in one directory of this machine, for one writer and any readers."""

    def __init__(self, data_dir: Path, settings: LocalStoreSettings) -> None:
        self._data_dir = data_dir
        self._database = data_dir / DATABASE_NAME
        self._settings = settings
        self._pool = ReaderPool(self._database, DOCUMENTS)
        self._file = SnapshotFile(data_dir / "vectors" / "vectors.faiss")
        self._vectors = VectorCache(self._file, settings.flat_up_to)
        self._words = WordCounts()
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
    def open(cls, data_dir: Path, *, settings: LocalStoreSettings | None = None) -> LocalStore:
        """The store in ``data_dir``; nothing is read or created until it is used.

        The first write creates the directory; until then it reads as empty.
        """
        return cls(data_dir, settings or LocalStoreSettings())

    @override
    @contextmanager
    def read(self) -> Iterator[LocalView]:
        with translated(self._database), self._pool.snapshot() as connection:
            view = LocalView(connection, self._settings, self._vectors, self._words)
            try:
                yield view
            finally:
                view.end()

    @override
    @contextmanager
    def write(self) -> Iterator[LocalWriter]:
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(self._data_dir, "written", error) from error
        with (
            writer_lock(self._data_dir),
            translated(self._database),
            closing(connect(self._database, create=True)) as connection,
        ):
            DOCUMENTS.migrate(connection)
            writer = LocalWriter(connection, self._settings, self._vectors, self._file)
            try:
                yield writer
                writer.finish_session()
            finally:
                writer.end()

    @override
    def status(self) -> StoreStatus:
        saved = self._file.contents()
        with translated(self._database), self._pool.snapshot() as connection:
            state = load_state(connection)
            index = state.index
            documents, sources, passages = connection.execute(
                "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM sources),"
                " (SELECT count(*) FROM passages WHERE index_id = ?)",
                (None if index is None else index.id,),
            ).fetchone()
            vectors = 0 if index is None else count_vectors(connection, index)
            building = [index.spec for index in load_indexes(connection) if not index.active]
        kind = saved.kind if saved else kind_for(vectors, self._settings.flat_up_to)
        return StoreStatus(
            documents=documents,
            sources=sources,
            passages=passages,
            generation=str(state.generation),
            index=None if index is None else index.spec,
            index_kind="none" if index is None else self._vectors.kind or kind,
            index_vectors=vectors,
            index_bytes=_size(self._file.path),
            disk_bytes=sum(map(_size, self._data_dir.rglob("*"))),
            building=building[0] if building else None,
        )

    @override
    def check(self) -> list[Finding]:
        """As `Maintenance.check`, of every row; the codes are those of rag.store.local.check."""
        findings: list[Finding] = []
        try:
            with translated(self._database), self._pool.snapshot() as connection:
                state = load_state(connection)
                findings += check.check_database(connection, self._database)
                findings += check.check_stored(connection, self._database, state)
                findings += check.check_snapshot(connection, state, self._file)
        except StoreDamagedError as error:
            findings.append(check.database_damaged(self._database, str(error)))
        if any(finding.code == "database.damaged" for finding in findings):
            findings = [
                replace(found, remedy=check.UNREPAIRED, repairable=False) for found in findings
            ]
        return findings + self._journal.check()

    @override
    def repair(self, findings: Sequence[Finding]) -> list[str]:
        with self.write() as writer:
            return writer.repair(findings)

    @override
    def unindexed(self) -> Unindexed:
        with translated(self._database), self._pool.snapshot() as connection:
            index = load_state(connection).index
            if index is None:
                return Unindexed((), ())
            vectorless = connection.execute(
                "SELECT p.id FROM passages AS p LEFT JOIN vectors AS v ON v.passage = p.id"
                " WHERE p.index_id = ? AND coalesce(length(v.vector), 0) <> ? ORDER BY p.id",
                (index.id, 2 * index.dimension),
            )
            lost = [row for (row,) in vectorless], passages_without_words(connection, index)
            vectors, words = (tuple(passage_names(connection, rows).values()) for rows in lost)
            return Unindexed(vectors=vectors, words=words)

    @override
    def close(self) -> None:
        self._pool.close()
        self._journal.close()
        self._vectors.forget()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except (FileNotFoundError, PermissionError):  # replaced meanwhile, or not ours
        return 0
