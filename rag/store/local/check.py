"""Finding and repairing what is wrong in the embedded store.

Codes of findings:

==================  ============================================================ ======
code                meaning                                                      repair
==================  ============================================================ ======
database.damaged    SQLite cannot read the file, or its own check fails          no
document.damaged    its text is not what was read, or other data are lost        no
passage.damaged     passages that cannot be read, or do not cover their document no
vector.damaged      passages without a vector, or with one that cannot be used   yes
words.damaged       the full-text table is damaged, or not that of the passages  yes
snapshot.damaged    the saved vector index is damaged, or of other passages      yes
journal.damaged     the journal or a turn in it cannot be read                   no
==================  ============================================================ ======

Vectors and words are repaired by removing what is damaged: what `Maintenance.unindexed`
lists is then made again from the passages. An index that was being built is dropped. A text
cannot be rebuilt from anything: its source must be ingested again. Nothing is repaired in a
damaged database.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from rag.errors import StoreDamagedError
from rag.store.local.connection import translated
from rag.store.local.lexical import passages_without_words, vocabulary
from rag.store.local.rows import (
    PASSAGE_COLUMNS,
    IndexRow,
    ViewState,
    document_columns,
    document_from_row,
    load_indexes,
    passage_from_row,
)
from rag.store.local.snapshot import SnapshotFile
from rag.store.local.vector_cache import load_snapshot, replay
from rag.store.local.vectors import NORM_TOLERANCE
from rag.store.records import Finding
from rag.types import Passage

RESTORE = (
    "restore the data directory from a backup, or move it away and run 'footnote ingest' again"
)
UNREPAIRED = f"nothing is repaired, since writing could only make it worse: {RESTORE}"


def _repairable(code: str, subject: object, message: str) -> Finding:
    return Finding(code, str(subject), message, "run 'footnote doctor --repair'", repairable=True)


def database_damaged(database: Path, message: str) -> Finding:
    """The finding of a database that SQLite cannot read."""
    return Finding("database.damaged", str(database), message, UNREPAIRED, repairable=False)


def check_database(connection: sqlite3.Connection, database: Path) -> Iterator[Finding]:
    """Findings of SQLite itself, and rows that refer to nothing."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
    # From 3.44 on it asks FTS5 as well, whose tables can be rebuilt: see _check_words.
    rows = [row for row in found if row != "ok" and "FTS5 table" not in row]
    for row in found:
        if "malformed inverted index" in row:
            yield _repairable("words.damaged", database, row)
    broken = Counter(row[0] for row in connection.execute("PRAGMA foreign_key_check"))
    rows += [f"{count} rows of {table} refer to nothing" for table, count in broken.items()]
    if rows:
        yield database_damaged(database, "; ".join(rows))


def check_stored(
    connection: sqlite3.Connection, database: Path, state: ViewState
) -> Iterator[Finding]:
    """Findings of documents, passages, vectors and words, in the connection's transaction."""
    # As bytes: an id too may not be text any more.
    rows = connection.execute("SELECT row, CAST(id AS BLOB) FROM documents ORDER BY row")
    for row, identifier in rows.fetchall():
        yield from _check_document(
            connection, database, state.index, row, identifier.decode("utf-8", "replace")
        )
    for index in load_indexes(connection):
        if damaged := damaged_vectors(connection, index):
            message = f"{len(damaged)} passages have no vector, or one that cannot be used"
            yield _repairable("vector.damaged", f"index {index.id}", message)
        yield from _check_words(connection, index)


def _check_document(
    connection: sqlite3.Connection, database: Path, index: IndexRow | None, row: int, name: str
) -> Iterator[Finding]:
    try:
        with translated(database):
            sources = [
                source
                for (source,) in connection.execute(
                    "SELECT source FROM sources WHERE document = ? ORDER BY position", (row,)
                )
            ]
            found = connection.execute(
                f"SELECT d.characters, {document_columns(connection)} FROM documents AS d"
                " WHERE d.row = ?",
                (row,),
            ).fetchone()
            document = document_from_row(found[1:], sources)
    except StoreDamagedError as error:
        # Removing it would have to read it.
        yield Finding("document.damaged", name, error.detail, RESTORE, repairable=False)
        return
    text = document.text
    digest = hashlib.sha256(text.encode()).hexdigest()
    sound = (document.content_hash, found[0]) == (digest, len(text)) and digest.startswith(name)
    if not sound or not sources:
        file = f"'{sources[0]}'" if sources else "its file"
        remedy = f"run 'footnote remove {name}' and then 'footnote ingest' {file}"
        message = "has no source" if sound else "its text is not what was read"
        yield Finding("document.damaged", name, message, remedy, repairable=False)
    elif index is not None and (fault := _passage_fault(connection, database, index, row, text)):
        yield Finding("passage.damaged", name, fault, "run 'footnote reindex'", repairable=False)


