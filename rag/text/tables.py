"""What differs between languages, as data: a TOML file for each in the folder ``tables``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["DateWords", "LanguageTable", "NumberWords", "language_codes", "language_table"]

_FOLDER = Path(__file__).with_name("tables")


@dataclass(frozen=True, slots=True)
class DateWords:
    """The words that dates are written with, as that language writes them.

    ``months`` leads from each name to its number. ``of`` may stand between the parts of a
    date, ``to`` and ``and_`` between two days, ``before_year`` before a year alone,
    ``ordinals`` behind a day, ``labels`` before a date of publication.
    """

    months: Mapping[str, int]
    weekdays: tuple[str, ...]
    of: tuple[str, ...]
    to: tuple[str, ...]
    and_: tuple[str, ...]
    before_year: tuple[str, ...]
    ordinals: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def full_months(self) -> tuple[str, ...]:
        """The names in full, from January: the first of each month."""
        first = {number: name for name, number in reversed(list(self.months.items()))}
        return tuple(first[number] for number in sorted(first))


@dataclass(frozen=True, slots=True)
class NumberWords:
    """How numbers are written, in lower case.

    ``decimal`` is the decimal mark, each character of ``group`` parts thousands. ``scales``
    leads from a word that multiplies the number before it to what it multiplies by; it is
    a number by itself only behind an ``article`` or when it is in ``alone``.
    """

    decimal: str
    group: str
    percent: tuple[str, ...]
    minus: tuple[str, ...]
    article: tuple[str, ...]
    half_of: tuple[str, ...]
    and_a_half: tuple[str, ...]
    scales: Mapping[str, int]
    alone: frozenset[str]


@dataclass(frozen=True, slots=True)
class ConversationWords:
    """What questions that follow up another are made of.

    ``courtesies`` ask nothing. No topic: ``no_topics`` besides stop words and function
    words, and ``kinds`` of answers. The pronouns are for ``persons`` or ``things``, and
    ``possessives`` are among both. ``bare_nouns`` ("the meeting") ask which one.
    """

    courtesies: frozenset[str]
    no_topics: frozenset[str]
    kinds: frozenset[str]
    persons: frozenset[str]
    things: frozenset[str]
    possessives: frozenset[str]
    bare_nouns: frozenset[str]


@dataclass(frozen=True, slots=True)
class NameWords:
    """What tells names from other words.

    ``no_names`` are written with a capital and are no names, as function words are, but
    for those that are ``names_too``. ``titles`` stand before a person's name, ``roles``
    beside it, and ``surnames`` begin it.
    """

    no_names: frozenset[str]
    names_too: frozenset[str]
    countries: frozenset[str]
    titles: tuple[str, ...]
    surnames: tuple[str, ...]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GluedWords:
    """What parts words that lost the space between them.

    ``words`` are often glued to others: function words and some more. ``bound`` are no
    words by themselves; with ``prefixes`` and ``suffixes`` a word is more often one
    than two, and ``name_endings`` end names (Masterson) though they are words too.
    """

    words: frozenset[str]
    bound: frozenset[str]
    prefixes: frozenset[str]
    suffixes: frozenset[str]
    name_endings: frozenset[str]


@dataclass(frozen=True, slots=True)
class LanguageTable:
    """The word lists of one language; empty where its file has none.

    ``stop_words`` help no search, ``function_words`` besides carry no evidence; where no
    spaces part words, such words are ``particles``. ``asking_words`` say what a question
    asks for; those that are ``unmistakable`` are in no other language of these letters;
    ``unfinished`` never end a sentence. ``irregular_verbs`` are the forms of a verb each;
    ``spellings`` leads from a word to the same as another country writes it.
    """

    code: str
    stop_words: frozenset[str]
    function_words: frozenset[str]
    particles: frozenset[str]
    asking_words: frozenset[str]
    unmistakable: frozenset[str]
    unfinished: frozenset[str]
    irregular_verbs: tuple[frozenset[str], ...]
    spellings: Mapping[str, str]
    conversation: ConversationWords
    names: NameWords
    glued: GluedWords
    dates: DateWords
    numbers: NumberWords


def language_codes() -> tuple[str, ...]:
    """ISO 639-1 codes of the languages that have a table, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def language_table(code: str) -> LanguageTable:
    """The table of the language with this ISO 639-1 code; of English for one without."""
    path = _FOLDER / f"{code}.toml"
    if not path.is_file():
        return language_table("en")
    entries = _Entries(tomllib.loads(path.read_text(encoding="utf-8")))
    table = LanguageTable(
        code=code,
        stop_words=entries.words("stop_words"),
        function_words=entries.words("function_words"),
        particles=entries.words("particles"),
        asking_words=entries.words("asking_words"),
        unmistakable=entries.words("unmistakable"),
        unfinished=entries.words("unfinished"),
        irregular_verbs=tuple(
            frozenset(forms.split()) for forms in entries.phrases("irregular_verbs")
        ),
        spellings=_both_ways(entries.phrases("spellings")),
        conversation=ConversationWords(
            courtesies=entries.words("conversation.courtesies"),
            no_topics=entries.words("conversation.no_topics"),
            kinds=entries.words("conversation.kinds"),
            persons=entries.words("conversation.persons"),
            things=entries.words("conversation.things"),
            possessives=entries.words("conversation.possessives"),
            bare_nouns=entries.words("conversation.bare_nouns"),
        ),
        names=NameWords(
            no_names=entries.words("names.no_names"),
            names_too=entries.words("names.names_too"),
            countries=frozenset(entries.phrases("names.countries")),
            titles=tuple(entries.text("names.titles").split()),
            surnames=tuple(entries.text("names.surnames").split()),
            roles=tuple(entries.text("names.roles").split()),
        ),
        glued=GluedWords(
            words=(
                entries.words("stop_words")
                | entries.words("function_words")
                | entries.words("glued.words")
            )
            - entries.words("glued.never"),
            bound=entries.words("glued.bound"),
            prefixes=entries.words("glued.prefixes"),
            suffixes=entries.words("glued.suffixes"),
            name_endings=entries.words("glued.name_endings"),
        ),
        dates=DateWords(
            months={
                name: number
                for number, names in enumerate(entries.listed("dates.months"), start=1)
                for name in names.split()
            },
            weekdays=tuple(entries.text("dates.weekdays").split()),
            of=tuple(entries.text("dates.of").split()),
            to=tuple(entries.text("dates.to").split()),
            and_=tuple(entries.text("dates.and").split()),
            before_year=tuple(entries.text("dates.before_year").split()),
            ordinals=tuple(entries.text("dates.ordinals").split()),
            labels=entries.phrases("dates.labels"),
        ),
        numbers=NumberWords(
            decimal=entries.text("numbers.decimal") or ".",
            group=entries.text("numbers.group"),
            percent=entries.phrases("numbers.percent"),
            minus=entries.phrases("numbers.minus"),
            article=entries.phrases("numbers.article"),
            half_of=entries.phrases("numbers.half_of"),
            and_a_half=entries.phrases("numbers.and_a_half"),
            scales={
                word: int(value)
                for *words, value in map(str.split, entries.phrases("numbers.scales"))
                for word in words
            },
            alone=entries.words("numbers.alone"),
        ),
    )
    if entries.left:
        raise ValueError(f"{path.name} has entries that nothing reads: {sorted(entries.left)}")
    return table


