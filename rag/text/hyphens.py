"""Words that a line end parts, and how a reader puts them together."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Literal

import regex

from rag.text.normalise import is_english_word
from rag.text.tables import language_table
from rag.types import Span

_BREAK = r"[^\S\n\r]*(?:\r\n|[\n\r\v\u0085\u2028])[^\S\n\r]*"
# A hyphen between a letter or digit and the end of its line; a soft one anywhere.
_HYPHEN = regex.compile(
    rf"\u00ad+(?:{_BREAK}(?=\w))?|(?<=\w)(?P<hyphen>[-\u2010¬]){_BREAK}(?=[^\W_])"
)
_LEFT = regex.compile(r"[\p{L}\p{M}]+$")
_RIGHT = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_WORD = regex.compile(r"[\p{L}\p{M}]++(?:[-\u2010][\p{L}\p{M}]++)*+")
_LONGEST_WORD = 40

_Outcome = Literal["joined", "hyphenated", "apart"]


def line_break_hyphens(
    text: str, language: str, within: Span | None = None, *, of: str | None = None
) -> list[Span]:
    """What no reader reads of words that line ends part, in order; in ``within`` if given.

    "Harn-\\nfeld": the hyphen and the line break; "one-\\nstop": the line break alone, as
    the word has its hyphen within a line too; "in-\\nand outgoing": nothing. Soft hyphens
    are never read. Which of them it is, the words of the whole text help to tell, which is
    ``of`` where that is given.
    """
    found: list[Span] = []
    start, end = (within.start, within.end) if within else (0, len(text))
    for match in _HYPHEN.finditer(text, start, end):
        if match["hyphen"] in (None, "¬"):
            found.append(Span(*match.span()))
            continue
        left = _LEFT.search(text[max(0, match.start() - _LONGEST_WORD) : match.start()])
        right = _RIGHT.match(text, match.end(), match.end() + _LONGEST_WORD)
        assert right is not None
        outcome = _outcome(left[0] if left else "", right[0], of or text, language)
        if outcome != "apart":
            found.append(Span(match.start() + (outcome == "hyphenated"), match.end()))
    return found


def _outcome(left: str, right: str, text: str, language: str) -> _Outcome:
    """What a reader makes of two stretches of letters with a hyphen and a line end between."""
    if not left:
        return "hyphenated"  # "3-\nphase"
    if not (right.islower() or (left.isupper() and right.isupper() and len(left) > 1)):
        return "hyphenated"  # "Nord-\nSüd", "2017-\n18"
    one, other = left.lower(), right.lower()
    words, small_words = _words_of(text), _small_words(language)
    if f"{one}-{other}" in words:
        return "hyphenated"
    if one + other in words or one + other in small_words or _is_known(one + other, language):
        return "joined"
    if other in language_table(language).dates.joint:
        return "apart"
    whole_words = one in small_words and other in small_words
    if whole_words or min(len(one), len(other)) < 2:
        return "hyphenated"  # "peut-\nêtre", "x-\nray"
    compound = left.islower() and _is_known(one, language) and _is_known(other, language)
    return "hyphenated" if compound else "joined"


def _is_known(word: str, language: str) -> bool:
    """Whether the word is in a word list of the language, as far as there is one."""
    return language_table(language) is language_table("en") and is_english_word(word)


@cache
def _small_words(language: str) -> frozenset[str]:
    table = language_table(language)
    return table.stop_words | table.function_words


@lru_cache(maxsize=4)
def _words_of(text: str) -> frozenset[str]:
    """The words that stand whole in a text, in small letters."""
    return frozenset(word.lower().replace("\u2010", "-") for word in _WORD.findall(text))
