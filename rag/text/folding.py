"""One spelling for all ways of writing a letter: what search and comparison fold words to.

Marks that only help to read aloud, digits of any script and traditional characters go before
a text is cut into words; accents, which stemmers need, go after.
"""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

# Accents without a letter of their own, stress in Russian, Hebrew points, Arabic vowel marks
# and tatweel, the dot of Indic letters, selectors of a glyph.
_READING_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u08d3-\u08ff"
    "\u093c\u09bc\u0a3c\u0abc\u0b3c\ufe00-\ufe0f]"
)
_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
# Maqaf, the marks of Arabic numbers, and a nasal vowel that Hindi writes in two ways.
_SAME = {"\u05be": "-", "\u066b": ".", "\u066c": ",", "\u0901": "\u0902"}
# Abbreviations and figures in Hebrew: צה"ל.
_HEBREW_QUOTE = re.compile("(?<=[א-ת])[\"'׳״](?=[א-ת])")

_ACCENTED = re.compile("[\u00c0-\u024f\u0370-\u03ff\u0451\u1e00-\u1fff]")
_LETTERS = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
    "ŋ": "n",
    "ħ": "h",
    # Arabic letters as they are written in haste, and as Persian and Urdu write them.
    **dict.fromkeys("أإآٱ", "ا"),
    **dict.fromkeys("ىئیې", "ي"),
    **dict.fromkeys("ةہھۀە", "ه"),
    "ؤ": "و",
    "ک": "ك",
}
# What a typewriter or an address writes for a letter: Mueller, Aarhus, Djokovic.
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ø": "oe", "ü": "ue", "å": "aa", "đ": "dj"})
# Of "neue", "quelle" and "bauer" the e is the word's own.
_OUT = re.compile(r"(?<![aeoqu])([aou])e|(a)a(?!a)|(d)j")


class _Bare(dict[int, str]):
    """Each character without reading marks, its digits in ASCII, simplified if Chinese."""

    def __missing__(self, code: int) -> str:
        self[code] = bare = _bare(chr(code))
        return bare


class _Folded(dict[int, str]):
    """Each character as `_Bare` has it, without accents too."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = "".join(map(_folded, _bare(chr(code))))
        return folded


def _bare(character: str) -> str:
    if _READING_MARKS.match(character):
        return ""
    if _IDEOGRAPH.match(character):
        return _simplified().get(character, character)
    digit = unicodedata.decimal(character, None)
    return str(digit) if digit is not None else _SAME.get(character, character)


def _folded(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    return unicodedata.normalize("NFD", character)[0] if _ACCENTED.match(character) else character


_BARE, _FOLDED = _Bare(), _Folded()


def bare(text: str) -> str:
    """Text in NFKC without marks that part no words from others, its figures in ASCII digits.

    Traditional Chinese and old Japanese characters become simplified ones; accents stay.
    """
    return text if text.isascii() else _HEBREW_QUOTE.sub("", text).translate(_BARE)


def folded(text: str) -> str:
    """`bare` text without accents, letters of the Arabic script in one form."""
    return text if text.isascii() else _HEBREW_QUOTE.sub("", text).translate(_FOLDED)


def other_spelling(word: str) -> str | None:
    """A lower-case word with its umlauts and the like written out, or the reverse, folded.

    müller gives mueller, mueller muller; None for a word that has none of them.
    """
    written = word.translate(_WRITTEN_OUT)
    other = folded(written) if written != word else without_written_out(word)
    return other if other != word else None


def without_written_out(word: str) -> str:
    """A folded word or stem, two letters that may stand for one made that one: muller."""
    return _OUT.sub(r"\1\2\3", word)


@cache
def _simplified() -> Mapping[str, str]:
    """Traditional Chinese and new Japanese characters to simplified ones, from OpenCC's data."""
    # Found without importing it: only its data files are read.
    spec = importlib.util.find_spec("opencc")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).with_name("dictionary")
    simplified = _first_of(folder / "TSCharacters.txt")
    japanese = {new: old for old, new in _first_of(folder / "JPVariants.txt").items()}
    return {new: simplified.get(old, old) for new, old in japanese.items()} | simplified


def _first_of(path: Path) -> dict[str, str]:
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {line[0]: line[1] for line in lines if line}
