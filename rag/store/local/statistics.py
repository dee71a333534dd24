"""How often words occur, and which there are, by the full-text index."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Mapping

from rag.store.local.rows import IndexRow, ViewState

__all__ = ["Statistics", "count_passages", "phrase"]

_MOST_PREFIXES = 64


class Statistics:
    """What is asked with every question, read once a generation and kept.

    One for a store; safe in several threads.
    """

    def __init__(self) -> None:
        self._vocabularies: OrderedDict[tuple[int, str], Mapping[str, int]] = OrderedDict()
        self._passages: tuple[int, int] = (0, 0)
        self._lock = threading.Lock()

    def passages(self, connection: sqlite3.Connection, state: ViewState) -> int:
        """Number of passages of the active index."""
        generation, known = self._passages
        if generation == state.generation:
            return known
        (count,) = connection.execute(
            "SELECT count(*) FROM passages WHERE index_id = ?",
            (None if state.index is None else state.index.id,),
        ).fetchone()
        self._passages = (state.generation, int(count))
        return int(count)

    def vocabulary(
        self, connection: sqlite3.Connection, state: ViewState, prefix: str
    ) -> Mapping[str, int]:
        """The words that begin with ``prefix``, each with the number of passages that hold it."""
        if state.index is None:
            return {}
        key = (state.generation, prefix)
        with self._lock:
            if (known := self._vocabularies.get(key)) is not None:
                return known
        found = _read_vocabulary(connection, state.index, prefix)
        with self._lock:
            self._vocabularies[key] = found
            while len(self._vocabularies) > _MOST_PREFIXES:
                self._vocabularies.popitem(last=False)
        return found


def _read_vocabulary(
    connection: sqlite3.Connection, index: IndexRow, prefix: str
) -> dict[str, int]:
    table = f"words_of_{index.lexical_table}"
    # A view of the full-text index that SQLite keeps nowhere; only its definition is
    # "written", to this connection's temporary schema.
    (read_only,) = connection.execute("PRAGMA query_only").fetchone()
    connection.execute("PRAGMA query_only = OFF")
    try:
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{table}"
            f" USING fts5vocab(main, {index.lexical_table}, row)"
        )
    finally:
        connection.execute(f"PRAGMA query_only = {int(read_only)}")
    rows = connection.execute(
        f"SELECT term, doc FROM temp.{table} WHERE term >= ? AND term < ?",
        (prefix, prefix + "\U0010ffff"),
    )
    return {str(term): int(passages) for term, passages in rows}


def count_passages(
    connection: sqlite3.Connection, index: IndexRow, word: str, *, limit: int
) -> int:
    """Number of passages that hold a word, counted up to ``limit``."""
    table = index.lexical_table
    (count,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT ?)",
        (phrase(word), limit),
    ).fetchone()
    return int(count)


def phrase(word: str) -> str:
    """The FTS5 expression of a word, whatever its characters."""
    return '"' + word.replace('"', '""') + '"'
