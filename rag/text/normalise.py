"""Text repaired and unified for encoders and indexes; never shown or cited."""

from __future__ import annotations

import importlib.util
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from rag.text.tables import language_table

# Of all that makes search text and index words (rag.text.words).
NORMALISER = "normalise.v3"

_INVISIBLE: dict[int, str | None] = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
# The one mark of invisible ones that parts words: "AIM<U+200B>Global".
_ZERO_WIDTH_SPACE = re.compile(
    "(?<=[A-Za-z\u00c0-\u024f])\u200b+(?=[A-Z\u00c0-\u00d6\u00d8-\u00de])"
)
# Compatible characters become others: 412¹ is not 4121, nor 4½ 41/2. The mark of a note stands
# behind a word, an exponent behind a unit: m².
_RAISED = "\u2070\u00b9\u00b2\u00b3\u2074-\u2079"
# Put before each of them, since a translation finds them for nothing; no text has it.
_FOUND = "\ufdd0"
_INVISIBLE |= {
    code: _FOUND + chr(code)
    for code in (0xB9, 0xB2, 0xB3, 0x2070, *range(0x2074, 0x207A), 0xBC, 0xBD, 0xBE)
} | {code: _FOUND + chr(code) for code in range(0x2150, 0x215F)}
_SET_APART = re.compile(
    rf"(?<=\d)(?=[{_RAISED}¼-¾⅐-⅞])|(?<=[^\W\d_]{{3}})(?<![{_RAISED}])(?=[{_RAISED}])"
)
_UNIFIED = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′＇`´", "'"),
        **dict.fromkeys("“”„‟″«»＂", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **{chr(code): " " for code in range(32)},
        "\x7f": " ",
    }
)

_GLUED = language_table("en").glued

# --- Glued words -----------------------------------------------------------------

_ADDRESS = re.compile(r"://|www\.|@|\w/\w|[_\\=<>{}|]")
_GLUED_STOP = re.compile(
    r"(?:(?<=[a-z)\]\d][a-z)\]\d])|(?<=[A-Z][A-Z]))([.!?][)\]\"']*)(?=[\"(]?[A-Z](?:[a-z]|$))"
)
_GLUED_COMMA = re.compile(r"(?<=[A-Za-z)][A-Za-z)])([,;]\"?)(?=[A-Za-z]{2})")
_GLUED_BRACKET = re.compile(
    r"(?<=[A-Za-z]{3})(?=\([A-Z][A-Za-z]{2})|(?<=[A-Za-z]\))(?=[A-Za-z]{3})"
)
_LETTERS = re.compile(r"(?<![^\W\d_])[A-Za-z]{5,}(?![^\W\d_])(?!'[a-rt-z])")
_BEFORE_NUMBER = re.compile(
    r"(?<![^\W_])(in|of|to|the|and|from|by|for|on|at|since|until|about|over|than|with|between|during"
    rf"|{'|'.join(language_table('en').dates.full_months)})"
    r"(?=\d{1,2}(?!\d)|\d{4}(?!\d))",
)
_AFTER_NUMBER = re.compile(
    r"(?<=\d)(?=(?:and|the|of|to|in|from|for|with|was|were|are|by|at|on|to|people|years|percent)"
    r"(?![^\W_]))"
)
_CASE_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z])")


_LEADING_CAPITALISED = frozenset(("The", "And", "For", "From", "With", "This", "That"))
_MAX_PARTS = 4
_MAX_GLUED_LETTERS = 60
# In log10. How much likelier each further letter makes a split, and by how much a doubtful
# one must be likelier. Chosen on damaged pages of one set (CLAP NQ), measured on another
# (SQuAD): of its glued words .80 are repaired, .98 of the changes are right, and of 1,000
# words of its clean text 0.2 are parted.
_LETTER_GAIN = 0.95
_CAPITALISED_MARGIN = 1.5
_COMPOUND_MARGIN = 2.0
_PAIR_MARGIN = 1.0
_RAREST_PART = -6.6
_LONG_PART = 4


def search_text(raw: str) -> str:
    """``raw`` repaired for an encoder: the same letters and digits, in the same order.

    Unicode NFKC; quotes, dashes and white space unified, invisible characters removed,
    English words that lost the space between them parted. Applying it twice gives the
    same as once.
    """
    return " ".join(map(_repaired, unified(raw).split()))


def unified(raw: str) -> str:
    """``raw`` in Unicode NFKC, with one form of quotes, dashes and spaces, nothing invisible."""
    if raw.isascii():
        return raw.translate(_UNIFIED)
    visible = _ZERO_WIDTH_SPACE.sub(" ", raw).translate(_INVISIBLE)
    if _FOUND in visible:
        visible = _SET_APART.sub(" ", visible.replace(_FOUND, ""))
    return unicodedata.normalize("NFKC", visible).translate(_UNIFIED)


@lru_cache(maxsize=1 << 16)
def _repaired(token: str) -> str:
    """A run of non-spaces, with spaces where words were glued."""
    if len(token) < 5 or _ADDRESS.search(token):
        return token
    token = _GLUED_STOP.sub(r"\1 ", token)
    token = _GLUED_COMMA.sub(r"\1 ", token)
    token = _GLUED_BRACKET.sub(" ", token)
    token = _LETTERS.sub(lambda match: _parted(match[0]), token)
    token = _BEFORE_NUMBER.sub(r"\1 ", token)
    return _AFTER_NUMBER.sub(" ", token)


def _parted(run: str) -> str:
    """A run of ASCII letters, parted where it is several words and no name."""
    words = _dictionary()
    if run.lower() in words or len(run) > _MAX_GLUED_LETTERS:
        return run
    parts: list[str] = []
    start = 0
    for match in _CASE_CHANGE.finditer(run):
        left, right = run[start : match.start()], run[match.start() :]
        if _parts_at_case(left, right):
            parts.append(left)
            start = match.start()
    parts.append(run[start:])
    return " ".join(_segmented(part) for part in parts)


def _parts_at_case(left: str, right: str) -> bool:
    """Whether a change of case parts two words, not the halves of a name (YouTube)."""
    match = re.match(r"[A-Z]+(?![a-z])|[A-Z][a-z]+", right)
    first = match[0] if match else ""
    if len(first) < 2:
        return False
    if left.islower() and left in _often_glued() and len(left) < _LONG_PART:
        return len(left) > 1 and (len(first) > 2 or left in ("the", "of", "and"))
    if left.islower():
        return len(left) >= _LONG_PART and _is_made_of_words(left)
    if left in _LEADING_CAPITALISED:
        return len(first) > 2
    if first.isupper():
        return _is_made_of_words(left) and len(left) > 5 and len(first) > 2
    long_enough = min(len(left), len(first)) >= _LONG_PART and len(left) + len(first) > 10
    return long_enough and _is_made_of_words(left) and _is_made_of_words(first)


def _is_made_of_words(letters: str) -> bool:
    return letters.lower() in _dictionary() or " " in _segmented(letters)


@lru_cache(maxsize=1 << 16)
def _segmented(word: str) -> str:
    """The likeliest words that make up ``word``, by Viterbi over unigram frequencies.

    ``word`` itself where the best split is not much likelier than an unknown word: a
    name, a term or a misspelling. Norvig, "Natural Language Corpus Data", 2009.
    """
    lower, words = word.lower(), _dictionary()
    if lower in words or len(word) < 5 or not word[1:].islower():
        return word
    # best[end] = (log10 probability, parts) of the letters before end
    best: list[tuple[float, tuple[str, ...]] | None] = [(0.0, ())]
    for end in range(1, len(word) + 1):
        candidates = [
            (before[0] + score, (*before[1], word[start:end]))
            for start in range(max(0, end - 20), end)
            if (before := best[start]) is not None
            and len(before[1]) < _MAX_PARTS
            and (score := _part_score(lower[start:end], words)) is not None
        ]
        best.append(max(candidates, default=None))
    whole = best[-1]
    if whole is None or whole[0] + _LETTER_GAIN * len(word) < _margin(whole[1]):
        return word
    return " ".join(whole[1])


def _margin(parts: Sequence[str]) -> float:
    """By how much (log10) a split must be likelier: more where it may be one word."""
    lower = [part.lower() for part in parts]
    margin = 0.0 if parts[0].islower() else _CAPITALISED_MARGIN
    if lower[0] in _GLUED.prefixes or not _GLUED.suffixes.isdisjoint(lower[1:]):
        margin += _COMPOUND_MARGIN
    ends_as_name = lower[-1] in _GLUED.name_endings and lower[-2] not in _often_glued()
    if parts[0][0].isupper() and ends_as_name:
        margin += _COMPOUND_MARGIN
    for left, right in pairwise(lower):
        if left not in _often_glued() and right not in _often_glued():
            # Compounds that dictionaries lack (largemouth) have a short half.
            margin += _COMPOUND_MARGIN if min(len(left), len(right)) < 6 else _PAIR_MARGIN
    return margin


def _part_score(part: str, words: Mapping[str, float]) -> float | None:
    """log10 probability of ``part`` as a word inside a glued run; None where it is none."""
    # The dictionary's other short words are abbreviations and syllables of names.
    if part in _GLUED.bound or (len(part) < _LONG_PART and part not in _often_glued()):
        return None
    score = words.get(part)
    return score if score is not None and score > _RAREST_PART else None


@cache
def _often_glued() -> frozenset[str]:
    """Function words and some more: words that are often glued to others."""
    table = language_table("en")
    return (table.stop_words | table.function_words | table.glued.words) - table.glued.never


def is_english_word(word: str) -> bool:
    """Whether a lower-case word is in the English word list: then it is hardly mistyped."""
    return word in _dictionary()


@cache
def _dictionary() -> Mapping[str, float]:
    """English words and the log10 of their relative frequency, from symspellpy's data."""
    # Found without importing it: only its data file is read.
    spec = importlib.util.find_spec("symspellpy")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).with_name("frequency_dictionary_en_82_765.txt")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    counts = {word: int(count) for word, count in (line.split() for line in lines)}
    total = math.log10(sum(counts.values()))
    return {word: math.log10(count) - total for word, count in counts.items()}
