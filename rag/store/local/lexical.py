"""Full-text search with SQLite's FTS5 and BM25 (Robertson & Zaragoza, FnTIR 2009).

What is indexed and looked for are words handed in; FTS5 only parts them at white space.
"""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from rag.store.local.filters import document_condition
from rag.store.local.rows import IndexRow
from rag.store.records import PassageWords, ScoredPassage
from rag.types import Filters, QueryTerm, Span, passage_id


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# Counting a word's passages stops here: only which words are rarest matters.
_COUNTED_PASSAGES = 20_000
_FILL_WORDS = 3
_MOST_PREFIXES = 64
# Every character but white space belongs to a word, ASCII punctuation too.
_TOKENIZER = "ascii tokenchars " + _quoted(string.punctuation)


def create_table(connection: sqlite3.Connection, index: IndexRow) -> None:
    """Create the index's empty FTS5 table; its rowid is the passage's."""
    connection.execute(
        f"CREATE VIRTUAL TABLE {index.words} USING fts5 (title, body,"
        f" tokenize = {_quoted(_TOKENIZER)})"
    )


def insert_words(
    connection: sqlite3.Connection, index: IndexRow, rows: Iterable[tuple[int, PassageWords]]
) -> None:
    """Store the words of passages, replacing what they had."""
    connection.executemany(
        f"INSERT OR REPLACE INTO {index.words} (rowid, title, body) VALUES (?, ?, ?)",
        ((row, " ".join(words.title), " ".join(words.body)) for row, words in rows),
    )


def passages_without_words(connection: sqlite3.Connection, index: IndexRow) -> list[int]:
    """Row ids of the index's passages that are not in its full-text table, in order."""
    rows = connection.execute(
        "SELECT id FROM passages WHERE index_id = ? AND id NOT IN"
        f" (SELECT rowid FROM {index.words}) ORDER BY id",
        (index.id,),
    )
    return [row[0] for row in rows]


def search(
    connection: sqlite3.Connection,
    index: IndexRow,
    terms: Sequence[QueryTerm],
    *,
    limit: int,
    filters: Filters,
    any_word: bool,
) -> list[ScoredPassage]:
    """Passages of highest BM25, best first, ties by passage id; scores are positive.

    The terms of each weight are ranked together; what a passage scores for those of a
    lower weight is multiplied by it and added. Without ``any_word``, passages with all of
    the first words are ranked, and the rarest three fill up where those are too few.
    """
    best = partial(_best, connection, index, filters, limit)
    by_weight: dict[float, list[QueryTerm]] = {}
    for term in terms:
        by_weight.setdefault(term.weight, []).append(term)
    scores: dict[str, float] = {}
    for weight in sorted(by_weight, reverse=True):
        together = by_weight[weight]
        expressions = [_alternatives(term) for term in together]
        if scores or any_word:
            found = best(" OR ".join(expressions))
        else:
            found = best(" AND ".join(expressions))
            if len(found) < limit:
                some = best(" OR ".join(_rarest(connection, index, together)))
                found = {**some, **found}
        for key, score in found.items():
            scores[key] = scores.get(key, 0.0) + weight * score
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [ScoredPassage(identifier, score) for identifier, score in ordered[:limit]]


def _best(
    connection: sqlite3.Connection, index: IndexRow, filters: Filters, limit: int, expression: str
) -> dict[str, float]:
    """Scores by passage id of the best ``limit``, and of all that tie with the last of them."""
    condition, parameters = "", list[object]()
    if filters:
        where, of_filters = document_condition(connection, filters)
        # The plus keeps SQLite from running the full-text query once a row id.
        condition = (
            " AND +rowid IN (SELECT p.id FROM documents AS d CROSS JOIN passages AS p"
            f" ON p.index_id = ? AND p.document = d.row WHERE {where})"
        )
        parameters = [index.id, *of_filters]
    # Ranked in a sub-query: joining first would fetch the rows of every match.
    sql = (
        'SELECT d.id, p.start, p."end", -r.score FROM'
        f" (SELECT rowid, rank AS score FROM {index.words}"
        f" WHERE {index.words} MATCH ?{condition} ORDER BY rank LIMIT ?) AS r"
        " CROSS JOIN passages AS p ON p.id = r.rowid"
        " CROSS JOIN documents AS d ON d.row = p.document"
    )
    wanted = limit + 1
    while True:
        rows = connection.execute(sql, [expression, *parameters, wanted]).fetchall()
        scores = sorted((row[3] for row in rows), reverse=True)
        # FTS5 orders ties by row id, which a reindex changes: fetch them all.
        if len(rows) < wanted or scores[limit - 1] > scores[-1]:
            return {
                passage_id(document, Span(start, end)): score
                for document, start, end, score in rows
                if score > 0
            }
        wanted *= 4


