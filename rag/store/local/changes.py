"""Changes to the rows: a passage, its vector, its words and its oplog entry together.

Every function runs inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from embeddings.types import Vectors
from rag.store.local.lexical import create_table, insert_words
from rag.store.local.rows import IndexRow, dates_to_json, id_list, index_in_state
from rag.store.local.vectors import NORM_TOLERANCE, to_blobs
from rag.store.records import IndexedPassages, IndexSpec
from rag.types import Document, passage_id

__all__ = [
    "check_passages",
    "check_vectors",
    "create_index",
    "drop_index",
    "forget_source",
    "forget_vectors",
    "insert_passages",
    "open_indexes",
    "point_source",
    "remove_document",
    "remove_passages",
    "save_document",
    "store_vectors",
]


def open_indexes(connection: sqlite3.Connection) -> list[IndexRow]:
    """The active index and the one being built, as far as they exist."""
    found = (index_in_state(connection, state) for state in ("active", "building"))
    return [index for index in found if index is not None]


def create_index(connection: sqlite3.Connection, spec: IndexSpec, state: str) -> IndexRow:
    """A new, empty index in the state 'active' or 'building'."""
    encoder = spec.encoder
    cursor = connection.execute(
        "INSERT INTO indexes (state, encoder_name, encoder_revision, dimension, query_prompt,"
        " passage_prompt, splitter, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            state,
            encoder.name,
            encoder.revision,
            encoder.dimension,
            encoder.query_prompt,
            encoder.passage_prompt,
            spec.splitter,
            spec.words,
        ),
    )
    index = IndexRow(int(cursor.lastrowid or 0), spec)
    create_table(connection, index)
    return index


def drop_index(connection: sqlite3.Connection, index: IndexRow) -> None:
    """Remove an index with its passages, vectors, words and oplog."""
    connection.execute(f"DROP TABLE IF EXISTS {index.lexical_table}")
    connection.execute("DELETE FROM oplog WHERE index_id = ?", (index.id,))
    connection.execute("DELETE FROM indexes WHERE id = ?", (index.id,))


def save_document(connection: sqlite3.Connection, document: Document) -> int:
    """Insert a document, or bring the stored one of the same id up to date; its row.

    A stored document loses its passages in every index.
    """
    published = document.published
    interval = None if published is None else published.interval()
    values = {
        "id": document.id,
        "title": document.title,
        "content_hash": document.content_hash,
        "language": document.language,
        "published_first": None if interval is None else interval[0].isoformat(),
        "published_last": None if interval is None else interval[1].isoformat(),
        "published": None if published is None else published.isoformat(),
        "characters": len(document.text),
        "dates": dates_to_json(document.dates),
        "metadata": json.dumps(dict(document.metadata), ensure_ascii=False),
        "text": document.text,
    }
    connection.execute("DELETE FROM former_documents WHERE id = ?", (document.id,))
    row = _document_row(connection, document.id)
    if row is not None:
        remove_passages(connection, row)
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        connection.execute(f"UPDATE documents SET {assignments} WHERE row = {row}", values)
        return row
    values["added_at"] = datetime.now(UTC).isoformat(timespec="seconds")
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    cursor = connection.execute(f"INSERT INTO documents ({names}) VALUES ({marks})", values)
    return int(cursor.lastrowid or 0)


def _document_row(connection: sqlite3.Connection, document_id: str) -> int | None:
    row = connection.execute("SELECT row FROM documents WHERE id = ?", (document_id,)).fetchone()
    return None if row is None else int(row[0])


def point_source(
    connection: sqlite3.Connection, source: str, file_hash: str, document: int
) -> None:
    """Let a source name this document; one that has no source left is removed."""
    previous = connection.execute(
        "SELECT document FROM sources WHERE source = ?", (source,)
    ).fetchone()
    if previous is not None and previous[0] == document:
        connection.execute("UPDATE sources SET file_hash = ? WHERE source = ?", (file_hash, source))
        return
    # Forgotten and inserted, not updated: it comes last among the new document's sources.
    forget_source(connection, source)
    connection.execute(
        "INSERT INTO sources (source, document, file_hash) VALUES (?, ?, ?)",
        (source, document, file_hash),
    )


def forget_source(connection: sqlite3.Connection, source: str) -> bool:
    """Remove a source, and its document when that was its last. False when unknown.

    A source that so becomes its document's first loses its file hash: the title and the
    dates are still those of the one removed, and it must be read again to give its own.
    """
    known = connection.execute(
        "SELECT position, document FROM sources WHERE source = ?", (source,)
    ).fetchone()
    if known is None:
        return False
    position, document = known
    connection.execute("DELETE FROM sources WHERE position = ?", (position,))
    (first,) = connection.execute(
        "SELECT min(position) FROM sources WHERE document = ?", (document,)
    ).fetchone()
    if first is None:
        remove_document(connection, int(document), last_source=source)
    elif first > position:
        connection.execute("UPDATE sources SET file_hash = '' WHERE position = ?", (first,))
    return True


def remove_document(
    connection: sqlite3.Connection, document: int, *, last_source: str | None = None
) -> None:
    """Remove a document's row, sources, passages and vectors from every index.

    That it was there is kept, with its sources: those it has, or the ``last_source`` that
    it has just lost.
    """
    _keep_as_former(connection, document, last_source)
    remove_passages(connection, document)
    connection.execute("DELETE FROM documents WHERE row = ?", (document,))


def _keep_as_former(connection: sqlite3.Connection, document: int, last_source: str | None) -> None:
    sources = [
        row[0]
        for row in connection.execute(
            "SELECT source FROM sources WHERE document = ? ORDER BY position", (document,)
        )
    ]
    if not sources and last_source is not None:
        sources = [last_source]
    connection.execute(
        "INSERT OR REPLACE INTO former_documents (id, title, sources, gone_at)"
        " SELECT id, title, ?, ? FROM documents WHERE row = ?",
        (
            json.dumps(sources, ensure_ascii=False),
            datetime.now(UTC).isoformat(timespec="seconds"),
            document,
        ),
    )


def remove_passages(
    connection: sqlite3.Connection, document: int, index: IndexRow | None = None
) -> None:
    """Remove a document's passages from one index, or from all; it is then pending there."""
    active = index_in_state(connection, "active")
    for held in open_indexes(connection) if index is None else [index]:
        where = "WHERE document = ? AND index_id = ?"
        if active is not None and held.id == active.id:
            connection.execute(
                "INSERT INTO oplog (index_id, op, passage)"
                f" SELECT index_id, 'remove', id FROM passages {where}",
                (document, held.id),
            )
        connection.execute(
            f"DELETE FROM {held.lexical_table} WHERE rowid IN (SELECT id FROM passages {where})",
            (document, held.id),
        )
        # Their vectors go with them, by the foreign key.
        connection.execute(f"DELETE FROM passages {where}", (document, held.id))
        connection.execute(f"DELETE FROM holdings {where}", (document, held.id))


