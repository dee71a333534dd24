"""What the question templates of all languages share: a sentence to match, and a question.

Patterns match a readable form of the sentence; what is quoted as gold is always a slice
of the document, found through the form's map of offsets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rag.text.dates import find_dates
from rag.text.normalise import search_text
from rag.types import Span

# Replaces each character of a date in Sentence.masked; no text contains it.
DATE = "\ue000"
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_LONGEST_EVIDENCE = 240
# Longer runs are tables and lists that lost their line ends; patterns take long over them.
_LONGEST_SENTENCE = 1200

_MARKER = re.compile(r"\s*(?:(?:[#>|]+|[▲•●○◦■□◆◇▪▶►※·*+–—-]|\(?\d{1,3}[.)、])\s+)*")
_CAPITALISED = re.compile(r"(?<=[a-z,] )[A-Z][\w-]+")
_SMALL = re.compile(r"(?<![\w'’-])[a-zà-öø-ÿ]{2,}(?![\w-])")
# Emphasis marks are as good as invisible to a reader.
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff*`")
_DIGIT = re.compile(r"\d")
_HAN = re.compile("[\u4e00-\u9fff]")
_PLAIN = str.maketrans({**dict.fromkeys("‘’‚‛′", "'"), **dict.fromkeys("“”„‟″«»", '"')})


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document in a readable form.

    ``text`` has neither list marks, emphasis, invisible characters nor runs of spaces,
    and plain quotes where it is not Chinese; ``masked`` is the same with each date as a
    run of DATE. ``places`` are the offsets in Document.text of the characters of ``text``.
    """

    text: str
    masked: str
    places: tuple[int, ...]

    def source(self, start: int, end: int) -> Span:
        """The span of ``text[start:end]`` in Document.text; not for an empty range."""
        return Span(self.places[start], self.places[end - 1] + 1)

    def evidence(self, start: int, end: int) -> Span:
        """The span of the sentence where it is short, else of ``text[start:end]``."""
        if self.places[-1] + 1 - self.places[0] <= _LONGEST_EVIDENCE:
            return Span(self.places[0], self.places[-1] + 1)
        return self.source(start, end)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of an archive: ``common`` ones occur in lower case, ``names`` only with a
    capital within a sentence."""

    names: frozenset[str]
    common: frozenset[str]


@dataclass(frozen=True, slots=True)
class SentenceQuestion:
    """A question that one sentence answers, before the rest of the archive is considered.

    ``answer`` and ``evidence`` are code points of Document.text; ``answer_text`` is the
    answer in readable form. ``quality`` in [0, 1] ranks the questions of a document.
    ``dated`` is the question with DATE in place of a year, for facts that change; empty
    for others. ``role`` and ``entity`` are what a near miss is made from; ``alias`` is an
    acronym of the entity. ``document`` is the number of the document in its archive.
    """

    question: str
    type: str
    answer_text: str
    answer: Span
    evidence: Span
    quality: float
    dated: str = ""
    role: str = ""
    entity: str = ""
    alias: str = ""
    document: int = 0


def read_sentence(text: str, span: Span) -> Sentence | None:
    """The sentence of ``text`` at ``span``; None where it is blank or far too long for one."""
    if len(span) > _LONGEST_SENTENCE:
        return None
    marker = _MARKER.match(text, span.start, span.end)
    start = marker.end() if marker else span.start
    characters: list[str] = []
    places: list[int] = []
    for place in range(start, span.end):
        character = _readable(text, place)
        if character and not (character == " " and (not characters or characters[-1] == " ")):
            characters.append(character)
            places.append(place)
    while characters and characters[-1] == " ":
        characters.pop()
        places.pop()
    if not characters:
        return None
    readable = "".join(characters)
    if _HAN.search(readable) is None:
        readable = readable.translate(_PLAIN)
    return Sentence(readable, _masked(readable), tuple(places))


def read_vocabulary(texts: Iterable[str]) -> Vocabulary:
    """The words of all texts, as far as they help to tell names from other words."""
    names: set[str] = set()
    common: set[str] = set()
    for text in texts:
        names.update(_CAPITALISED.findall(text))
        common.update(_SMALL.findall(text))
    return Vocabulary(
        frozenset(names - {name for name in names if name.lower() in common}), frozenset(common)
    )


def _readable(text: str, place: int) -> str:
    """The character at ``place`` as a pattern should see it; empty to leave it out."""
    character = text[place]
    if character == "\u200b" and text[place - 1 : place].isalpha():
        # The one invisible mark that separates words: "AIM<U+200B>Global".
        return " " if text[place + 1 : place + 2].isupper() else ""
    return _plain(character)


@lru_cache(maxsize=1 << 12)
def _plain(character: str) -> str:
    if character.isspace():
        return " "
    if (
        character in _INVISIBLE
        or _PRIVATE.match(character)
        or unicodedata.category(character) == "Cc"
    ):
        return ""
    # One for one only: a ligature's two letters would have no offset of their own.
    plain = unicodedata.normalize("NFKC", character) if character.isalnum() else character
    return plain if len(plain) == 1 else character


def _masked(text: str) -> str:
    if _DIGIT.search(text) is None:
        return text
    masked = list(text)
    for date in find_dates(text):
        if date.span is not None:
            masked[date.span.start : date.span.end] = DATE * len(date.span)
    return "".join(masked)


def comparable(text: str) -> str:
    """``text`` as answers are compared: after NFKC, without regard to case."""
    return unicodedata.normalize("NFKC", text).casefold()


def is_glued(text: str) -> bool:
    """Whether words of ``text`` have lost the space between them."""
    return len(search_text(text).split()) != len(text.split())
