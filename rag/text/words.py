"""The words by which a lexical index holds a text and is asked for one.

A store gets them as they are to be indexed and compared: folded, stemmed, scripts without
spaces in pairs of characters. It adds nothing of its own, so every engine sees the same
words.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise

import snowballstemmer

from rag.text.dates import written_dates
from rag.text.normalise import search_text, unified
from rag.text.numbers import LEAST_SPELLED, find_numbers
from rag.text.tables import language_table
from rag.types import QueryTerm

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


def query_terms(
    query: str, near: Mapping[str, Sequence[str]] = {}, *, language: str = "en"
) -> list[QueryTerm]:
    """What to look for in an index: the words of ``query`` in order, then what it may mean.

    Stop words of ``language`` and of English are left out unless there is nothing else.
    What it may mean besides: the words that ``near`` gives for a mistyped one (by stem, see
    `rag.retrieve.words.near_words`), numbers written in words, neighbours that are one word,
    words that were glued together. Words of one stem are terms of their own, so their
    passages score twice.
    """
    stop_words = language_table(language).stop_words | language_table("en").stop_words
    words = _query_words(query, stop_words)
    terms = [
        QueryTerm(index_stem(word), tuple(map(index_stem, spelling_variants(word))), 1.0)
        for word in words
    ]
    mistyped = [term for word in words for term in near.get(index_stem(word), ())]
    unsaid = dict.fromkeys(_unsaid_words(query, language, stop_words))
    doubtful = [
        *dict.fromkeys(term for term in mistyped if term not in words),
        *(index_stem(word) for word in unsaid if word not in words),
    ]
    return [*terms, *(QueryTerm(word, (), DOUBTFUL_WEIGHT) for word in doubtful[:_MOST_WORDS])]


def _query_words(query: str, stop_words: frozenset[str]) -> list[str]:
    found = dict.fromkeys([*lexical_tokens(query), *_date_words(query)])
    # A lone mark of a script is a token, but no index holds it as a word.
    words = [word for word in found if any(map(str.isalnum, word))]
    return ([word for word in words if word not in stop_words] or words)[:_MOST_WORDS]


def _unsaid_words(query: str, language: str, stop_words: frozenset[str]) -> list[str]:
    tokens = lexical_tokens(query)
    parted = [word for word in lexical_tokens(search_text(query)) if word not in stop_words]
    numbers = (number for number in find_numbers(query, language) if number.form == "words")
    spelled = [number.plain for number in numbers if number.value >= LEAST_SPELLED]
    return [*spelled, *_joined_words(tokens), *parted]


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


# --- Tokens ----------------------------------------------------------------------

_CJK = (
    "\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U0003134f"
)
_FOLDED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ŋ": "n"}
)
_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
# Vowel signs of the Indic and South-East Asian scripts are marks, not letters, to \w.
_WORD = rf"(?:[^\W_{_CJK}]|[\u0900-\u0963\u0966-\u109f\u1780-\u17d3])"
_OTHER_TOKENS = (
    # Possessive, and never from the middle: "1,111,111...x" would take time by its square.
    r"(?P<number>(?<!\d,)\d{1,3}(?:,\d{3})++(?:\.\d+)?(?![\w,])|\d+\.\d+(?![\w.]))"
    r"|(?P<initials>(?:(?<![^\W_])[^\W\d_]\.){2,}[^\W\d_]?(?![^\W_]))"
    rf"|(?P<compound>{_WORD}+(?:-{_WORD}+)+)"
    rf"|(?P<word>{_WORD}+(?:'{_WORD}+)*)"
)
_TOKEN = re.compile(rf"(?P<cjk>[{_CJK}]+)|{_OTHER_TOKENS}")
# Of 2,500, of U.N. and of o'clock.
_DROPPED = {"number": ",", "initials": ".", "word": "'"}
# The same for text of ASCII alone, which most is: several times as fast.
_ASCII_TOKEN = re.compile(_OTHER_TOKENS.replace(_WORD, "[a-z0-9]"), re.ASCII)


def lexical_tokens(text: str) -> list[str]:
    """Case-folded words of ``text`` in order, as the lexical index holds and asks them.

    Diacritics and a possessive 's are dropped (Müller's: muller), separators of thousands
    too (2,500: 2500; 3.14 stays). A run of Chinese, Japanese or Korean characters gives
    its overlapping pairs, a lone character itself. A hyphenated word gives its parts
    and the whole.
    """
    folded = _without_marks(unified(text).casefold())
    tokens: list[str] = []
    pattern = _ASCII_TOKEN if folded.isascii() else _TOKEN
    for match in pattern.finditer(_POSSESSIVE.sub("", folded)):
        token = match[0]
        if match.lastgroup == "cjk":
            tokens.extend([token[at : at + 2] for at in range(len(token) - 1)] or [token])
        elif match.lastgroup == "compound":
            tokens.extend(token.split("-"))
            if not token.replace("-", "").isdigit():
                # Both: "e-commerce" must meet "ecommerce" and "commerce". On SciFact that
                # gave nDCG@10 .691, parts alone .685, the joined form alone .675.
                tokens.append(token.replace("-", ""))
        else:
            tokens.append(token.replace(_DROPPED[match.lastgroup or "word"], ""))
    return tokens


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    bare = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", text))
    # Composed again: kana and Hangul came apart too.
    return unicodedata.normalize("NFC", bare).translate(_FOLDED)


# --- Stems -----------------------------------------------------------------------

# A stemmer keeps the word it works on in itself.
_STEMMER_LOCK = threading.Lock()
_PORTER = snowballstemmer.stemmer("porter")
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
    with _STEMMER_LOCK:
        return str(_PORTER.stemWord(word))


_PORTER2 = snowballstemmer.stemmer("english")
# Between the parts of a hyphenated word, and inside a word glued at a capital.
_JOINS = re.compile(r"(?<=\w)-(?=\w)|(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=1 << 16)
def word_stem(word: str) -> str:
    """The stem by which a lexical token is compared with another (Porter2)."""
    with _STEMMER_LOCK:
        return str(_PORTER2.stemWord(word))


def word_parts(text: str) -> list[str]:
    """Lexical tokens of the text; hyphenated words and those glued at a capital by their parts."""
    return lexical_tokens(_JOINS.sub(" ", text))


def stem_tokens(text: str) -> list[str]:
    """The `word_parts` of the text as stems, in reading order."""
    return [word_stem(word) for word in word_parts(text)]


def verb_forms(verb: str) -> frozenset[str]:
    """Stems of an English verb's forms, as `stem_tokens` gives them: meet, met."""
    forms = _verb_forms().get(verb.casefold(), frozenset((verb,)))
    return frozenset(stem for form in forms for stem in stem_tokens(form))


@cache
def _verb_forms() -> Mapping[str, frozenset[str]]:
    return {form: forms for forms in language_table("en").irregular_verbs for form in forms}


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
