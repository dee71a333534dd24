"""Rows to records: documents, passages, and what indexes were built with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any, cast

from embeddings.types import EncoderIdentity
from rag.errors import StoreDamagedError, UnknownDocumentError
from rag.store.local.connection import DOCTOR
from rag.store.records import DocumentSummary, IndexSpec
from rag.types import Block, Document, DocumentDate, Passage, Span, parse_passage_id, passage_id

# Of the table of indexes in schema 2.
_OLD_COLUMNS = 8
# The first schema that keeps the blocks of documents.
_BLOCKS_SINCE = 4
# Of "documents AS d", and of "passages AS p" joined with it.
_DOCUMENT_COLUMNS = (
    "d.id, d.title, d.content_hash, d.language, d.dates, d.metadata, {}, d.text, d.added_at"
)
SUMMARY_COLUMNS = (
    "d.id, d.title, d.content_hash, d.language, d.dates, d.metadata, d.characters,"
    " (SELECT count(*) FROM passages AS p WHERE p.document = d.row AND p.index_id = ?)"
)
PASSAGE_COLUMNS = 'd.id, p.start, p."end", p.headings, d.title, p.search_text'
# Those that passage_spans names, of one index.
PASSAGES_OF_IDS = (
    "json_each(?) AS j CROSS JOIN documents AS d ON d.id = json_extract(j.value, '$[0]')"
    " CROSS JOIN passages AS p ON p.document = d.row AND p.index_id = ?"
    " AND p.start = json_extract(j.value, '$[1]') AND p.\"end\" = json_extract(j.value, '$[2]')"
)


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One index of the database: its row id and what it was built with.

    The one that is not ``active`` is being built.
    """

    id: int
    active: bool
    spec: IndexSpec

    @property
    def dimension(self) -> int:
        """Components of each of its vectors."""
        return self.spec.encoder.dimension

    @property
    def encoder(self) -> str:
        """What made its vectors."""
        return f"{self.spec.encoder.name}@{self.spec.encoder.revision}"

    @property
    def words(self) -> str:
        """Name of its FTS5 table."""
        return f"fts_{self.id}"


