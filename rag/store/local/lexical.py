"""Full-text search with SQLite's FTS5 and BM25 (Robertson & Zaragoza, FnTIR 2009).

What is indexed is our own token string, so that scripts without spaces are found and
another engine can index the very same words.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.store.base import ScoredPassage
from rag.store.local.filters import document_condition
from rag.store.local.rows import IndexRow, passage_id
from rag.text.dates import written_dates
from rag.text.normalise import lexical_tokens, search_text
from rag.text.variants import joined_words, same_words, written_numbers
from rag.types import Filters, Passage

__all__ = [
    "LexicalSettings",
    "count_passages",
    "create_table",
    "date_words",
    "doubtful_words",
    "lexical_columns",
    "query_words",
    "search",
]

# FTS5's cost grows faster than the number of words; a question never has this many.
_MOST_WORDS = 256
# Counting a word's passages stops here: only which words are rarest matters.
_COUNTED_PASSAGES = 20_000
_FILL_WORDS = 3

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a about am an and are as at be been but by can could did do does for from had has "
        "have he her him his how i if in into is it its me my of on or our she should so than "
        "that the their them there they this to was we were what when where which who whom "
        "whose why will with would you your ",
    )
)


@dataclass(frozen=True, slots=True)
class LexicalSettings:
    """How the lexical index is searched.

    Up to ``any_word_up_to`` passages all that have any word of the query are ranked.
    Above that first those with all words, then, if they are too few, those with any of
    the three rarest: measured on 200k passages 8 ms against 48 ms, with no item lost.
    ``doubtful_weight`` is what a word counts that a question only may mean.
    """

    any_word_up_to: int = 200_000
    title_weight: float = 1.0
    body_weight: float = 1.0
    doubtful_weight: float = 0.5


def create_table(connection: sqlite3.Connection, index: IndexRow) -> None:
    """Create the index's empty FTS5 table; its rowid is the passage's."""
    connection.execute(
        f"CREATE VIRTUAL TABLE {index.lexical_table} USING fts5 (title, body,"
        " tokenize = 'porter unicode61 remove_diacritics 2')"
    )


def lexical_columns(passage: Passage) -> tuple[str, str]:
    """The token strings (title, body) of a passage; its headings count as title."""
    context = dict.fromkeys((passage.title, *passage.headings))
    return _token_string("\n".join(context)), " ".join(_words(passage.search_text))


@lru_cache(maxsize=256)  # all passages of a document share their title
def _token_string(text: str) -> str:
    return " ".join(_words(text))


def _words(text: str) -> list[str]:
    return [*lexical_tokens(text), *date_words(text)]


def date_words(text: str) -> list[str]:
    """A word for each month of a year and each day of a year that the text writes, once.

    However they are written, 24 April 2019 and 2019-04-24 meet in both words, "April
    24th" meets them in the second.
    """
    words: dict[str, None] = {}
    for written in written_dates(text):
        if written.month is not None and written.year is not None:
            words[f"ym{written.year}{written.month:02d}"] = None
        if written.month is not None and written.day is not None:
            words[f"md{written.month:02d}{written.day:02d}"] = None
    return list(words)


def query_words(query: str) -> list[str]:
    """The words to look for, each once; stop words only when there is nothing else."""
    words = [
        word
        for word in dict.fromkeys(_words(query))
        if any(character.isalnum() for character in word)
    ]
    return ([word for word in words if word.casefold() not in _STOP_WORDS] or words)[:_MOST_WORDS]


def search(
    connection: sqlite3.Connection,
    index: IndexRow,
    query: str,
    *,
    limit: int,
    filters: Filters,
    settings: LexicalSettings,
    doubtful: Sequence[str] = (),
) -> list[ScoredPassage]:
    """Passages of highest BM25, best first, ties by passage id; scores are positive.

    ``doubtful`` are words that the question may mean too: what they score is weighted
    by ``settings.doubtful_weight`` and added.
    """
    words = query_words(query)
    if not words or limit <= 0:
        return []
    ranked = _Ranked(connection, index, filters, settings)
    if _at_most(connection, index, settings.any_word_up_to):
        found = ranked.best(" OR ".join(map(_alternatives, words)), limit)
    else:
        found = ranked.best(" AND ".join(map(_alternatives, words)), limit)
        if len(found) < limit:
            some = ranked.best(" OR ".join(_rarest(connection, index, words)), limit)
            found = {**some, **found}
    further = [word for word in dict.fromkeys(doubtful) if word not in words]
    if further and settings.doubtful_weight:
        also = ranked.best(" OR ".join(map(_quoted, further[:_MOST_WORDS])), limit)
        for key, score in also.items():
            found[key] = found.get(key, 0.0) + settings.doubtful_weight * score
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [ScoredPassage(identifier, score) for identifier, score in ordered[:limit]]


def doubtful_words(query: str, near: Callable[[str], Sequence[str]] = lambda word: ()) -> list[str]:
    """Words that a question may mean besides its own, each once.

    Numbers written in words, neighbours written as one word, words that were glued,
    and what ``near`` says of each word (what it may be mistyped for).
    """
    tokens = lexical_tokens(query)
    parted = [word for word in lexical_tokens(search_text(query)) if word not in _STOP_WORDS]
    mistyped = [term for word in query_words(query) for term in near(word)]
    return list(
        dict.fromkeys([*mistyped, *written_numbers(tokens), *joined_words(tokens), *parted])
    )


class _Ranked:
    """FTS5 expressions to scores by passage id, under fixed filters."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        index: IndexRow,
        filters: Filters,
        settings: LexicalSettings,
    ) -> None:
        self._connection = connection
        self._parameters: list[object] = [f"bm25({settings.title_weight}, {settings.body_weight})"]
        condition = ""
        if filters:
            where, parameters = document_condition(connection, filters)
            # The plus keeps SQLite from running the full-text query once a row id.
            condition = (
                " AND +rowid IN (SELECT p.id FROM documents AS d CROSS JOIN passages AS p"
                f" ON p.index_id = ? AND p.document = d.row WHERE {where})"
            )
            self._parameters += [index.id, *parameters]
        table = index.lexical_table
        # Ranked in a sub-query: joining first would fetch the rows of every match.
        self._sql = (
            'SELECT d.id, p.start, p."end", -r.score FROM'
            f" (SELECT rowid, rank AS score FROM {table}"
            f" WHERE {table} MATCH ? AND rank MATCH ?{condition} ORDER BY rank LIMIT ?) AS r"
            " CROSS JOIN passages AS p ON p.id = r.rowid"
            " CROSS JOIN documents AS d ON d.row = p.document"
        )

    def best(self, expression: str, limit: int) -> dict[str, float]:
        """At least the best ``limit``, with all that tie with the last of them."""
        wanted = limit + 1
        while True:
            rows = self._connection.execute(
                self._sql, [expression, *self._parameters, wanted]
            ).fetchall()
            scores = sorted((row[3] for row in rows), reverse=True)
            # FTS5 orders ties by row id, which a reindex changes: fetch them all.
            if len(rows) < wanted or scores[limit - 1] > scores[-1]:
                return {passage_id(*row[:3]): row[3] for row in rows if row[3] > 0}
            wanted *= 4


