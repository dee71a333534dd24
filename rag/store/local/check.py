"""Finding and repairing what is wrong in the embedded store.

Codes of findings:

===================  =========================================================== ======
code                 meaning                                                     repair
===================  =========================================================== ======
database.damaged     SQLite cannot read the file, or its own check fails         no
rows.orphaned        a row refers to one that does not exist                     yes
document.hash        id or content hash is not that of the text                  no
document.record      its title, dates, sources or other data cannot be read      no
document.length      the recorded length is not that of the text                 no
document.unsourced   a document without any source                               yes
document.unindexed   a document that the active index does not hold              no
passage.span         a span is empty, untrimmed or beyond the text               no
passage.order        passages of a document are out of order                     no
passage.gap          characters of a document that no passage covers             no
passage.text         its search text or headings cannot be read                  no
vector.missing       a passage without a vector                                  yes
vector.damaged       a vector of another length, not finite, or not unit         yes
lexical.damaged      the full-text table is missing or damaged                   yes
lexical.rows         passages without words, or words without a passage          yes
snapshot.damaged     manifest or snapshot is unreadable or fails its checksum    yes
snapshot.content     a snapshot that replays to other ids than the database has  yes
files.stray          left-over files of an interrupted snapshot                  yes
journal.damaged      the journal or a turn in it cannot be read                  no
===================  =========================================================== ======

Repairing ``vector.*`` removes the vector and repairing ``lexical.damaged`` all words: what
`Maintenance.unindexed` lists is then made again from the passages. In an index that is
being built the document becomes pending instead. A text cannot be rebuilt from anything:
its source must be ingested again. Nothing is repaired in a damaged database.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from rag.errors import StoreDamagedError
from rag.store.local.changes import open_indexes
from rag.store.local.faiss_index import IndexKinds
from rag.store.local.lexical import passages_without_words
from rag.store.local.rows import (
    PASSAGE_COLUMNS,
    IndexRow,
    ViewState,
    document_from_row,
    passage_from_row,
)
from rag.store.local.snapshot import SnapshotFiles
from rag.store.local.vector_cache import load_current, replay
from rag.store.local.vectors import NORM_TOLERANCE
from rag.store.records import Finding

__all__ = [
    "RESTORE",
    "UNREPAIRED",
    "check_database",
    "check_lexical_tables",
    "check_rows",
    "check_snapshot",
    "stray_files",
]

_REPAIR = "run 'footnote doctor --repair'"
_REINDEX = "run 'footnote reindex'"
RESTORE = (
    "restore the data directory from a backup, or move it away and run 'footnote ingest' again"
)
UNREPAIRED = f"nothing is repaired, since writing could only make it worse: {RESTORE}"


def check_database(connection: sqlite3.Connection, database: str) -> Iterator[Finding]:
    """Findings SQLite itself reports, and rows that refer to nothing."""
    with _tolerant_text(connection):
        found = [_printable(row[0]) for row in connection.execute("PRAGMA integrity_check(10)")]
    # From 3.44 on it asks FTS5 as well, whose tables can be rebuilt: see below.
    rows = [row for row in found if row != "ok" and "FTS5 table" not in row]
    if rows:
        yield Finding("database.damaged", database, "; ".join(rows), UNREPAIRED, repairable=False)
    broken = Counter(row[0] for row in connection.execute("PRAGMA foreign_key_check"))
    for table, count in sorted(broken.items()):
        yield Finding(
            "rows.orphaned",
            table,
            f"{count} rows of {table} refer to rows that do not exist",
            _REPAIR,
            repairable=True,
        )


def check_rows(connection: sqlite3.Connection, state: ViewState) -> Iterator[Finding]:
    """Findings of documents, passages, vectors and words, in the connection's transaction."""
    indexes = open_indexes(connection)
    with _tolerant_text(connection):
        yield from _check_documents(connection, state, indexes)
        for index in indexes:
            yield from _check_passages(connection, index)
            yield from _check_vectors(connection, index)
            yield from _check_words(connection, index)


@contextmanager
def _tolerant_text(connection: sqlite3.Connection) -> Iterator[None]:
    """Read texts that are not UTF-8 as such, lone surrogates for their bytes, not as errors."""
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = str


def _is_readable(value: object) -> bool:
    """Whether it is a text of UTF-8, read by a tolerant connection."""
    return isinstance(value, str) and value == _printable(value)