@dataclass(frozen=True, slots=True)
class ViewState:
    """Where a transaction stands: the generation, and the oplog's last and pruned seq.

    Operations up to ``oplog_floor`` are gone; a vector index older than that cannot
    catch up.
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
            index=next((index for index in load_indexes(connection) if index.active), None),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise impossible("the state of the database", error) from error


def load_indexes(connection: sqlite3.Connection) -> list[IndexRow]:
    """The active index and then the one being built, as far as they exist."""
    return [
        IndexRow(row, state == "active", IndexSpec(EncoderIdentity(*encoder), splitter, words))
        # A database that may only be read can be of a schema without "words", the last column.
        for row, state, *encoder, splitter, words in (
            found if len(found) > _OLD_COLUMNS else (*found, "")
            for found in connection.execute("SELECT * FROM indexes ORDER BY state")
        )
    ]


def passage_from_row(row: Sequence[Any]) -> Passage:
    """The passage of a row of PASSAGE_COLUMNS; StoreDamagedError if it never was stored so."""
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
    """Passage ids by row id."""
    found = connection.execute(
        'SELECT p.id, d.id, p.start, p."end" FROM json_each(?) AS j'
        " CROSS JOIN passages AS p ON p.id = j.value"
        " CROSS JOIN documents AS d ON d.row = p.document ORDER BY j.key",
        (id_list(rows),),
    )
    return {row: passage_id(document, Span(start, end)) for row, document, start, end in found}


def passage_spans(passage_ids: Sequence[str]) -> str:
    """Passage ids as the parameter of PASSAGES_OF_IDS."""
    parsed = map(parse_passage_id, passage_ids)
    return json.dumps([(document_id, span.start, span.end) for document_id, span in parsed])


def document_columns(connection: sqlite3.Connection) -> str:
    """The columns that document_from_row reads, of "documents AS d"."""
    # A database that may only be read can be of an older schema.
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return _DOCUMENT_COLUMNS.format("d.blocks" if version >= _BLOCKS_SINCE else "'[]'")


def document_from_row(row: Sequence[Any], sources: Iterable[str]) -> Document:
    """The document of a row of document_columns; StoreDamagedError if it never was stored so."""
    *common, blocks, text, added_at = row
    try:
        fields = _common_fields(common, sources)
        ingested: list[DocumentDate] = []
        if added_at:
            day = datetime.fromisoformat(added_at).astimezone(UTC)
            ingested = [DocumentDate(day.year, day.month, day.day, "ingested", "archive")]
        fields["dates"] = (*fields["dates"], *ingested)
        return Document(**fields, text=_texts(text)[0], blocks=_blocks_from_json(blocks))
    except (TypeError, ValueError) as error:
        raise impossible(f"document {row[0]}", error) from error


def summary_from_row(row: Sequence[Any], sources: Iterable[str]) -> DocumentSummary:
    """The summary of a row of SUMMARY_COLUMNS; StoreDamagedError if it never was stored so."""
    *common, characters, passages = row
    try:
        fields = _common_fields(common, sources)
        return DocumentSummary(**fields, characters=characters, passages=passages)
    except (TypeError, ValueError) as error:
        raise impossible(f"document {row[0]}", error) from error


def _common_fields(row: Sequence[Any], sources: Iterable[str]) -> dict[str, Any]:
    identifier, title, content_hash, language, dates, metadata = row
    _texts(title, content_hash, language)
    return {
        "id": identifier,
        "sources": tuple(sources),
        "title": title,
        "content_hash": content_hash,
        "language": language,
        "dates": tuple(
            DocumentDate(year, month, day, kind, origin, None if span is None else Span(*span))
            for year, month, day, kind, origin, span in json.loads(dates)
        ),
        "metadata": dict(json.loads(metadata)),
    }


def impossible(what: str, error: Exception) -> StoreDamagedError:
    """The error of rows that cannot have been stored as they are."""
    return StoreDamagedError(f"{what} cannot be read ({error})", remedy=DOCTOR)


def unknown_document(document_id: str) -> UnknownDocumentError:
    """The error of an id that no stored document has."""
    return UnknownDocumentError(
        f"no document has the id '{document_id}'", remedy="'footnote list' names them"
    )


def _texts(*values: object) -> tuple[str, ...]:
    """The values, which must be texts: SQLite keeps any type in any column."""
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{type(value).__name__} where a text should be")
    return cast("tuple[str, ...]", values)


def dates_to_json(dates: Iterable[DocumentDate]) -> str:
    """A document's own dates as the rows keep them; the day of ingest has its own column."""
    own = [astuple(found) for found in dates if found.kind != "ingested"]
    return json.dumps(own, ensure_ascii=False)


def blocks_to_json(blocks: Iterable[Block]) -> str:
    """A document's blocks as the rows keep them."""
    return json.dumps(
        [
            (
                *astuple(block.span),
                block.kind,
                block.level,
                *(
                    [astuple(span) for span in spans]
                    for spans in (block.context, block.cells, block.hidden)
                ),
                int(block.continues),
            )
            for block in blocks
        ],
        separators=(",", ":"),
    )


def _blocks_from_json(rows: str) -> tuple[Block, ...]:
    return tuple(
        Block(
            Span(start, end),
            kind,
            level,
            context=_spans_from_json(context),
            cells=_spans_from_json(cells),
            hidden=_spans_from_json(hidden),
            continues=bool(continues),
        )
        for start, end, kind, level, context, cells, hidden, continues in json.loads(rows)
    )


def _spans_from_json(spans: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    return tuple(Span(*span) for span in spans)


def id_list(identifiers: Iterable[int]) -> str:
    """Row ids as the parameter of ``json_each(?)``: any number of them in one query."""
    return "[" + ",".join(map(str, identifiers)) + "]"
