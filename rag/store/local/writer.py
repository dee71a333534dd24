"""The one writer of the embedded store: each method is one durable transaction."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from typing_extensions import override

from embeddings.types import Vectors
from rag.errors import StoreError
from rag.store.base import Writer
from rag.store.local.changes import (
    check_passages,
    check_vectors,
    create_index,
    drop_index,
    forget_source,
    insert_passages,
    point_source,
    remove_document,
    remove_passages,
    save_document,
    store_vectors,
)
from rag.store.local.connection import Session, transaction
from rag.store.local.lexical import insert_words
from rag.store.local.repair import repair_rows
from rag.store.local.rows import (
    PASSAGES_OF_IDS,
    IndexRow,
    load_indexes,
    load_state,
    passage_spans,
    unknown_document,
)
from rag.store.local.settings import LocalStoreSettings
from rag.store.local.snapshot import SnapshotFile
from rag.store.local.vector_cache import VectorCache
from rag.store.records import (
    Finding,
    IndexedDocument,
    IndexedPassages,
    IndexSpec,
    PassageWords,
    SourceRecord,
)

_log = logging.getLogger(__name__)


class LocalWriter(Session, Writer):
    """A Writer of the embedded store."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        settings: LocalStoreSettings,
        cache: VectorCache,
        file: SnapshotFile,
    ) -> None:
        super().__init__(connection)
        self._settings = settings
        self._cache = cache
        self._file = file

    def _index(self, *, active: bool) -> IndexRow | None:
        return next((i for i in load_indexes(self._db) if i.active == active), None)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """A transaction; a new generation when it changes anything."""
        with transaction(self._db):
            before = self._db.total_changes
            yield self._db
            if self._db.total_changes > before:
                self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")

    @override
    def put(self, items: Sequence[IndexedDocument], spec: IndexSpec) -> None:
        for item in items:
            check_passages(item.document.id, len(item.document.text), item.index, spec)
        if not items:
            return
        with self._change() as db:
            active = self._index(active=True) or create_index(db, spec, active=True)
            active.spec.require(spec)
            for item in items:
                row = save_document(db, item.document)
                insert_passages(db, active, row, item.index)
                for source in item.document.sources:
                    point_source(db, source, item.file_hash, row)
        self._snapshot_if_behind(self._settings.session_operations)

    @override
    def add_source(self, record: SourceRecord) -> None:
        with self._change() as db:
            row, _ = _document(db, record.document_id)
            point_source(db, record.source, record.file_hash, row)

    @override
    def remove_source(self, source: str) -> bool:
        with self._change() as db:
            known = forget_source(db, source)
        self._snapshot_if_behind(self._settings.session_operations)
        return known

    @override
    def remove_document(self, document_id: str) -> bool:
        with self._change() as db:
            row = db.execute("SELECT row FROM documents WHERE id = ?", (document_id,)).fetchone()
            if row is not None:
                remove_document(db, row[0])
        self._snapshot_if_behind(self._settings.session_operations)
        return row is not None

    @override
    def begin_index(self, spec: IndexSpec) -> None:
        building = self._index(active=False)
        if building is not None and building.spec == spec:
            return
        with self._change() as db:
            if building is not None:
                drop_index(db, building)
            create_index(db, spec, active=False)

    @override
    def pending_documents(self) -> list[str]:
        rows = self._db.execute(
            "SELECT id FROM documents WHERE row NOT IN"
            " (SELECT document FROM holdings WHERE index_id = ?) ORDER BY row",
            (self._building().id,),
        )
        return [row[0] for row in rows]

    @override
    def put_passages(self, items: Mapping[str, IndexedPassages]) -> None:
        building = self._building()
        with self._change() as db:
            for document_id, indexed in items.items():
                row, characters = _document(db, document_id)
                check_passages(document_id, characters, indexed, building.spec)
                remove_passages(db, row, [building])
                insert_passages(db, building, row, indexed)

    @override
    def activate_index(self) -> None:
        building = self._building()
        if pending := self.pending_documents():
            raise StoreError(
                f"{len(pending)} documents are not in the new index yet, the first is "
                f"'{pending[0]}'",
                remedy="run 'footnote reindex' again",
            )
        with self._change() as db:
            if active := self._index(active=True):
                drop_index(db, active)
            db.execute("UPDATE indexes SET state = 'active' WHERE id = ?", (building.id,))
        self._snapshot_if_behind(0)

    @override
    def put_vectors(self, passage_ids: Sequence[str], vectors: Vectors) -> None:
        active = self._active(passage_ids)
        check_vectors("put_vectors", len(passage_ids), vectors, active.spec)
        with self._change() as db:
            store_vectors(db, active, _passage_rows(db, active, passage_ids), vectors)

    @override
    def put_words(self, passage_ids: Sequence[str], words: Sequence[PassageWords]) -> None:
        active = self._active(passage_ids)
        with self._change() as db:
            rows = _passage_rows(db, active, passage_ids)
            insert_words(db, active, zip(rows, words, strict=True))

    def _active(self, passage_ids: Sequence[str]) -> IndexRow:
        active = self._index(active=True)
        if active is None:
            raise KeyError(*passage_ids[:1])
        return active

    def repair(self, findings: Sequence[Finding]) -> list[str]:
        """As `Maintenance.repair`."""
        with self._change() as db:
            done = repair_rows(db, findings)
        self._cache.forget()
        if any(finding.code.startswith(("snapshot.", "vector.")) for finding in findings):
            self._snapshot()
            done.append("saved the vector index again")
        return done

    def finish_session(self) -> None:
        """Save the vector index when enough has changed since the last time."""
        (passages,) = self._db.execute("SELECT count(*) FROM passages").fetchone()
        self._snapshot_if_behind(int(passages * self._settings.end_share))

    def _building(self) -> IndexRow:
        building = self._index(active=False)
        if building is None:
            raise StoreError("no index is being built", remedy="run 'footnote reindex'")
        return building

    def _snapshot_if_behind(self, operations: int) -> None:
        state, saved = load_state(self._db), self._file.contents()
        if state.index is None:
            return
        # One beyond the database was saved for another database.
        behind = state.seq - saved.seq if saved and saved.index_id == state.index.id else -1
        if not 0 <= behind <= operations:
            self._snapshot()

    def _snapshot(self) -> None:
        # Read outside a transaction: there is no other writer.
        state = load_state(self._db)
        try:
            self._cache.save(self._db, state)
        except OSError as error:
            # The rows are committed and the file is only a cache of them.
            _log.warning("the vector index could not be saved: %s", error)
            return
        floor = state.seq - self._settings.kept_operations
        with transaction(self._db):
            self._db.execute("DELETE FROM oplog WHERE seq <= ?", (floor,))
            self._db.execute(
                "UPDATE meta SET value = max(value, ?) WHERE key = 'oplog_floor'", (floor,)
            )


def _passage_rows(
    connection: sqlite3.Connection, index: IndexRow, passage_ids: Sequence[str]
) -> list[int]:
    """Row ids of passages of an index. Raises KeyError when it has no such passage."""
    found = connection.execute(
        f"SELECT j.key, p.id FROM {PASSAGES_OF_IDS}", (passage_spans(passage_ids), index.id)
    )
    rows = dict(found.fetchall())
    if lost := [name for place, name in enumerate(passage_ids) if place not in rows]:
        raise KeyError(lost[0])
    return [rows[place] for place in range(len(passage_ids))]


def _document(connection: sqlite3.Connection, document_id: str) -> tuple[int, int]:
    row = connection.execute(
        "SELECT row, characters FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    if row is None:
        raise unknown_document(document_id)
    return int(row[0]), int(row[1])
