"""Documents, their texts and their sources, as one transaction sees them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from typing_extensions import override

from rag.store.base import DocumentStore
from rag.store.local.connection import Session
from rag.store.local.filters import composed, document_condition
from rag.store.local.rows import (
    SUMMARY_COLUMNS,
    document_columns,
    document_from_row,
    id_list,
    impossible,
    load_state,
    summary_from_row,
    unknown_document,
)
from rag.store.records import DocumentSummary, FormerDocument, SourceRecord
from rag.types import UPLOAD_PREFIX, Document, Filters, Span

_PREFIX_CHARACTERS = 4
_DOCUMENTS_AT_ONCE = 500


class LocalDocuments(Session, DocumentStore):
    """A DocumentStore of a read transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        # The first read is what fixes the state that SQLite shows to this transaction.
        self._state = load_state(connection)

    @property
    def _index_id(self) -> int | None:
        return None if self._state.index is None else self._state.index.id

    @property
    @override
    def empty(self) -> bool:
        return self._db.execute("SELECT 1 FROM documents LIMIT 1").fetchone() is None

    @override
    def document(self, document_id: str) -> Document:
        row = self._db.execute(
            f"SELECT d.row, {document_columns(self._db)} FROM documents AS d WHERE d.id = ?",
            (document_id,),
        ).fetchone()
        if row is None:
            raise unknown_document(document_id)
        return document_from_row(row[1:], self._sources([row[0]]).get(row[0], []))

    @override
    def summaries(self, document_ids: Sequence[str]) -> Mapping[str, DocumentSummary]:
        wanted = list(dict.fromkeys(document_ids))
        found = self._summaries(
            "json_each(?) AS j CROSS JOIN documents AS d ON d.id = j.value ORDER BY j.key",
            [json.dumps(wanted)],
        )
        return {summary.id: summary for summary in found}

    @override
    def text_windows(self, windows: Sequence[tuple[str, Span]]) -> list[str]:
        asked = [(document_id, span.start, len(span)) for document_id, span in windows]
        # The text is cut by SQLite: only the windows become strings here.
        rows = self._db.execute(
            "SELECT d.characters, substr(d.text, json_extract(j.value, '$[1]') + 1,"
            " json_extract(j.value, '$[2]')) FROM json_each(?) AS j"
            " LEFT JOIN documents AS d ON d.id = json_extract(j.value, '$[0]') ORDER BY j.key",
            (json.dumps(asked),),
        )
        return [
            self._checked(document_id, span, *row)
            for (document_id, span), row in zip(windows, rows, strict=True)
        ]

    def _checked(
        self, document_id: str, span: Span, characters: int | None, window: str | None
    ) -> str:
        if characters is None or window is None:
            raise unknown_document(document_id)
        # SQLite's substr() ends at U+0000, which a text may hold.
        if len(window) < min(span.end, characters) - span.start:
            return span.of(self.document(document_id).text)
        return window

    @override
    def documents(
        self,
        filters: Filters = Filters(),
        *,
        words: str = "",
        limit: int | None = None,
        offset: int = 0,
    ) -> Iterator[DocumentSummary]:
        condition, parameters = document_condition(self._db, filters, words)
        found = self._db.execute(
            f"SELECT d.row FROM documents AS d WHERE {condition} ORDER BY d.row LIMIT ? OFFSET ?",
            [*parameters, -1 if limit is None else limit, offset],
        )
        rows = [row for (row,) in found]
        for start in range(0, len(rows), _DOCUMENTS_AT_ONCE):
            yield from self._summaries(
                "json_each(?) AS j CROSS JOIN documents AS d ON d.row = j.value ORDER BY d.row",
                [id_list(rows[start : start + _DOCUMENTS_AT_ONCE])],
            )

    def _summaries(self, tables: str, parameters: list[object]) -> list[DocumentSummary]:
        rows = self._db.execute(
            f"SELECT d.row, {SUMMARY_COLUMNS} FROM {tables}", [self._index_id, *parameters]
        ).fetchall()
        sources = self._sources([row[0] for row in rows])
        return [summary_from_row(row[1:], sources.get(row[0], [])) for row in rows]

    def _sources(self, rows: Sequence[int]) -> dict[int, list[str]]:
        """The sources of documents by row, each document's first one first."""
        found: dict[int, list[str]] = {}
        for row, source in self._db.execute(
            "SELECT s.document, s.source FROM json_each(?) AS j"
            " CROSS JOIN sources AS s ON s.document = j.value ORDER BY s.position",
            (id_list(rows),),
        ):
            found.setdefault(row, []).append(source)
        return found

    @override
    def count_documents(self, filters: Filters = Filters(), *, words: str = "") -> int:
        condition, parameters = document_condition(self._db, filters, words)
        (count,) = self._db.execute(
            f"SELECT count(*) FROM documents AS d WHERE {condition}", parameters
        ).fetchone()
        return int(count)

    @override
    def languages(self) -> dict[str, int]:
        rows = self._db.execute(
            "SELECT language, count(*) FROM documents GROUP BY language ORDER BY 2 DESC, 1"
        )
        return {str(language): int(count) for language, count in rows}

    @override
    def former(self, document_id: str) -> FormerDocument | None:
        row = self._db.execute(
            "SELECT title, sources, gone_at FROM former_documents WHERE id = ?", (document_id,)
        ).fetchone()
        if row is None:
            return None
        title, listed, gone_at = row
        try:
            sources = tuple(str(source) for source in json.loads(listed))
        except (ValueError, TypeError) as error:
            raise impossible(f"the former document {document_id}", error) from error
        now = self.source(sources[0]) if sources else None
        replaced_by = None if now is None else now.document_id
        return FormerDocument(document_id, title, sources, gone_at, replaced_by)

    @override
    def source(self, source: str) -> SourceRecord | None:
        row = self._db.execute(
            "SELECT s.source, s.file_hash, d.id FROM sources AS s"
            " JOIN documents AS d ON d.row = s.document WHERE s.source = ?",
            (source,),
        ).fetchone()
        return None if row is None else SourceRecord(*row)

    @override
    def resolve(self, reference: str) -> list[str]:
        of_sources = (
            "SELECT DISTINCT d.id FROM sources AS s JOIN documents AS d ON d.row = s.document"
            " WHERE {} ORDER BY d.row"
        ).format
        prefix = (
            "SELECT id FROM documents WHERE id BETWEEN ?1 AND ?1 || char(0x10ffff) ORDER BY row"
        )
        attempts = [
            "SELECT id FROM documents WHERE id = ?1",
            *([prefix] if len(reference) >= _PREFIX_CHARACTERS else []),
            of_sources("s.source = ?1"),
            of_sources("composed(s.source) = ?1"),
            # A URL's last part may be followed by a slash.
            of_sources(
                "(substr(composed(rtrim(s.source, '/')), -length(?1) - 1) = '/' || ?1"
                f" OR composed(s.source) = '{UPLOAD_PREFIX}' || ?1)"
            ),
        ]
        self._db.create_function("composed", 1, composed, deterministic=True)
        for sql in attempts if reference else ():
            # What is stored need not be composed; only the first attempts compare it as it is.
            wanted = composed(reference) if "composed" in sql else reference
            if rows := self._db.execute(sql, (wanted,)).fetchall():
                return [row[0] for row in rows]
        return []
