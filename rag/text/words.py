"""The words by which a lexical index holds a text and is asked for one.

A store gets them as they are to be indexed and compared: folded, stemmed, scripts without
spaces in pairs of characters. It adds nothing of its own, so every engine sees the same
words.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import snowballstemmer

from rag.text.dates import written_dates
from rag.text.normalise import lexical_tokens, search_text
from rag.text.tables import language_table
from rag.text.variants import written_numbers
from rag.types import QueryTerm

__all__ = [
    "DOUBTFUL_WEIGHT",
    "INDEX_WORDS",
    "index_stem",
    "index_words",
    "query_terms",
    "spelling_variants",
]

# Of what makes index words: an index of other words than a question's must be built anew.
INDEX_WORDS = "words.v1"
# What a word scores that a question may only mean, beside one that it says.
DOUBTFUL_WEIGHT = 0.5
# A lexical index's cost grows faster than the number of words; no question has this many.
_MOST_WORDS = 256
_SHORTEST_JOINED = 6


def index_words(text: str) -> list[str]:
    """The words of ``text`` in reading order, as an index holds them, then those of its dates."""
    return [index_stem(word) for word in (*lexical_tokens(text), *_date_words(text))]


def query_terms(query: str, near: Mapping[str, Sequence[str]] = {}) -> list[QueryTerm]:
    """What to look for in an index: the words of ``query`` in order, then what it may mean.

    Stop words are left out unless there is nothing else. What it may mean besides: the
    words that ``near`` gives for a mistyped one (`rag.text.spelling.near_words`, by stem),
    numbers written in words, neighbours that are one word, words that were glued together.
    Words of one stem are terms of their own, so their passages score twice.
    """
    words = _query_words(query)
    terms = [
        QueryTerm(index_stem(word), tuple(map(index_stem, spelling_variants(word))), 1.0)
        for word in words
    ]
    mistyped = [term for word in words for term in near.get(index_stem(word), ())]
    doubtful = [
        *dict.fromkeys(term for term in mistyped if term not in words),
        *(index_stem(word) for word in dict.fromkeys(_unsaid_words(query)) if word not in words),
    ]
    return [*terms, *(QueryTerm(word, (), DOUBTFUL_WEIGHT) for word in doubtful[:_MOST_WORDS])]


def _query_words(query: str) -> list[str]:
    found = dict.fromkeys([*lexical_tokens(query), *_date_words(query)])
    # A lone mark of a script is a token, but no index holds it as a word.
    words = [word for word in found if any(map(str.isalnum, word))]
    return ([word for word in words if word not in _stop_words()] or words)[:_MOST_WORDS]


def _unsaid_words(query: str) -> list[str]:
    tokens = lexical_tokens(query)
    parted = [word for word in lexical_tokens(search_text(query)) if word not in _stop_words()]
    return [*written_numbers(tokens), *_joined_words(tokens), *parted]


def _stop_words() -> frozenset[str]:
    return language_table("en").stop_words


def _date_words(text: str) -> list[str]:
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


def _joined_words(words: Sequence[str]) -> list[str]:
    """Neighbours written as one: "basket ball" gives basketball (and often no word at all)."""
    return [
        one + other
        for one, other in pairwise(words)
        if one.isalpha() and other.isalpha() and len(one + other) >= _SHORTEST_JOINED
    ]


# --- Stems -----------------------------------------------------------------------

_PORTER = snowballstemmer.stemmer("porter")
# The stemmer keeps the word it works on in itself.
_PORTER_LOCK = threading.Lock()
# Where Porter's own program departs from his paper, which snowball's "porter" follows:
# assembly as assemble and ecology as ecological, behind a vowel and a consonant; of any
# doubled consonant, as in trekking, one goes.
_LATER_RULES = re.compile(
    r"(?P<before>.*(?:[aeiou][^aeiou]|[^aeiou]y[^aeiou]).*)(?P<ending>bl|log)(?:y|i|ies)"
    r"|(?P<single>.*[aeiouy].*([chjkqvwx]))\4(?:ed|ing)"
)


@lru_cache(maxsize=1 << 16)
def index_stem(word: str) -> str:
    """The stem by which an index knows a lexical token (Porter, Program 1980).

    The very stems that SQLite's porter tokenizer makes, so that rankings are the same.
    """
    # Longer runs of letters are not words.
    if not 3 <= len(word) <= 64:
        return word
    later = _LATER_RULES.fullmatch(word)
    if later is not None:
        ending = {"bl": "ble", "log": "log", None: ""}[later["ending"]]
        word = (later["before"] or later["single"]) + ending
    with _PORTER_LOCK:
        return str(_PORTER.stemWord(word))


# --- British and American spelling --------------------------------------------------

# A rule may make what is not a word (raize); it is then in no passage.
_ENDINGS = (
    (re.compile(r"is(e[ds]?|ers?|ing|ations?|ational|able)$"), r"iz\1"),
    (re.compile(r"iz(e[ds]?|ers?|ing|ations?|ational|able)$"), r"is\1"),
    (re.compile(r"ys(e[ds]?|ers?|ing)$"), r"yz\1"),
    (re.compile(r"yz(e[ds]?|ers?|ing)$"), r"ys\1"),
    (re.compile(r"our(s|ed|ing|able|ite|ites|hood|hoods)?$"), r"or\1"),
    (re.compile(r"or(s|ed|ing|able|ite|ites|hood|hoods)?$"), r"our\1"),
    (re.compile(r"(?<=[aeiou])ll(ed|ing|ers?)$"), r"l\1"),
    (re.compile(r"(?<=[aeiou])l(ed|ing|ers?)$"), r"ll\1"),
)
_SHORTEST_BY_RULE = 5


def spelling_variants(word: str) -> list[str]:
    """The word as the other side of the Atlantic writes it; usually nothing."""
    other = language_table("en").spellings.get(word)
    if other is not None:
        return [other]
    if len(word) < _SHORTEST_BY_RULE or not word.isascii():
        return []
    return [ending.sub(other, word) for ending, other in _ENDINGS if ending.search(word)]
