"""The tokens by which gold answers are compared with text."""

from __future__ import annotations

import re
import unicodedata

# Han and kana, with the iteration mark and the zero that is written like a Han character.
_CJK = re.compile(
    "([\u3005\u3007\u3041-\u309f\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U000323af])"
)
# Longer gold answers are prose that no answer repeats word for word.
SHORT_ANSWER_WORDS = 12
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


def normalise_answer(text: str) -> list[str]:
    """The tokens by which answers are compared, in order.

    On ASCII text exactly those of SQuAD 1.1's evaluation (Rajpurkar et al., EMNLP 2016):
    lower case, punctuation deleted, articles (a, an, the) deleted, parted at white space.
    Beyond ASCII: NFKC and casefold first; all Unicode punctuation and symbols are deleted,
    and so are invisible format characters; each Han or kana character is a token.
    """
    return _tokens(text, in_place_of_mark="")


def _tokens(text: str, *, in_place_of_mark: str) -> list[str]:
    unified = unicodedata.normalize("NFKC", text).casefold()
    kept = (
        character if not _is_mark(character) else _gap(unified, at, in_place_of_mark)
        for at, character in enumerate(unified)
    )
    # Parted before the articles go: in "the上海" no word ends after "the".
    return _ARTICLE.sub(" ", _CJK.sub(r" \1 ", "".join(kept))).split()


def _is_mark(character: str) -> bool:
    # Of ASCII, P* and S* are exactly the 32 characters that SQuAD deletes.
    category = unicodedata.category(character)
    return category[0] in "PS" or category == "Cf"


def _gap(text: str, at: int, in_place_of_mark: str) -> str:
    # Without this, "10" would be found in "10,000".
    inside_number = text[max(at - 1, 0)].isdigit() and text[at + 1 : at + 2].isdigit()
    return "" if inside_number else in_place_of_mark


def readings(text: str) -> tuple[str, str]:
    """Two normal forms, each token between spaces: punctuation deleted, and as a gap."""
    deleted, parted = (_tokens(text, in_place_of_mark=mark) for mark in ("", " "))
    return f" {' '.join(deleted)} ", f" {' '.join(parted)} "


def is_short(answer: str) -> bool:
    """Whether a gold answer is one that an answer may hold word for word: of at most twelve
    words; a Chinese word is taken for one and a half characters."""
    characters = len(_CJK.findall(answer))
    words = len(_CJK.sub(" ", answer).split())
    return words + characters / 1.5 <= SHORT_ANSWER_WORDS