def _printable(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()


def _check_documents(
    connection: sqlite3.Connection, state: ViewState, indexes: Sequence[IndexRow]
) -> Iterator[Finding]:
    rows = connection.execute(
        "SELECT row, characters, published, id, title, text, content_hash, language, dates,"
        " added_at, metadata FROM documents ORDER BY row"
    )
    for row, characters, published, *record in rows:
        subject, text, content_hash = _printable(record[0]), record[2], record[3]
        sources = [
            source
            for (source,) in connection.execute(
                "SELECT source FROM sources WHERE document = ? ORDER BY position", (row,)
            )
        ]
        if not sources:
            yield Finding(
                "document.unsourced",
                subject,
                "has no source, so nothing can update or remove it",
                _REPAIR,
                repairable=True,
            )
        # Another type than text is not what was read either.
        text = text if isinstance(text, str) else ""
        unreadable = list(_record_faults(record, [*sources, published or ""]))
        faults = [
            *unreadable,
            *_text_faults(subject, content_hash, characters, text),
            *_holding_faults(connection, state, indexes, row, text),
        ]
        remedy = f"run 'footnote remove {subject}' and then 'footnote ingest' " + (
            f"'{sources[0]}'" if sources else "its file"
        )
        if unreadable or not _is_readable(record[2]):
            remedy = RESTORE  # 'footnote remove' would have to read it
        for code, message in faults:
            yield Finding(code, subject, message, remedy, repairable=False)


def _record_faults(record: Sequence[Any], others: Sequence[object]) -> Iterator[tuple[str, str]]:
    """The fault of a document's data other than its text, if any."""
    identifier, title, _, *rest = record
    if not all(map(_is_readable, (identifier, title, *rest, *others))):
        yield "document.record", "its title, dates, sources or other data are not text"
        return
    try:
        document_from_row((identifier, title, "", *rest), ())
    except StoreDamagedError as error:
        yield "document.record", f"its data cannot be read ({error.__cause__})"


def _text_faults(
    identifier: str, content_hash: object, characters: object, text: str
) -> Iterator[tuple[str, str]]:
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    if content_hash != digest or not digest.startswith(identifier):
        yield "document.hash", "its text is not what was read"
    if characters != len(text):
        yield "document.length", f"has {len(text)} characters, not {_printable(characters)}"


def _holding_faults(
    connection: sqlite3.Connection,
    state: ViewState,
    indexes: Sequence[IndexRow],
    row: int,
    text: str,
) -> Iterator[tuple[str, str]]:
    for index in indexes:
        held = connection.execute(
            "SELECT 1 FROM holdings WHERE index_id = ? AND document = ?", (index.id, row)
        ).fetchone()
        if held is not None:
            spans = connection.execute(
                'SELECT start, "end" FROM passages WHERE index_id = ? AND document = ?'
                " ORDER BY ordinal",
                (index.id, row),
            ).fetchall()
            yield from _span_faults(text, spans)
        elif state.index is not None and index.id == state.index.id:
            yield "document.unindexed", "the index does not hold it"


def _span_faults(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    covered = 0
    previous = -1
    for start, end in spans:
        where = f"passage {_printable(start)}-{_printable(end)}"
        numbers = isinstance(start, int) and isinstance(end, int)
        if not numbers or not 0 <= start < end <= len(text):
            yield "passage.span", f"{where} is not a range within {len(text)} characters"
            continue
        if text[start].isspace() or text[end - 1].isspace():
            yield "passage.span", f"{where} begins or ends with space"
        if start <= previous:
            yield "passage.order", f"{where} does not begin after the one before it"
        if text[covered:start].strip():
            yield "passage.gap", f"no passage covers all of characters {covered}-{start}"
        covered, previous = max(covered, end), start
    if text[covered:].strip():
        yield "passage.gap", f"no passage covers all of characters {covered}-{len(text)}"


def _check_vectors(connection: sqlite3.Connection, index: IndexRow) -> Iterator[Finding]:
    rows = connection.execute(
        'SELECT p.id, d.id, p.start, p."end", v.vector FROM passages AS p'
        " JOIN documents AS d ON d.row = p.document LEFT JOIN vectors AS v ON v.passage = p.id"
        " WHERE p.index_id = ?",
        (index.id,),
    )
    for row, document, start, end, vector in rows:
        subject = f"{_printable(document)}:{_printable(start)}-{_printable(end)}#{row}"
        if vector is None:
            yield Finding("vector.missing", subject, "has no vector", _REPAIR, repairable=True)
        elif fault := _vector_fault(vector, index.dimension):
            yield Finding("vector.damaged", subject, fault, _REPAIR, repairable=True)


def _vector_fault(blob: object, dimension: int) -> str:
    if not isinstance(blob, bytes):
        return "its vector is not binary data"
    if len(blob) != 2 * dimension:
        return f"its vector has {len(blob)} bytes, not {2 * dimension}"
    norm = float(np.linalg.norm(np.frombuffer(blob, dtype="<f2").astype(np.float64)))
    if not abs(norm - 1.0) <= NORM_TOLERANCE:  # true for NaN as well
        return f"its vector has norm {norm:.4g}, not 1"
    return ""


def _check_words(connection: sqlite3.Connection, index: IndexRow) -> Iterator[Finding]:
    table = index.lexical_table
    try:
        missing = len(passages_without_words(connection, index))
        (extra,) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE rowid NOT IN"
            " (SELECT id FROM passages WHERE index_id = ?)",
            (index.id,),
        ).fetchone()
    except sqlite3.DatabaseError as error:
        yield lexical_damaged(index, str(error))
        return
    if missing or extra:
        yield Finding(
            "lexical.rows",
            table,
            f"{missing} passages have no words, and the words of {extra} belong to none",
            _REPAIR,
            repairable=True,
        )


def check_lexical_tables(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Findings FTS5 finds in its own structures; ask only while there is no writer.

    Needs a connection that may write, in no transaction. A writer that starts then
    waits for the table being looked at, not for all of them.
    """
    for index in open_indexes(connection):
        table = index.lexical_table
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
        except sqlite3.DatabaseError as error:
            yield lexical_damaged(index, str(error))
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def lexical_damaged(index: IndexRow, message: str) -> Finding:
    """The finding of a full-text table that cannot be read."""
    return Finding("lexical.damaged", index.lexical_table, message, _REPAIR, repairable=True)


def _check_passages(connection: sqlite3.Connection, index: IndexRow) -> Iterator[Finding]:
    """Passages whose search text or headings cannot be read, of a tolerant connection.

    Not those of a document that cannot be read itself.
    """
    rows = connection.execute(
        f"SELECT p.id, {PASSAGE_COLUMNS} FROM passages AS p"
        " JOIN documents AS d ON d.row = p.document WHERE p.index_id = ?",
        (index.id,),
    )
    for row, document, start, end, headings, title, search_text in rows:
        if not _is_readable(document) or not _is_readable(title):
            continue
        try:
            passage = passage_from_row((document, start, end, headings, title, search_text))
            readable = _is_readable(search_text) and all(map(_is_readable, passage.headings))
        except StoreDamagedError:
            readable = False
        if not readable:
            yield Finding(
                "passage.text",
                f"{document}:{_printable(start)}-{_printable(end)}#{row}",
                "its search text or headings cannot be read",
                _REINDEX,
                repairable=False,
            )


def check_snapshot(
    connection: sqlite3.Connection, state: ViewState, files: SnapshotFiles, kinds: IndexKinds
) -> Iterator[Finding]:
    """Findings of the vector index's snapshot; that of an older index is no damage."""
    index = state.index
    subject = str(files.folder)
    if index is None:
        return
    try:
        # A snapshot newer than this state belongs to a writer that is at work.
        current = load_current(
            files,
            index,
            kinds,
            wanted=lambda found: found.seq <= state.seq and found.index_id == index.id,
        )
    except StoreDamagedError as error:
        yield Finding("snapshot.damaged", subject, str(error), _REPAIR, repairable=True)
        return
    if current is None:
        return
    manifest, loaded = current
    if manifest.seq >= state.oplog_floor:
        replay(connection, index, loaded, manifest.seq)
    ids = np.sort(loaded.ids())
    stored = np.fromiter(
        (
            row[0]
            for row in connection.execute(
                "SELECT p.id FROM passages AS p JOIN vectors AS v ON v.passage = p.id"
                " WHERE p.index_id = ? ORDER BY p.id",
                (index.id,),
            )
        ),
        dtype=np.int64,
    )
    if not np.array_equal(ids, stored):
        message = f"holds {ids.size} vectors that are not those of the {stored.size} passages"
        yield Finding("snapshot.content", subject, message, _REPAIR, repairable=True)


def stray_files(files: SnapshotFiles) -> Iterator[Finding]:
    """Left-over files; ask only while there is no writer."""
    for path in files.strays():
        yield Finding(
            "files.stray", str(path), "is left over from a crash", _REPAIR, repairable=True
        )
