"""A question's words beside the archive's: what may be mistyped, and how common each is.

Corrections only help to find passages: what a question asks for, and whether a passage
answers it, is judged by its own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA, Levenshtein

from rag.store.base import ReadView
from rag.store.records import TermStatistics
from rag.text.language import language_of
from rag.text.normalise import is_english_word
from rag.text.stems import index_stem, index_stemmer
from rag.text.words import index_stems, lexical_tokens, stem_languages

# What a correction may replace: a whole run of ASCII letters, no part of another word.
# Chinese characters beside it are other words; letters with marks are not.
_JOINED = r"A-Za-z0-9_\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f'-"
_REPLACEABLE = re.compile(rf"(?<![{_JOINED}])[A-Za-z]{{4,}}(?![{_JOINED}])")
_SHORTEST_MISTYPED = 4
_SHORTEST_TWICE_MISTYPED = 8
_MOST_NEAR = 2

# Row and column on a QWERTY keyboard, rows set off by half a key.
_KEYS = {
    letter: (row, column + 0.5 * row)
    for row, letters in enumerate(("qwertyuiop", "asdfghjkl", "zxcvbnm"))
    for column, letter in enumerate(letters)
}


def find_near_words(view: ReadView, question: str) -> dict[str, list[str]]:
    """By lexical token, the words of the archive that one in no passage may be mistyped for.

    Words of four ASCII letters and more that are not English: a number is never corrected,
    since another number is another fact.
    """
    odd = [word for word in dict.fromkeys(lexical_tokens(question)) if _is_odd(word)]
    held = count_words(view, odd, limit=1).frequencies
    languages = stem_languages(language_of(question), list(view.languages()))
    stem_of = index_stemmer(languages[0])
    unknown = {word: stem_of(word) for word in odd if not held[word]}
    if not unknown:
        return {}
    vocabulary = view.vocabulary({stem[0] for stem in unknown.values()})
    return {word: near_words(stem, vocabulary[stem[0]]) for word, stem in unknown.items()}


def count_words(view: ReadView, words: Sequence[str], *, limit: int = 10_000) -> TermStatistics:
    """How many passages there are, and how many hold each lexical token, by the token.

    One meets the passages that a search for it finds: inflected forms count, of its commonest
    spelling. Counts stop at ``limit``.
    """
    languages = list(view.languages()) or ["en"]
    stems = {word: index_stems(word, languages, name=True) for word in words}
    found = view.term_statistics(
        list({stem for each in stems.values() for stem in each}), limit=limit
    )
    frequencies = {
        word: max(found.frequencies[stem] for stem in each) for word, each in stems.items()
    }
    return TermStatistics(found.passages, frequencies)


def near_words(stem: str, terms: Mapping[str, int]) -> list[str]:
    """The likeliest of ``terms`` that ``stem`` was meant to be, at most two, likeliest first.

    ``terms`` are the stems of an index that begin with the same letter, each with the
    number of passages that have it. Of those one error away, else, for a long word, two
    (an error is a letter too many, too few, another or swapped with its neighbour): first
    those whose error is the commoner, then those in more passages. Nothing for one of the
    terms.
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
    nearest.sort(key=lambda term: (_is_rare_error(stem, term), -terms[term], term))
    return nearest[:_MOST_NEAR]


def respelled(query: str, near: Mapping[str, Sequence[str]]) -> str:
    """The query with each mistyped word as the nearest of the archive, as `near` gives them."""

    def corrected(match: re.Match[str]) -> str:
        word = match[0].casefold()
        if not _is_odd(word) or not near.get(word):
            return match[0]
        return _with_ending_of(word, index_stem(word), near[word][0])

    return _REPLACEABLE.sub(corrected, query)


def _is_odd(word: str) -> bool:
    """Whether a lexical token may be mistyped."""
    letters = word.isascii() and word.isalpha()
    return letters and len(word) >= _SHORTEST_MISTYPED and not is_english_word(word)


def _with_ending_of(word: str, stem: str, near: str) -> str:
    """The stem ``near`` with the ending that ``word`` has beyond its own ``stem``.

    companys, compani, compani: companys. The stemmer's i for y is undone.
    """
    if word.startswith(stem):
        return near + word[len(stem) :]
    if stem.endswith("i") and near.endswith("i") and word.startswith(stem[:-1] + "y"):
        return near[:-1] + word[len(stem) - 1 :]
    return near


def _is_rare_error(stem: str, term: str) -> bool:
    """Whether it is a letter too many, not one doubled, or another than a key beside it."""
    change, *others = Levenshtein.editops(stem, term)
    if others or change.tag == "insert":
        return len(stem) > len(term)
    at = change.src_pos
    if change.tag == "delete":
        return stem[at] not in stem[max(0, at - 1) : at] + stem[at + 1 : at + 2]
    here, there = _KEYS.get(stem[at]), _KEYS.get(term[change.dest_pos])
    if here is None or there is None:
        return True
    return max(abs(here[0] - there[0]), abs(here[1] - there[1])) > 1
