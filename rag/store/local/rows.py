"""Rows to records and back: documents, dates, passages, index specifications."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from embeddings.types import EncoderIdentity
from rag.errors import StoreDamagedError
from rag.store.records import DocumentSummary, IndexSpec
from rag.types import Document, DocumentDate, Passage, Span, passage_id

__all__ = [
    "PASSAGE_COLUMNS",
    "IndexRow",
    "ViewState",
    "dates_from_json",
    "dates_to_json",
    "document_from_row",
    "id_list",
    "impossible",
    "index_in_state",
    "load_state",
    "passage_from_row",
    "passage_names",
    "summary_from_row",
]

# Of "passages AS p" joined with "documents AS d"; read by passage_from_row.
PASSAGE_COLUMNS = 'd.id, p.start, p."end", p.headings, d.title, p.search_text'


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One index of the database: its row id and what it was built with."""

    id: int
    spec: IndexSpec

    @property
    def dimension(self) -> int:
        """Components of each of its vectors."""
        return self.spec.encoder.dimension

    @property
    def lexical_table(self) -> str:
        """Name of its FTS5 table."""
        return f"fts_{self.id}"


@dataclass(frozen=True, slots=True)
class ViewState:
    """Where a transaction stands: the generation, and the oplog's last and pruned seq.

    Operations up to ``oplog_floor`` are gone; a vector index older than that cannot
    catch up and starts again from a snapshot or from the rows.
    """

    generation: int
    seq: int
    oplog_floor: int
    index: IndexRow | None


def load_state(connection: sqlite3.Connection) -> ViewState:
    """The state of the transaction that ``connection`` is in.

    Raises:
        StoreDamagedError: the database does not say what it is.
    """
    meta = dict(connection.execute("SELECT key, value FROM meta"))
    # AUTOINCREMENT's own counter outlives pruning of the rows.
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'oplog'").fetchone()
    try:
        return ViewState(
            generation=int(meta["generation"]),
            seq=int(row[0]) if row else 0,
            oplog_floor=int(meta["oplog_floor"]),
            index=index_in_state(connection, "active"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise impossible("the state of the database", error) from error


def index_in_state(connection: sqlite3.Connection, state: str) -> IndexRow | None:
    """The index that is 'active' or 'building', or None."""
    cursor = connection.execute("SELECT * FROM indexes WHERE state = ?", (state,))
    row = cursor.fetchone()
    if row is None:
        return None
    found = dict(zip((name for name, *_ in cursor.description), row, strict=True))
    encoder = EncoderIdentity(
        found["encoder_name"],
        found["encoder_revision"],
        found["dimension"],
        found["query_prompt"],
        found["passage_prompt"],
    )
    # A database that may only be read can be of a schema without "words".
    return IndexRow(int(found["id"]), IndexSpec(encoder, found["splitter"], found.get("words", "")))


def passage_from_row(row: Sequence[Any]) -> Passage:
    """The passage of a row of PASSAGE_COLUMNS.

    Raises:
        StoreDamagedError: it cannot have been stored so.
    """
    document_id, start, end, headings, title, search_text = row
    try:
        span = Span(start, end)
        return Passage(
            id=passage_id(document_id, span),
            document_id=document_id,
            span=span,
            headings=_texts(*json.loads(headings)),
            title=title,
            search_text=_texts(search_text, title)[0],
        )
    except (TypeError, ValueError) as error:
        raise impossible(f"passage {document_id}:{start}-{end}", error) from error


def passage_names(connection: sqlite3.Connection, rows: Iterable[int]) -> dict[int, str]:
    """Passage ids by row id, in the order given; unknown rows are left out."""
    found = connection.execute(
        'SELECT p.id, d.id, p.start, p."end" FROM json_each(?) AS j'
        " CROSS JOIN passages AS p ON p.id = j.value"
        " CROSS JOIN documents AS d ON d.row = p.document ORDER BY j.key",
        (id_list(rows),),
    )
    return {row: passage_id(document, Span(start, end)) for row, document, start, end in found}


def document_from_row(row: Sequence[Any], sources: Iterable[str]) -> Document:
    """The document of (id, title, text, content_hash, language, dates, added_at,
    metadata).

    Raises:
        StoreDamagedError: it cannot have been stored so.
    """
    identifier, title, text, content_hash, language, dates, added_at, metadata = row
    try:
        _texts(title, text, content_hash, language)
        return Document(
            id=identifier,
            sources=tuple(sources),
            title=title,
            text=text,
            content_hash=content_hash,
            language=language,
            dates=(*dates_from_json(dates), *_ingested(added_at)),
            metadata=dict(json.loads(metadata)),
        )
    except (TypeError, ValueError) as error:
        raise impossible(f"document {identifier}", error) from error


def summary_from_row(row: Sequence[Any], sources: Iterable[str]) -> DocumentSummary:
    """The summary of (id, title, content_hash, language, dates, metadata, characters,
    passages).

    Raises:
        StoreDamagedError: it cannot have been stored so.
    """
    identifier, title, content_hash, language, dates, metadata, characters, passages = row
    try:
        return DocumentSummary(
            id=identifier,
            sources=tuple(sources),
            title=title,
            content_hash=content_hash,
            language=language,
            dates=dates_from_json(dates),
            metadata=dict(json.loads(metadata)),
            characters=characters,
            passages=passages,
        )
    except (TypeError, ValueError) as error:
        raise impossible(f"document {identifier}", error) from error


def _ingested(added_at: str) -> tuple[DocumentDate, ...]:
    if not added_at:
        return ()
    day = datetime.fromisoformat(added_at).astimezone(UTC)
    return (DocumentDate(day.year, day.month, day.day, "ingested", "archive"),)


def impossible(what: str, error: Exception) -> StoreDamagedError:
    """The error of rows that cannot have been stored as they are."""
    return StoreDamagedError(
        f"{what} cannot be read ({error})", remedy="run 'footnote doctor' to see what is wrong"
    )


def _texts(*values: object) -> tuple[str, ...]:
    """The values, which must be texts: SQLite keeps any type in any column."""
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{type(value).__name__} where a text should be")
    return cast("tuple[str, ...]", values)


def dates_to_json(dates: Iterable[DocumentDate]) -> str:
    """JSON that dates_from_json reads back equal; the day of ingest is the row's own."""
    return json.dumps(
        [
            [
                found.year,
                found.month,
                found.day,
                found.kind,
                found.origin,
                None if found.span is None else [found.span.start, found.span.end],
            ]
            for found in dates
            if found.kind != "ingested"
        ],
        ensure_ascii=False,
    )


def dates_from_json(encoded: str) -> tuple[DocumentDate, ...]:
    """The dates that dates_to_json wrote."""
    return tuple(
        DocumentDate(year, month, day, kind, origin, None if span is None else Span(*span))
        for year, month, day, kind, origin, span in json.loads(encoded)
    )


def id_list(identifiers: Iterable[int]) -> str:
    """Row ids as the parameter of ``json_each(?)``: any number of them in one query."""
    return "[" + ",".join(map(str, identifiers)) + "]"