def _at_most(connection: sqlite3.Connection, index: IndexRow, count: int) -> bool:
    return (
        connection.execute(
            "SELECT 1 FROM passages INDEXED BY passages_by_index WHERE index_id = ?"
            " LIMIT 1 OFFSET ?",
            (index.id, count),
        ).fetchone()
        is None
    )


def _rarest(connection: sqlite3.Connection, index: IndexRow, words: list[str]) -> list[str]:
    """The rarest of the words that any passage has, as FTS5 phrases."""

    def passages(word: str) -> int:
        # A word that no passage has is no help in filling.
        count = count_passages(connection, index, word, limit=_COUNTED_PASSAGES)
        return count or _COUNTED_PASSAGES + 1

    return [_quoted(word) for word in sorted(words, key=passages)[:_FILL_WORDS]]


def count_passages(
    connection: sqlite3.Connection, index: IndexRow, word: str, *, limit: int
) -> int:
    """Number of passages that hold a lexical token, counted up to ``limit``."""
    table = index.lexical_table
    (count,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT ?)",
        (_quoted(word), limit),
    ).fetchone()
    return int(count)


def _alternatives(word: str) -> str:
    """An expression for a word however it is spelled."""
    spellings = [_quoted(spelling) for spelling in (word, *same_words(word))]
    return spellings[0] if len(spellings) == 1 else f"({' OR '.join(spellings)})"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
