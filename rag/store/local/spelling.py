"""What an archive's own vocabulary says a mistyped word of a question may be.

Only for finding passages: what a question asks for, and whether a passage answers it,
is judged by its own words.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import snowballstemmer

from rag.store.local.rows import IndexRow
from rag.text.normalise import is_english_word

__all__ = [
    "WORD",
    "NearWord",
    "Vocabulary",
    "edit_distance",
    "near_words",
    "with_ending_of",
]

# What a correction may replace: a whole run of ASCII letters, no part of another word.
# Chinese characters beside it are other words; letters with marks are not.
_JOINED = r"A-Za-z0-9_\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f'-"
WORD = re.compile(rf"(?<![{_JOINED}])[A-Za-z]{{4,}}(?![{_JOINED}])")
_SHORTEST_MISTYPED = 4
_SHORTEST_TWICE_MISTYPED = 8
_MOST_NEAR = 2
Key = TypeVar("Key")
Value = TypeVar("Value")

# Neighbours on a QWERTY keyboard, rows set off by half a key.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PLACES = {
    letter: (row + 0.0, column + 0.5 * row)
    for row, letters in enumerate(_ROWS)
    for column, letter in enumerate(letters)
}


@dataclass(frozen=True, slots=True)
class NearWord:
    """A word of the vocabulary near one that is in no passage.

    ``distance`` counts insertions, deletions, substitutions and transpositions of
    neighbours.
    """

    term: str
    distance: int
    passages: int


class Vocabulary:
    """The words (stems) of a lexical index, read a first letter at a time and kept.

    One for a store; safe in several threads. What was read of one generation is not
    used for another.
    """

    _MOST_LETTERS = 64
    _MOST_WORDS = 4096

    def __init__(self) -> None:
        self._letters: OrderedDict[tuple[str, int, str], list[tuple[str, int, int]]] = OrderedDict()
        self._near: OrderedDict[tuple[str, int, str], tuple[NearWord, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self._stemmer = snowballstemmer.stemmer("porter")

    def stem(self, word: str) -> str:
        """The stem by which FTS5's porter tokenizer knows a word."""
        with self._lock:
            return str(self._stemmer.stemWord(word)) if len(word) > 2 else word

    def near(
        self, connection: sqlite3.Connection, index: IndexRow, generation: int, word: str
    ) -> tuple[NearWord, ...]:
        """What a word that is in no passage may be mistyped for, likeliest first.

        They begin with the same letter. Nothing for a number, a short word, an English
        word, and a word that is in some passage.
        """
        if not _is_correctable(word) or is_english_word(word):
            return ()
        stem = self.stem(word)
        key = (index.lexical_table, generation, stem)
        with self._lock:
            if (known := self._near.get(key)) is not None:
                return known
        found = tuple(near_words(stem, self._terms(connection, index, generation, stem[0])))
        with self._lock:
            _keep(self._near, key, found, self._MOST_WORDS)
        return found

    def _terms(
        self, connection: sqlite3.Connection, index: IndexRow, generation: int, letter: str
    ) -> list[tuple[str, int, int]]:
        """(stem, set of its letters as bits, passages with it) of all that begin so."""
        key = (index.lexical_table, generation, letter)
        with self._lock:
            if (known := self._letters.get(key)) is not None:
                return known
        rows = _read_terms(connection, index, letter)
        found = [(term, _letters(term), passages) for term, passages in rows]
        with self._lock:
            _keep(self._letters, key, found, self._MOST_LETTERS)
        return found


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> None:
    """Add to a cache, whose oldest entries go when there are too many."""
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)


def _read_terms(
    connection: sqlite3.Connection, index: IndexRow, letter: str
) -> list[tuple[str, int]]:
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
    return [
        (str(term), int(passages))
        for term, passages in connection.execute(
            f"SELECT term, doc FROM temp.{table} WHERE term >= ? AND term < ?",
            (letter, chr(ord(letter) + 1)),
        )
    ]


def _is_correctable(word: str) -> bool:
    """Whether a word is of the kind that is corrected: ASCII letters, not too few.

    A number never is: another number is another fact.
    """
    return len(word) >= _SHORTEST_MISTYPED and word.isascii() and word.isalpha()


def near_words(stem: str, terms: Sequence[tuple[str, int, int]]) -> list[NearWord]:
    """The likeliest words that ``stem`` was meant to be, at most two, likeliest first.

    Of those one error away, else, for a long word, two: first those whose error is the
    commoner (neighbouring letters swapped, a letter doubled or left out, a key beside
    the right one), then those in more passages. Nothing for one in the vocabulary.
    """
    most = 2 if len(stem) >= _SHORTEST_TWICE_MISTYPED else 1
    letters = _letters(stem)
    found: list[NearWord] = []
    for term, its_letters, passages in terms:
        if term == stem:
            return []
        # An error changes the set of letters by two at most.
        if abs(len(term) - len(stem)) > most or (letters ^ its_letters).bit_count() > 2 * most:
            continue
        distance = edit_distance(stem, term, most=most)
        if distance <= most and len(term) >= _SHORTEST_MISTYPED - 1:
            found.append(NearWord(term, distance, passages))
    least = min((near.distance for near in found), default=0)
    nearest = [near for near in found if near.distance == least]
    nearest.sort(key=lambda near: (_oddness(stem, near.term), -near.passages, near.term))
    return nearest[:_MOST_NEAR]


def with_ending_of(word: str, stem: str, near: str) -> str:
    """The stem ``near`` with the ending that ``word`` has beyond its own ``stem``.

    companys, compani, compani: companys. The stemmer's i for y is taken back.
    """
    if word.startswith(stem):
        return near + word[len(stem) :]
    if stem.endswith("i") and near.endswith("i") and word.startswith(stem[:-1] + "y"):
        return near[:-1] + word[len(stem) - 1 :]
    return near


def edit_distance(one: str, other: str, *, most: int) -> int:
    """Errors between two words, or ``most`` + 1 where there are more.

    Insertions, deletions, substitutions and transpositions of neighbours, none of which
    touches the same place twice (optimal string alignment; Damerau, CACM 1964).
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, its in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)


def _letters(word: str) -> int:
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits


def _oddness(stem: str, term: str) -> int:
    """0 for an error that hands make often, else 1."""
    if len(stem) != len(term):
        # A letter twice or once: of the longer, one that is like its neighbour goes.
        longer, shorter = (stem, term) if len(stem) > len(term) else (term, stem)
        doubled = any(
            longer[at] == longer[at - 1] and longer[:at] + longer[at + 1 :] == shorter
            for at in range(1, len(longer))
        )
        return int(not doubled and len(stem) > len(term))
    differing = [at for at in range(len(stem)) if stem[at] != term[at]]
    if len(differing) != 1:
        return 0
    here, there = _PLACES.get(stem[differing[0]]), _PLACES.get(term[differing[0]])
    if here is None or there is None:
        return 1
    return int(abs(here[0] - there[0]) > 1 or abs(here[1] - there[1]) > 1)
