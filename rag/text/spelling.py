"""What a mistyped word of a question may be, by the words of the archive itself.

Only for finding passages: what a question asks for, and whether a passage answers it,
is judged by its own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from rag.text.normalise import is_english_word
from rag.text.words import index_stem, lexical_tokens

__all__ = ["correctable_stems", "near_words", "respelled"]

# What a correction may replace: a whole run of ASCII letters, no part of another word.
# Chinese characters beside it are other words; letters with marks are not.
_JOINED = r"A-Za-z0-9_\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f'-"
_REPLACEABLE = re.compile(rf"(?<![{_JOINED}])[A-Za-z]{{4,}}(?![{_JOINED}])")
_SHORTEST_MISTYPED = 4
_SHORTEST_TWICE_MISTYPED = 8
_MOST_NEAR = 2

# Neighbours on a QWERTY keyboard, rows set off by half a key.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PLACES = {
    letter: (row + 0.0, column + 0.5 * row)
    for row, letters in enumerate(_ROWS)
    for column, letter in enumerate(letters)
}


def correctable_stems(query: str) -> list[str]:
    """Stems of the words of ``query`` that may be mistyped, each once, in order.

    Words of four ASCII letters and more that are not English: a number never is mistyped,
    since another number is another fact.
    """
    words = filter(_is_correctable, lexical_tokens(query))
    return list(dict.fromkeys(map(index_stem, words)))


def near_words(stem: str, terms: Mapping[str, int]) -> list[str]:
    """The likeliest of ``terms`` that ``stem`` was meant to be, at most two, likeliest first.

    ``terms`` are the stems of an index that begin with the same letter, each with the
    number of passages that have it. Of those one error away, else, for a long word, two
    (an error is a letter too many, too few, another or swapped with its neighbour): first
    those whose error is the commoner (letters swapped, a letter doubled or left out, a key
    beside the right one), then those in more passages. Nothing for one of the terms.
    """
    if stem in terms:
        return []
    most = 2 if len(stem) >= _SHORTEST_TWICE_MISTYPED else 1
    long_enough = [term for term in terms if len(term) >= _SHORTEST_MISTYPED - 1]
    # Optimal string alignment (Damerau, CACM 1964): no place is changed twice.
    found = process.extract(
        stem, long_enough, scorer=OSA.distance, score_cutoff=most, limit=len(long_enough)
    )
    least = min((distance for _, distance, _ in found), default=0)
    nearest = [term for term, distance, _ in found if distance == least]
    nearest.sort(key=lambda term: (_oddness(stem, term), -terms[term], term))
    return nearest[:_MOST_NEAR]


def respelled(query: str, near: Mapping[str, Sequence[str]]) -> str:
    """The query with each mistyped word as the nearest of the archive.

    ``near`` gives the nearest words (`near_words`) of the query's `correctable_stems`.
    """

    def corrected(match: re.Match[str]) -> str:
        word = match[0].casefold()
        stem = index_stem(word)
        if not _is_correctable(word) or not near.get(stem):
            return match[0]
        return _with_ending_of(word, stem, near[stem][0])

    return _REPLACEABLE.sub(corrected, query)


def _is_correctable(word: str) -> bool:
    return (
        len(word) >= _SHORTEST_MISTYPED
        and word.isascii()
        and word.isalpha()
        and not is_english_word(word)
    )


def _with_ending_of(word: str, stem: str, near: str) -> str:
    """The stem ``near`` with the ending that ``word`` has beyond its own ``stem``.

    companys, compani, compani: companys. The stemmer's i for y is undone.
    """
    if word.startswith(stem):
        return near + word[len(stem) :]
    if stem.endswith("i") and near.endswith("i") and word.startswith(stem[:-1] + "y"):
        return near[:-1] + word[len(stem) - 1 :]
    return near


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