def _rarest(
    connection: sqlite3.Connection, index: IndexRow, terms: Sequence[QueryTerm]
) -> list[str]:
    """The rarest of the words that any passage has, as FTS5 phrases."""

    most = _COUNTED_PASSAGES
    words = {term.word: count_passages(connection, index, term.word, most) for term in terms}
    # A word that no passage has is no help in filling.
    ordered = sorted(words, key=lambda word: words[word] or most + 1)
    return [_phrase(word) for word in ordered[:_FILL_WORDS]]


def count_passages(connection: sqlite3.Connection, index: IndexRow, word: str, limit: int) -> int:
    """Number of passages that hold a word, counted up to ``limit``."""
    (count,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {index.words} WHERE {index.words} MATCH ? LIMIT ?)",
        (_phrase(word), limit),
    ).fetchone()
    return int(count)


class WordCounts:
    """Counts that are needed with every question, kept for one generation.

    One for a store; safe in several threads, which at worst count the same twice.
    """

    def __init__(self) -> None:
        self._passages: tuple[int, int] = (-1, 0)
        self._beginning: tuple[int, dict[str, Mapping[str, int]]] = (-1, {})

    def passages(self, connection: sqlite3.Connection, generation: int, index: IndexRow) -> int:
        """Number of passages of an index."""
        counted, count = self._passages
        if counted != generation:
            (count,) = connection.execute(
                "SELECT count(*) FROM passages WHERE index_id = ?", (index.id,)
            ).fetchone()
            self._passages = (generation, count)
        return count

    def beginning(
        self, connection: sqlite3.Connection, generation: int, index: IndexRow, prefix: str
    ) -> Mapping[str, int]:
        """The words that begin with ``prefix``, each with the number of passages that hold it."""
        counted, by_prefix = self._beginning
        if counted != generation or len(by_prefix) >= _MOST_PREFIXES:
            by_prefix = {}
            self._beginning = (generation, by_prefix)
        if prefix not in by_prefix:
            by_prefix[prefix] = vocabulary(connection, index, prefix)
        return by_prefix[prefix]


def vocabulary(connection: sqlite3.Connection, index: IndexRow, prefix: str = "") -> dict[str, int]:
    """The index's words that begin with ``prefix``; how many passages hold each."""
    # A view of the full-text table that SQLite keeps nowhere; only its definition is
    # "written", to this connection's temporary schema.
    connection.execute("PRAGMA query_only = OFF")
    connection.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary_{index.id}"
        f" USING fts5vocab(main, {index.words}, row)"
    )
    connection.execute("PRAGMA query_only = ON")
    rows = connection.execute(
        f"SELECT term, doc FROM temp.vocabulary_{index.id} WHERE term >= ? AND term < ?",
        (prefix, prefix + "\U0010ffff"),
    )
    return {str(term): int(passages) for term, passages in rows}


def _alternatives(term: QueryTerm) -> str:
    """An expression for a word however it is spelled."""
    spellings = [_phrase(spelling) for spelling in (term.word, *term.alternatives)]
    return spellings[0] if len(spellings) == 1 else f"({' OR '.join(spellings)})"


def _phrase(word: str) -> str:
    """The FTS5 expression of a word, whatever its characters."""
    return '"' + word.replace('"', '""') + '"'