def _passage_fault(
    connection: sqlite3.Connection, database: Path, index: IndexRow, row: int, text: str
) -> str:
    """What is wrong with an index's passages of a document; "" when nothing is."""
    held = "SELECT 1 FROM holdings WHERE index_id = ? AND document = ?"
    if not connection.execute(held, (index.id, row)).fetchone():
        return "the index does not hold it"
    try:
        with translated(database):
            found = connection.execute(
                f"SELECT {PASSAGE_COLUMNS} FROM passages AS p JOIN documents AS d"
                " ON d.row = p.document WHERE p.index_id = ? AND p.document = ?"
                " ORDER BY p.ordinal",
                (index.id, row),
            )
            return _span_fault(text, [passage_from_row(passage) for passage in found])
    except StoreDamagedError as error:
        return error.detail


def _span_fault(text: str, passages: Sequence[Passage]) -> str:
    covered, previous = 0, -1
    for passage in passages:
        start, end = passage.span.start, passage.span.end
        if not start < end <= len(text) or passage.span.of(text) != passage.span.of(text).strip():
            return f"passage {start}-{end} is not a trimmed range of {len(text)} characters"
        if start <= previous:
            return f"passage {start}-{end} does not begin after the one before it"
        if text[covered:start].strip():
            return f"no passage covers all of characters {covered}-{start}"
        covered, previous = max(covered, end), start
    if text[covered:].strip():
        return f"no passage covers all of characters {covered}-{len(text)}"
    return ""


def damaged_vectors(connection: sqlite3.Connection, index: IndexRow) -> list[int]:
    """Row ids of an index's passages whose vectors are missing or cannot be used."""
    rows = connection.execute(
        "SELECT p.id, v.vector FROM passages AS p LEFT JOIN vectors AS v ON v.passage = p.id"
        " WHERE p.index_id = ?",
        (index.id,),
    )
    return [row for row, vector in rows if not _is_usable(vector, index.dimension)]


def _is_usable(blob: object, dimension: int) -> bool:
    if not isinstance(blob, bytes) or len(blob) != 2 * dimension:
        return False
    norm = float(np.linalg.norm(np.frombuffer(blob, dtype="<f2").astype(np.float64)))
    return abs(norm - 1.0) <= NORM_TOLERANCE  # false for NaN as well


def _check_words(connection: sqlite3.Connection, index: IndexRow) -> Iterator[Finding]:
    try:
        missing = len(passages_without_words(connection, index))
        (extra,) = connection.execute(
            f"SELECT count(*) FROM {index.words} WHERE rowid NOT IN"
            " (SELECT id FROM passages WHERE index_id = ?)",
            (index.id,),
        ).fetchone()
        vocabulary(connection, index)  # reads all of FTS5's own structure
    except sqlite3.DatabaseError as error:
        yield _repairable("words.damaged", index.words, str(error))
        return
    if missing or extra:
        message = f"{missing} passages have no words, and the words of {extra} belong to none"
        yield _repairable("words.damaged", index.words, message)


def check_snapshot(
    connection: sqlite3.Connection, state: ViewState, file: SnapshotFile
) -> Iterator[Finding]:
    """Findings of the saved vector index; that one of another state is there is no damage."""
    index = state.index
    if index is None:
        return
    try:
        saved = load_snapshot(file, state, index)
    except StoreDamagedError as error:
        yield _repairable("snapshot.damaged", file.path, error.detail)
        return
    if saved is None:
        return
    vectors, seq = saved
    replay(connection, index, vectors, seq)
    rows = connection.execute(
        "SELECT p.id FROM passages AS p JOIN vectors AS v ON v.passage = p.id"
        " WHERE p.index_id = ? ORDER BY p.id",
        (index.id,),
    )
    if np.sort(vectors.ids()).tolist() != [row[0] for row in rows]:
        yield _repairable("snapshot.damaged", file.path, "does not hold the passages' vectors")
