"""Is a name in Latin letters the same as one in Chinese characters, by its sound?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product

from rag.lexicon import Lexicon
from rag.text.normalise import lexical_tokens
from rag.types import Span

__all__ = ["Spellings", "transliterated"]

# A name of three characters with two readings each has eight spellings; more is no name.
_MOST_SPELLINGS = 64
_MOST_SYLLABLES = 4
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
# Letters to the consonant that Chinese gives them; the longer first.
_DIGRAPHS = {"ph": "f", "ch": "j", "sh": "x", "zh": "j", "th": "s", "ck": "k", "qu": "k"}
_SOUNDS = {
    **dict.fromkeys("bp", "p"), **dict.fromkeys("dt", "t"), **dict.fromkeys("ckg", "k"),
    **dict.fromkeys("jqx", "j"), **dict.fromkeys("sz", "s"), **dict.fromkeys("lr", "l"),
    **dict.fromkeys("fv", "f"), "h": "h", "m": "m", "n": "n", "w": "w",
}  # fmt: skip
_SHORTEST_SKELETON = 3
_LEAST_ALIKE = 0.75


class Spellings:
    """What each few characters of a Chinese text spell in pinyin without tones."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self._found: dict[str, Span] = {}
        for run in _HAN.finditer(text):
            for start in range(*run.span()):
                for end in range(start + 1, min(run.end(), start + _MOST_SYLLABLES) + 1):
                    for spelling in _spellings(lexicon, text[start:end]):
                        self._found.setdefault(spelling, Span(start, end))

    def find(self, words: Sequence[str]) -> Span | None:
        """Where the text first has the characters that the words of one name spell, if at all.

        The first word may also stand last: LI Yong is Yong Li.
        """
        letters = ["".join(lexical_tokens(word)) for word in words]
        turned = [*letters[1:], *letters[:1]]
        return self._found.get("".join(letters)) or self._found.get("".join(turned))


@lru_cache(maxsize=1 << 16)
def _spellings(lexicon: Lexicon, characters: str) -> tuple[str, ...]:
    readings = [sorted(lexicon.readings(character)) for character in characters]
    if math.prod(map(len, readings)) > _MOST_SPELLINGS:
        return ()
    return tuple("".join(chosen) for chosen in product(*readings))


def transliterated(word: str, text: str, lexicon: Lexicon) -> Span | None:
    """Where ``text`` may render the sound of a foreign name: Carolina as 卡罗莱纳.

    The consonants must agree, three of four of them; names of fewer than three do not tell.
    """
    wanted = _skeleton(word)
    if len(wanted) < _SHORTEST_SKELETON:
        return None
    found = [
        (alike, -len(span), span)
        for span in _windows(text, len(wanted))
        if (alike := _alike(wanted, _sounds(span.of(text), lexicon))) >= _LEAST_ALIKE
    ]
    return max(found)[2] if found else None


def _windows(text: str, sounds: int) -> Iterator[Span]:
    for run in _HAN.finditer(text):
        for start in range(*run.span()):
            for end in range(start + 2, min(run.end(), start + sounds + 1) + 1):
                yield Span(start, end)


@lru_cache(maxsize=4096)
def _skeleton(word: str) -> str:
    plain = "".join(lexical_tokens(word))
    for letters, sound in _DIGRAPHS.items():
        plain = plain.replace(letters, sound)
    return re.sub(r"(.)\1+", r"\1", "".join(_SOUNDS.get(letter, "") for letter in plain))


def _sounds(characters: str, lexicon: Lexicon) -> str:
    return "".join(
        _skeleton(next(iter(sorted(lexicon.readings(character))), "")) for character in characters
    )


def _alike(one: str, other: str) -> float:
    """1 minus the share of the longer that must be changed to make one the other."""
    row = list(range(len(other) + 1))
    for at, first in enumerate(one, start=1):
        above, row[0] = row[0], at
        for position, second in enumerate(other, start=1):
            above, row[position] = (
                row[position],
                min(row[position] + 1, row[position - 1] + 1, above + (first != second)),
            )
    return 1.0 - row[-1] / max(len(one), len(other), 1)
