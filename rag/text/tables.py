"""What differs between languages, as data: a TOML file for each in the folder ``tables``.

docs/adding-a-language.md says what each entry is for. One that a file lacks is empty, one
that nothing reads is refused.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

import stopwordsiso
from pydantic import BaseModel, BeforeValidator, ConfigDict

from rag.text.folding import folded

_FOLDER = Path(__file__).with_name("tables")


def _phrases(text: str) -> list[str]:
    return [phrase for part in text.split(";") if (phrase := " ".join(part.split()))]


def _months(names: list[str]) -> dict[str, int]:
    return {name: month for month, group in enumerate(names, start=1) for name in group.split()}


def _scales(text: str) -> dict[str, int]:
    groups = [phrase.split() for phrase in _phrases(text)]
    return {word: int(value) for *words, value in groups for word in words}


def _both_ways(text: str) -> dict[str, str]:
    """Each word to the other of its pair, their plurals and past tenses too."""
    pairs = [phrase.split() for phrase in _phrases(text)]
    ways = [way for one, other in pairs for way in ((one, other), (other, one))]
    return {one + ending: other + ending for one, other in ways for ending in ("", "s", "d")}


def _offsets(text: str) -> dict[str, tuple[str, int]]:
    parts = [phrase.rsplit(" ", 2) for phrase in _phrases(text)]
    return {name: (unit, int(offset)) for name, unit, offset in parts}


def _pairs(text: str) -> dict[str, str]:
    return dict(phrase.split() for phrase in _phrases(text))


# Words that spaces part, as a set or in their order, and phrases that semicolons part.
Words = Annotated[frozenset[str], BeforeValidator(str.split)]
Ordered = Annotated[tuple[str, ...], BeforeValidator(str.split)]
Phrases = Annotated[tuple[str, ...], BeforeValidator(_phrases)]


class _Entries(BaseModel):
    """Entries of a table by their names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DateWords(_Entries):
    """The words that dates are written with, as that language writes them.

    ``months`` leads from each name to its number, the name in full before the others.
    """

    months: Annotated[dict[str, int], BeforeValidator(_months)] = {}
    weekdays: Ordered = ()
    of: Ordered = ()
    to: Ordered = ()
    joint: Ordered = ()
    before_year: Ordered = ()
    ordinals: Ordered = ()
    labels: Phrases = ()

    @property
    def full_months(self) -> tuple[str, ...]:
        """The names in full, from January."""
        first = {number: name for name, number in reversed(self.months.items())}
        return tuple(reversed(first.values()))


class TimeWords(_Entries):
    """How times are counted from now.

    ``named`` leads from "last year" to its unit and how many of them ahead it is, ``units``
    from a word to "day", "week", "month" or "year".
    """

    named: Annotated[dict[str, tuple[str, int]], BeforeValidator(_offsets)] = {}
    units: Annotated[dict[str, str], BeforeValidator(_pairs)] = {}


class NumberWords(_Entries):
    """How numbers are written, in lower case.

    ``scales`` leads from a word that multiplies the number before it to what it multiplies
    by; it is a number by itself only behind an ``article`` or when it is in ``alone``.
    """

    decimal: str = "."
    group: str = ""
    percent: Phrases = ()
    minus: Phrases = ()
    article: Phrases = ()
    half_of: Phrases = ()
    and_a_half: Phrases = ()
    scales: Annotated[dict[str, int], BeforeValidator(_scales)] = {}
    alone: Words = frozenset()


class ConversationWords(_Entries):
    """What questions that follow up another are made of.

    Words without a topic, and verbose patterns. The groups of ``pronouns`` say what may
    stand before one and be meant: rag/question/followup.py.
    """

    no_topics: Words = frozenset()
    kinds: Words = frozenset()
    courtesy: str = ""
    pronouns: str = ""
    vague: str = ""
    goes_on: str = ""
    definition: str = ""
    clause_end: str = ""


class NameWords(_Entries):
    """What tells names of persons and places from other words."""

    no_names: Words = frozenset()
    names_too: Words = frozenset()
    countries: Annotated[frozenset[str], BeforeValidator(_phrases)] = frozenset()
    titles: Ordered = ()
    particles: Phrases = ()
    bodies: Ordered = ()
    place_words: Ordered = ()
    verbs: Ordered = ()
    surnames: Ordered = ()
    roles: Ordered = ()


class GluedWords(_Entries):
    """What parts words that lost the space between them."""

    words: Words = frozenset()
    never: Words = frozenset()
    bound: Words = frozenset()
    prefixes: Words = frozenset()
    suffixes: Words = frozenset()
    name_endings: Words = frozenset()


class SentenceWords(_Entries):
    """Abbreviations that sentencex lacks, in small letters without the last full stop.

    ``titles`` stand before a name and never end a sentence, ``closing`` ones often do;
    ``compounds`` end words that are put together.
    ``ordinal_point`` is whether "12." is the twelfth.
    """

    titles: Words = frozenset()
    closing: Words = frozenset()
    abbreviations: Words = frozenset()
    compounds: Ordered = ()
    ordinal_point: bool = False


class LanguageTable(_Entries):
    """The words of one language; ``code`` is its ISO 639-1 code."""

    code: str
    stop_words: Words = frozenset()
    function_words: Words = frozenset()
    particles: Words = frozenset()
    asking_words: Words = frozenset()
    unmistakable: Words = frozenset()
    unfinished: Words = frozenset()
    spellings: Annotated[dict[str, str], BeforeValidator(_both_ways)] = {}
    asks: dict[str, str] = {}
    conversation: ConversationWords = ConversationWords()
    names: NameWords = NameWords()
    glued: GluedWords = GluedWords()
    sentences: SentenceWords = SentenceWords()
    dates: DateWords = DateWords()
    times: TimeWords = TimeWords()
    numbers: NumberWords = NumberWords()


@cache
def language_table(code: str) -> LanguageTable:
    """The table of the language with this ISO 639-1 code; of English for one without."""
    path = _FOLDER / f"{code}.toml"
    if not path.is_file():
        return language_table("en")
    return LanguageTable(code=code, **tomllib.loads(path.read_text(encoding="utf-8")))


@cache
def stop_words(code: str) -> frozenset[str]:
    """Words of a language, folded, that are in so many texts that finding one by them is no use.

    Those of its table, else those that Stopwords ISO lists; none of a language without either.
    """
    if (_FOLDER / f"{code}.toml").is_file():
        words = language_table(code).stop_words
    else:
        words = (
            frozenset(stopwordsiso.stopwords(code)) if stopwordsiso.has_lang(code) else frozenset()
        )
    return frozenset(folded(word.casefold()) for word in words)
