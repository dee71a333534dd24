"""Stems: what the forms of one word have in common, by the language of the text.

Two words are the same, for a reader's question, when their `word_stem`s are: whatever
their case, accents, umlauts and endings.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import cache, lru_cache

import snowballstemmer

from rag.text.folding import folded, without_written_out

# Snowball's name for each language that it has, by ISO 639-1 code; English is Porter's.
_SNOWBALL = {
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "st": "sesotho",
    "sv": "swedish",
    "tr": "turkish",
}
# Of languages in scripts of their own: Latin words in their texts are stemmed as English.
_SNOWBALL_OF_SCRIPT = {
    "ar": "arabic",
    "el": "greek",
    "fa": "persian",
    "hi": "hindi",
    "hy": "armenian",
    "ne": "nepali",
    "ru": "russian",
    "sr": "serbian",
    "ta": "tamil",
    "yi": "yiddish",
}
# Conjunctions before the article, which Snowball leaves; Hebrew, which it lacks, writes small
# words and the article on to the next one, and has few endings.
_ARABIC_AND = re.compile("^[وف](?=ال)")
_HEBREW_START = re.compile("^[ושהבכלמ]{1,3}(?=[א-ת]{3})")
_HEBREW_END = re.compile("(?<=[א-ת]{3})(?:יי?[הת]|י?ות|ים|[התי])$")
# Longer runs of letters are not words.
_LONGEST = 64

# A stemmer keeps the word it works on in itself.
_STEMMER_LOCK = threading.Lock()
_PORTER = snowballstemmer.stemmer("porter")
_PORTER2 = snowballstemmer.stemmer("english")
# Where Porter's own program departs from his paper, which snowball's "porter" follows:
# assembly as assemble and ecology as ecological, behind a vowel and a consonant; of any
# doubled consonant, as in trekking, one goes.
_LATER_RULES = re.compile(
    r"(?P<before>.*(?:[aeiou][^aeiou]|[^aeiou]y[^aeiou]).*)(?P<ending>bl|log)(?:y|i|ies)"
    r"|(?P<single>.*[aeiouy].*([chjkqvwx]))\4(?:ed|ing)"
)


def index_stemmer(language: str) -> Callable[[str], str]:
    """The stem by which an index of texts in a language knows a lexical token, folded.

    Snowball's; of English, of words in Latin letters in Russian, Arabic and the like, and of
    languages that Snowball lacks the very stems that SQLite's porter tokenizer makes
    (Porter, Program 1980).
    """
    if language == "he":
        return _hebrew_stem
    known = language in _SNOWBALL or language in _SNOWBALL_OF_SCRIPT
    return _stemmer(language) if known else index_stem


@lru_cache(maxsize=1 << 16)
def index_stem(word: str) -> str:
    """The stem by which an index of English text knows a lexical token."""
    word = folded(word)
    if not 3 <= len(word) <= _LONGEST:
        return word
    later = _LATER_RULES.fullmatch(word)
    if later is not None:
        ending = {"bl": "ble", "log": "log", None: ""}[later["ending"]]
        word = (later["before"] or later["single"]) + ending
    with _STEMMER_LOCK:
        return str(_PORTER.stemWord(word))


def _hebrew_stem(word: str) -> str:
    return index_stem(word) if word.isascii() else _HEBREW_END.sub("", _HEBREW_START.sub("", word))


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    scripted = language in _SNOWBALL_OF_SCRIPT
    snowball = snowballstemmer.stemmer((_SNOWBALL | _SNOWBALL_OF_SCRIPT)[language])

    @lru_cache(maxsize=1 << 15)
    def stem(word: str) -> str:
        if scripted and word.isascii():
            return index_stem(word)
        if not 2 <= len(word) <= _LONGEST or any(map(str.isdigit, word)):
            return folded(word)
        if language == "ar":
            word = _ARABIC_AND.sub("", word)
        with _STEMMER_LOCK:
            return folded(str(snowball.stemWord(word))) or folded(word)

    return stem


@lru_cache(maxsize=1 << 16)
def word_stem(word: str, language: str = "en") -> str:
    """The stem by which a lexical token is compared with another, in a question's language.

    Porter2 for English and wherever `index_stemmer` takes English ones. Umlauts written out
    count as umlauts: mueller, müller and muller are the same.
    """
    stem = index_stemmer(language)
    if stem is index_stem or (language not in _SNOWBALL and word.isascii()):
        with _STEMMER_LOCK:
            return without_written_out(str(_PORTER2.stemWord(folded(word))))
    return without_written_out(stem(word))