class _Entries:
    """The entries of a file by their dotted names; ``left`` are those not read yet."""

    def __init__(self, table: Mapping[str, object]) -> None:
        self._values: dict[str, object] = {}
        for name, value in table.items():
            if isinstance(value, dict):
                self._values |= {f"{name}.{key}": inner for key, inner in value.items()}
            else:
                self._values[name] = value
        self.left = set(self._values)

    def text(self, name: str) -> str:
        self.left.discard(name)
        return str(self._values.get(name, ""))

    def words(self, name: str) -> frozenset[str]:
        """An entry of words that spaces part."""
        return frozenset(self.text(name).split())

    def phrases(self, name: str) -> tuple[str, ...]:
        """An entry of phrases that semicolons part."""
        parts = self.text(name).split(";")
        return tuple(phrase for part in parts if (phrase := " ".join(part.split())))

    def listed(self, name: str) -> list[str]:
        self.left.discard(name)
        value = self._values.get(name, [])
        assert isinstance(value, list), name
        return value


def _both_ways(pairs: tuple[str, ...]) -> dict[str, str]:
    """Each word to the other of its pair, their plurals and past tenses too."""
    found: dict[str, str] = {}
    for one, other in map(str.split, pairs):
        for ending in ("", "s", "d"):
            found[one + ending] = other + ending
            found[other + ending] = one + ending
    return found
