"""Do two things change places around what a claim and its source have between them?

"Beta bought Acme" has every word of "Acme bought Beta".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.answer.facts import FUNCTION_WORDS
from rag.question.analysis import stem_tokens

__all__ = ["exchanges_places", "tokens_of"]

_TOKEN = re.compile(r"[^\W_\u3400-\u9fff]+(?:[.,'-][^\W_\u3400-\u9fff]+)*|[\u3400-\u9fff]|[%,、，]")
_HAN = re.compile("[\u3400-\u9fff]")
_MOST_TILES = 40
_SEPARATORS = frozenset((",", "、", "，", "and", "or", "和", "及", "与"))
# What stands between two that may change places: "A was B", "A met B", "A while B".
_SYMMETRIC = frozenset(
    """
    and or nor with as is are was were be been while whereas when plus equals equal met meet meets
    married marry marries borders border bordered like unlike versus vs first last also then now
    again
    """.split()  # noqa: SIM905
)
_SYMMETRIC_CHINESE = re.compile("[和与及跟或同是为]|会[见晤谈]|结婚|接壤|合作")
# Of what begins so the place is free: "in 1988", "on Mill Street".
_PREPOSITIONS = frozenset(
    """
    about after along among around as at before between by during for from in into near of on over
    since through throughout to towards under until with within without
    """.split()  # noqa: SIM905
)
_BESIDE_A_VERB = _SEPARATORS.union("the a an of its his her their this that".split())  # noqa: SIM905
_CHINESE_PREPOSITION = re.compile("[在于从自由对向以为随]")
# Tokens further on a mark of the passive is not of the same verb.
_NEAR = 3
# What is done may be followed by where and when before "by": "was started in Wuzhen by".
_FAR = 8
_BE = frozenset(("is", "are", "was", "were", "be", "been", "being"))


def tokens_of(text: str) -> list[str]:
    """Words, numbers, Chinese characters, commas and percent signs, in lower case."""
    return _TOKEN.findall(text.casefold())


@dataclass(frozen=True, slots=True)
class _Tile:
    """A run of tokens that both texts have, and where it begins in each."""

    said: int
    cited: int
    tokens: tuple[str, ...]

    @property
    def is_thing(self) -> bool:
        """Whether it is more than grammar."""
        return any(not _is_grammar(token) for token in self.tokens) and (
            len(self.tokens) > 1 or not _HAN.match(self.tokens[0])
        )

    @property
    def is_free(self) -> bool:
        """Whether it brings its own preposition, and so may stand anywhere."""
        first = self.tokens[0]
        return first in _PREPOSITIONS or bool(_CHINESE_PREPOSITION.match(first))

    @property
    def is_relation(self) -> bool:
        """Whether it may say what one does to another: no date, and no words that begin as
        what stands beside a verb does."""
        return not (
            self.is_free
            or self.tokens[0] in _BESIDE_A_VERB
            or any(character.isdigit() for token in self.tokens for character in token)
        )

    @property
    def is_symmetric(self) -> bool:
        """Whether what stands around it may change places."""
        words = [token for token in self.tokens if token not in ("the", "a", "an")]
        if not words:
            return True
        if _HAN.search("".join(words)):
            return bool(_SYMMETRIC_CHINESE.search("".join(words)))
        return any(word in _SYMMETRIC for word in words) and all(
            map(_is_grammar_or_symmetric, words)
        )


def _is_grammar(token: str) -> bool:
    return token in FUNCTION_WORDS or token in _SEPARATORS or token == "%"


def _is_grammar_or_symmetric(token: str) -> bool:
    return _is_grammar(token) or token in _SYMMETRIC


def exchanges_places(said: Sequence[str], cited: Sequence[str]) -> bool:
    """Whether two things have changed places around what stands between them in both."""
    tiles = _tiles([_stem(token) for token in said], [_stem(token) for token in cited])
    in_claim = sorted(tiles, key=lambda tile: tile.said)
    in_source = sorted(tiles, key=lambda tile: tile.cited)
    part_of = "一部分" in "".join(cited)
    same_voice = all((mark in said) == (mark in cited) for mark in ("by", "被"))
    for pivot in tiles:
        if (pivot.is_symmetric and not (part_of and "是" in pivot.tokens)) or _is_listed(
            pivot, said
        ):
            continue
        first, second = _around(pivot, in_claim)
        before, after = _around(pivot, in_source)
        if first is None or second is None or before is None or after is None:
            continue
        crossed = first is after and second is before
        if not crossed and same_voice and pivot.is_relation:
            # One of the two may have others between it and its place in the source.
            crossed = (first is after and second.cited < pivot.cited) or (
                second is before and first.cited > pivot.cited
            )
        if crossed and (first.is_free or second.is_free):
            continue
        passive = _is_passive(pivot.said, pivot, said) != _is_passive(pivot.cited, pivot, cited)
        if (crossed and not passive) or (passive and first is before and second is after):
            return True
    return False


def _stem(token: str) -> str:
    if _is_grammar(token) or _HAN.match(token):
        return token
    return " ".join(stem_tokens(token)) or token


def _tiles(said: Sequence[str], cited: Sequence[str]) -> list[_Tile]:
    """The longest runs that both have, each token in one of them at most."""
    one: list[str | int] = list(said)
    other: list[str | int] = list(cited)
    found: list[_Tile] = []
    for at in range(_MOST_TILES):
        match = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
        if not match.size:
            break
        tokens = tuple(said[match.a : match.a + match.size])
        found.append(_Tile(match.a, match.b, tokens))
        # Numbers stand for what is taken, other ones in each.
        one[match.a : match.a + match.size] = [2 * at] * match.size
        other[match.b : match.b + match.size] = [2 * at + 1] * match.size
    return [tile for tile in found if any(token not in (",", "，") for token in tile.tokens)]


def _around(pivot: _Tile, ordered: Sequence[_Tile]) -> tuple[_Tile | None, _Tile | None]:
    at = ordered.index(pivot)
    before = next((tile for tile in ordered[:at][::-1] if tile.is_thing), None)
    return before, next((tile for tile in ordered[at + 1 :] if tile.is_thing), None)


def _is_listed(pivot: _Tile, said: Sequence[str]) -> bool:
    """Whether it is one of a list: of "steel, wool and coal" the order says nothing."""
    places = [
        at for at, token in enumerate(pivot.tokens, start=pivot.said) if not _is_grammar(token)
    ]
    if not places:
        return all(token in _SEPARATORS for token in pivot.tokens)
    before, after = said[: places[0]][-1:], said[places[-1] + 1 :][:1]
    return bool(_SEPARATORS.intersection(before) and _SEPARATORS.intersection(after))


def _is_passive(start: int, pivot: _Tile, tokens: Sequence[str]) -> bool:
    """Whether what is done to the one before it is done by the one after it."""
    end = start + len(pivot.tokens)
    if any(_HAN.match(token) for token in pivot.tokens):
        return "被" in tokens[max(0, start - _NEAR) : end]
    if "by" in tokens[end - 1 : end + 1]:
        return True
    before = _BE.intersection(tokens[max(0, start - _NEAR) : start])
    return bool(before) and "by" in tokens[end : end + _FAR]
