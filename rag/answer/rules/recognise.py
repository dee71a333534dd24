"""Recognisers: where a sentence writes a date, a number, an amount, a name.

Forms only, whatever is asked. Everything is found in the sentence as it was read: spans
are code points of it, and glued words ("On site,36 specialists") are met as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from rag.text.dates import find_dates
from rag.text.names import find_persons, find_places
from rag.text.numbers import WrittenNumber, find_numbers
from rag.text.tables import language_table
from rag.types import Span

MentionKind = Literal["date", "number", "money", "person", "place"]

_DATE_WORDS = language_table("en").dates
_BARE_DATE = re.compile(
    rf"""
    (?<![\d.,/$€£¥-]) (?:(?:early | late | mid)[-\s])?+ (?:1[0-9] | 20)\d\d s (?!\w)
    | (?<![\d.,/$€£¥-]) (?<!\d[-–—]) (?:1[0-9] | 20)\d\d (?! [\d%‰] | [.,:/]\d | s?\w)
    | (?<!\w) \d{{1,4}} \s? (?:BCE? | AD | CE) (?!\w)
    | (?<!\w) (?:\d{{1,2}}(?:st | nd | rd | th) | (?:[a-z]+-)?+ [a-z]+th | first | second | third)
      \s century (?!\w)
    | (?<!\w) (?:{"|".join(_DATE_WORDS.weekdays)}) (?!\w)
    | (?<!\d) \d{{1,2}} 月 (?!\d)
    """,
    re.VERBOSE,
)
_ABOUT = (
    r"(?:(?:more|less|fewer)\sthan|at\s(?:least|most)|over|about|around|nearly|almost|some|up\sto"
    r"|approximately|roughly|an?\sestimated)\s"
)
_ABOUT_BEFORE = re.compile(rf"(?<!\w){_ABOUT}$", re.IGNORECASE)
# A measure belongs to its number; what is merely counted does not.
_MEASURE = re.compile(
    r"[\s-](?:square\s|cubic\s)?(?:year|month|week|day|hour|minute|second|decade|mile"
    r"|(?:kilo|centi|milli)?met(?:er|re)|km|feet|foot|inche?|acre|hectare|(?:kilo)?gram|kg|ton(?:ne)?)s?\b"
)
# What a Chinese numeral counts; without it 一 is as often "a".
_COUNTED = re.compile(
    "[多余]?(?:个|位|家|名|人次|人|次|份|项|所|年|国|天|倍|场|座|种|届|岁|公里|米|吨|平方公里)(?!代)"
)
_INSIDE_WORD = re.compile(r"[\w.]")
_PLACED = re.compile("(?:届|次|个|位|名)?")
_CURRENCY = (
    "US dollars?|dollars?|euros?|pounds?|yuan|renminbi|yen|francs?|USD|EUR|GBP|RMB|CNY|cents?"
)
_AMOUNT = r"\d+(?:,\d{3})*+(?:\.\d+)?(?:[\s-]?(?:thousand|million|billion|trillion|[mb]n?)(?!\w))?"
_MONEY = re.compile(
    rf"(?:US|A|C|HK)?[$€£¥]\s?{_AMOUNT}"
    rf"|(?<![\d.,])(?:(?:USD|EUR|GBP|RMB|CNY)\s)?+{_AMOUNT}\s(?:{_CURRENCY})(?!\w)"
    rf"|(?:USD|EUR|GBP|RMB|CNY)\s?{_AMOUNT}"
    r"|(?<![\d.,])\d[\d.,]*+ ?[百千万亿]*+(?:美元|欧元|元人民币|元|英镑|日元)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of a sentence that writes something of one kind.

    ``span`` is in code points of the sentence. ``value`` is what two ways of writing the
    same have in common, of one kind only: "2019-04-24", "2500", "li yong"; parts that a
    date does not give are left off or "-".
    """

    kind: MentionKind
    span: Span
    value: str


def find_mentions(sentence: str, kind: MentionKind) -> list[Mention]:
    """All mentions of a kind in reading order; none overlaps another."""
    return _FINDERS[kind](sentence)


# --- Dates -------------------------------------------------------------------------


def _dates(sentence: str) -> list[Mention]:
    found = {
        dated.span: _joined(dated.year, dated.month, dated.day)
        for dated in find_dates(sentence)
        if dated.span is not None
    }
    for match in _BARE_DATE.finditer(sentence):
        span = Span(*match.span())
        if not any(span.overlaps(other) for other in found):
            found[span] = _plain(match[0])
    return [Mention("date", span, found[span]) for span in sorted(found)]


def _joined(year: int | None, month: int | None, day: int | None) -> str:
    parts = [f"{year:04d}" if year is not None else "-"]
    parts += [f"{part:02d}" for part in (month, day) if part is not None]
    return "-".join(parts)


# --- Numbers -----------------------------------------------------------------------


def _numbers(sentence: str) -> list[Mention]:
    taken = {at for find in (_dates, _money) for m in find(sentence) for at in _places_of(m.span)}
    found: list[Mention] = []
    for number in find_numbers(sentence):
        end = _end(sentence, number)
        if end is None or not taken.isdisjoint(_places_of(number.span)):
            continue
        about = _ABOUT_BEFORE.search(sentence, 0, number.span.start)
        start = about.start() if about else number.span.start
        value = number.span.of(sentence) if number.ordinal else number.plain
        found.append(Mention("number", Span(start, end), value))
    return found


def _places_of(span: Span) -> range:
    return range(span.start, span.end)


def _end(sentence: str, number: WrittenNumber) -> int | None:
    """Where a number ends with its measure; None where it counts nothing.

    A numeral is no number without them in Chinese, nor are digits inside a word (A380).
    """
    end = number.span.end
    if number.ordinal:
        placed = _PLACED.match(sentence, end)
        return placed.end() if placed and number.span.of(sentence).startswith("第") else None
    if number.form != "words" and (counted := _COUNTED.match(sentence, end)):
        return counted.end()
    inside_word = _INSIDE_WORD.match(sentence[: number.span.start][-1:])
    if number.form == "chinese" or (number.form == "digits" and inside_word):
        return None
    measure = _MEASURE.match(sentence, end)
    return measure.end() if measure else end


def _money(sentence: str) -> list[Mention]:
    return [
        Mention("money", Span(*match.span()), re.sub(r"[\s,-]", "", _plain(match[0])))
        for match in _MONEY.finditer(sentence)
    ]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


# --- Names -------------------------------------------------------------------------


def _persons(sentence: str) -> list[Mention]:
    return [Mention("person", span, _name(span.of(sentence))) for span in find_persons(sentence)]


def _places(sentence: str) -> list[Mention]:
    return [Mention("place", span, _name(span.of(sentence))) for span in find_places(sentence)]


def _name(text: str) -> str:
    """The words of a name in one order: LI Yong, Yong Li and Li Yong are the same."""
    bare = unicodedata.normalize("NFD", _plain(text))
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(sorted(re.findall(r"[^\W_]+", letters)))


_FINDERS: Mapping[MentionKind, Callable[[str], list[Mention]]] = {
    "date": _dates,
    "number": _numbers,
    "money": _money,
    "person": _persons,
    "place": _places,
}