def insert_passages(
    connection: sqlite3.Connection,
    index: IndexRow,
    document: int,
    indexed: IndexedPassages,
    *,
    log: bool,
) -> None:
    """Let an index hold a document with these passages.

    ``log``: tell the vector index, which follows the active index only.
    """
    last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
    first = int(last[0]) + 1 if last else 1
    numbered = list(enumerate(indexed.passages, start=first))
    connection.execute("INSERT INTO holdings VALUES (?, ?)", (index.id, document))
    connection.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                row,
                index.id,
                document,
                row - first,
                passage.span.start,
                passage.span.end,
                json.dumps(passage.headings, ensure_ascii=False),
                passage.search_text,
            )
            for row, passage in numbered
        ],
    )
    rows = [row for row, _ in numbered]
    insert_words(connection, index, zip(rows, indexed.words, strict=True))
    store_vectors(connection, index, rows, indexed.vectors, log=log)


def store_vectors(
    connection: sqlite3.Connection,
    index: IndexRow,
    rows: Sequence[int],
    vectors: Vectors,
    *,
    log: bool,
) -> None:
    """Give passages their vectors, replacing what they had."""
    connection.executemany(
        "INSERT INTO vectors VALUES (?, ?)"
        " ON CONFLICT (passage) DO UPDATE SET vector = excluded.vector",
        zip(rows, to_blobs(vectors), strict=True),
    )
    if log:
        connection.executemany(
            "INSERT INTO oplog (index_id, op, passage) VALUES (?, 'add', ?)",
            [(index.id, row) for row in rows],
        )


def forget_vectors(connection: sqlite3.Connection, rows: Sequence[int]) -> None:
    """Remove the vectors of passages, so that they are known to need new ones."""
    active = index_in_state(connection, "active")
    connection.execute(
        "DELETE FROM vectors WHERE passage IN (SELECT value FROM json_each(?))", (id_list(rows),)
    )
    connection.execute(
        "INSERT INTO oplog (index_id, op, passage) SELECT index_id, 'remove', id FROM passages"
        " WHERE index_id = ? AND id IN (SELECT value FROM json_each(?))",
        (None if active is None else active.id, id_list(rows)),
    )


def check_passages(
    document_id: str, characters: int, indexed: IndexedPassages, spec: IndexSpec
) -> None:
    """Refuse what could never be cited or found.

    Raises:
        ValueError: a passage is of another document, reaches beyond the text, or repeats
            another's id; or there are not words and one finite unit row of the vectors for
            each passage.
    """
    passages = indexed.passages
    check_vectors(f"document {document_id}", len(passages), indexed.vectors, spec)
    if len(indexed.words) != len(passages):
        raise ValueError(
            f"document {document_id} has {len(passages)} passages and words of {len(indexed.words)}"
        )
    for passage in passages:
        expected = passage_id(document_id, passage.span)
        if passage.document_id != document_id or passage.id != expected:
            raise ValueError(f"passage '{passage.id}' should have the id '{expected}'")
        if passage.span.end > characters:
            raise ValueError(
                f"passage '{passage.id}' ends beyond its document's {characters} characters"
            )
    if len({passage.id for passage in passages}) < len(passages):
        raise ValueError(f"document {document_id} has two passages of the same span")


def check_vectors(what: str, count: int, vectors: Vectors, spec: IndexSpec) -> None:
    """Refuse vectors that are not ``count`` finite unit rows of the index's dimension.

    Raises:
        ValueError: they are not; the message begins with ``what``.
    """
    expected = (count, spec.encoder.dimension)
    if vectors.shape != expected:
        raise ValueError(f"{what}: vectors have shape {vectors.shape}, not {expected}")
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    if not np.all(np.abs(norms - 1.0) <= NORM_TOLERANCE):  # false for NaN as well
        raise ValueError(f"{what}: a vector is not a finite unit vector")
