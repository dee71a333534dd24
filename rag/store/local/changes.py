"""Changes to the rows: a passage, its vector, its words and its oplog entry together.

Every function runs inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, datetime

import numpy as np

from embeddings.types import Vectors
from rag.store.local.lexical import create_table, insert_words
from rag.store.local.rows import IndexRow, blocks_to_json, dates_to_json, load_indexes
from rag.store.local.vectors import NORM_TOLERANCE, to_blobs
from rag.store.records import IndexedPassages, IndexSpec
from rag.types import Document, passage_id


def create_index(connection: sqlite3.Connection, spec: IndexSpec, *, active: bool) -> IndexRow:
    """A new, empty index, active or to be built."""
    state = "active" if active else "building"
    cursor = connection.execute(
        "INSERT INTO indexes (state, encoder_name, encoder_revision, dimension, query_prompt,"
        " passage_prompt, splitter, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (state, *astuple(spec.encoder), spec.splitter, spec.words),
    )
    index = IndexRow(int(cursor.lastrowid or 0), active, spec)
    create_table(connection, index)
    return index


def drop_index(connection: sqlite3.Connection, index: IndexRow) -> None:
    """Remove an index with its passages, vectors, words and oplog."""
    connection.execute(f"DROP TABLE IF EXISTS {index.words}")
    connection.execute("DELETE FROM oplog WHERE index_id = ?", (index.id,))
    connection.execute("DELETE FROM indexes WHERE id = ?", (index.id,))


def save_document(connection: sqlite3.Connection, document: Document) -> int:
    """Insert a document, or bring the stored one of the same id up to date; its row.

    A stored document loses its passages in every index.
    """
    published = document.published
    first, last = (published.interval() if published else None) or (None, None)
    values = {
        "id": document.id,
        "title": document.title,
        "content_hash": document.content_hash,
        "language": document.language,
        "published_first": first and first.isoformat(),
        "published_last": last and last.isoformat(),
        "published": published and published.isoformat(),
        "characters": len(document.text),
        "added_at": _now(),
        "dates": dates_to_json(document.dates),
        "metadata": json.dumps(dict(document.metadata), ensure_ascii=False),
        "blocks": blocks_to_json(document.blocks),
        "text": document.text,
    }
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    updates = ", ".join(f"{name} = excluded.{name}" for name in values if name != "added_at")
    connection.execute("DELETE FROM former_documents WHERE id = ?", (document.id,))
    (row,) = connection.execute(
        f"INSERT INTO documents ({names}) VALUES ({marks})"
        f" ON CONFLICT (id) DO UPDATE SET {updates} RETURNING row",
        values,
    ).fetchone()
    remove_passages(connection, row, load_indexes(connection))
    return int(row)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


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
    (first,) = connection.execute(
        "SELECT min(position) FROM sources WHERE document = ? AND position <> ?",
        (document, position),
    ).fetchone()
    if first is None:
        remove_document(connection, document)
        return True
    connection.execute("DELETE FROM sources WHERE position = ?", (position,))
    if first > position:
        connection.execute("UPDATE sources SET file_hash = '' WHERE position = ?", (first,))
    return True


def remove_document(connection: sqlite3.Connection, document: int) -> None:
    """Remove a document's row, sources, passages and vectors from every index.

    That it was there is kept, with the sources it has.
    """
    connection.execute(
        "INSERT OR REPLACE INTO former_documents (id, title, sources, gone_at)"
        " SELECT id, title, (SELECT json_group_array(source) FROM"
        " (SELECT source FROM sources WHERE document = row ORDER BY position)), ?"
        " FROM documents WHERE row = ?",
        (_now(), document),
    )
    remove_passages(connection, document, load_indexes(connection))
    connection.execute("DELETE FROM documents WHERE row = ?", (document,))


def remove_passages(
    connection: sqlite3.Connection, document: int, indexes: Sequence[IndexRow]
) -> None:
    """Remove a document's passages from indexes; it is then pending there."""
    for index in indexes:
        where, parameters = "WHERE document = ? AND index_id = ?", (document, index.id)
        found = connection.execute(f"SELECT id FROM passages {where}", parameters)
        log_operations(connection, index, "remove", [row for (row,) in found])
        connection.execute(
            f"DELETE FROM {index.words} WHERE rowid IN (SELECT id FROM passages {where})",
            parameters,
        )
        # Their vectors go with them, by the foreign key.
        connection.execute(f"DELETE FROM passages {where}", parameters)
        connection.execute(f"DELETE FROM holdings {where}", parameters)


def insert_passages(
    connection: sqlite3.Connection, index: IndexRow, document: int, indexed: IndexedPassages
) -> None:
    """Let an index hold a document with these passages."""
    last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
    first = int(last[0]) + 1 if last else 1
    rows = range(first, first + len(indexed.passages))
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
            for row, passage in zip(rows, indexed.passages, strict=True)
        ],
    )
    insert_words(connection, index, zip(rows, indexed.words, strict=True))
    store_vectors(connection, index, rows, indexed.vectors)


def store_vectors(
    connection: sqlite3.Connection, index: IndexRow, rows: Sequence[int], vectors: Vectors
) -> None:
    """Give passages their vectors, replacing what they had."""
    connection.executemany(
        "INSERT OR REPLACE INTO vectors VALUES (?, ?)", zip(rows, to_blobs(vectors), strict=True)
    )
    log_operations(connection, index, "add", rows)


def log_operations(
    connection: sqlite3.Connection, index: IndexRow, operation: str, rows: Sequence[int]
) -> None:
    """Tell the vector index, which follows the active index only."""
    if index.active:
        connection.executemany(
            "INSERT INTO oplog (index_id, op, passage) VALUES (?, ?, ?)",
            [(index.id, operation, row) for row in rows],
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
