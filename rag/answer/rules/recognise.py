"""Recognisers: where a sentence writes a date, a number, an amount, a name.

Forms only, whatever is asked. Everything is found in the sentence as it was read: spans
are code points of it, and glued words ("On site,36 specialists") are met as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from rag.text.dates import find_dates
from rag.text.names import find_persons, find_places
from rag.text.numbers import WrittenNumber, find_numbers
from rag.text.tables import language_table
from rag.types import Span

__all__ = ["Mention", "MentionKind", "find_mentions"]

MentionKind = Literal["date", "number", "money", "percentage", "person", "place"]

_DATE_WORDS = language_table("en").dates
_MONTH = f"(?:{'|'.join(_DATE_WORDS.full_months)})"
_BARE_DATE = re.compile(
    rf"""
    (?<![\d.,/$€£¥-]) (?:(?:early | late | mid)[-\s])?+ (?:1[0-9] | 20)\d\d s (?!\w)
    | (?<![\d.,/$€£¥-]) (?<!\d[-–—]) (?:1[0-9] | 20)\d\d (?! [\d%‰] | [.,:/]\d | s?\w)
    | (?<!\w) \d{{1,4}} \s? (?:BCE? | AD | CE) (?!\w)
    | (?<!\w) (?:\d{{1,2}}(?:st | nd | rd | th) | (?:[a-z]+-)?+ [a-z]+th | first | second | third)
      \s century (?!\w)
    | (?<= \bin\s | \bof\s | \bby\s) {_MONTH} (?!\w)
    | (?<= \bsince\s | \buntil\s) {_MONTH} (?!\w)
    | (?<!\w) (?:{"|".join(_DATE_WORDS.weekdays)}) (?!\w)
    | (?<!\d) \d{{1,2}} 月 (?!\d)
    """,
    re.VERBOSE,
)
_RANGE = re.compile(
    r"\s?[-–—~至到]\s?|\s(?:to|until|till|and|through)\s(?:the\s|early\s|mid|late\s)?"
)
_BETWEEN = re.compile(r"\b(?:between|from)\s$", re.IGNORECASE)

_ABOUT = (
    r"(?:(?:more|less|fewer)\sthan|at\s(?:least|most)|over|about|around|nearly|almost|some|up\sto"
    r"|approximately|roughly|an?\sestimated)\s"
)
_ABOUT_BEFORE = re.compile(rf"(?<!\w){_ABOUT}$", re.IGNORECASE)
# The word or two counted: "36 specialists", "5.2 million square kilometres".
_UNIT = re.compile(
    r"(?:\s|-)(?:(?:square|cubic|metric|nautical)\s)?+(?!(?:of|in|at|to|by|and|or|the|on|for|from|with|were|was"
    r"|are|is|as|who|that|which|when|while|than|but|had|have|has|after|before|until|out|per)\b)[a-z]{2,}(?:-[a-z]+)*"
    r"(?:\sper\s[a-z]+)?"
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
    rf"(?:(?<!\w){_ABOUT})?+(?:(?:US|A|C|HK)?[$€£¥]\s?{_AMOUNT}"
    rf"|(?<![\d.,])(?:(?:USD|EUR|GBP|RMB|CNY)\s)?+{_AMOUNT}\s(?:{_CURRENCY})(?!\w)"
    rf"|(?:USD|EUR|GBP|RMB|CNY)\s?{_AMOUNT})"
    r"|(?<![\d.,])\d[\d.,]*+ ?[百千万亿]*+(?:美元|欧元|元人民币|元|英镑|日元)",
    re.IGNORECASE,
)
_DASH = re.compile(r"\s?[-–]\s?")


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
            found[span] = unicodedata.normalize("NFKC", match[0]).casefold()
    return list(_ranges(sentence, [Mention("date", s, found[s]) for s in sorted(found)]))


def _joined(year: int | None, month: int | None, day: int | None) -> str:
    parts = [f"{year:04d}" if year is not None else "-"]
    parts += [f"{part:02d}" for part in (month, day) if part is not None]
    return "-".join(parts)


def _ranges(sentence: str, dates: list[Mention]) -> Iterator[Mention]:
    """The dates, with the two ends of a range made one: "2005 to 2013"."""
    rest = iter(dates)
    held = next(rest, None)
    for date in rest:
        assert held is not None
        between = sentence[held.span.end : date.span.start]
        joins = _RANGE.fullmatch(between)
        alone = between.strip() == "and" and not _BETWEEN.search(sentence[: held.span.start])
        if joins and not alone:
            span = Span(held.span.start, date.span.end)
            held = Mention("date", span, f"{held.value}/{date.value}")
        else:
            yield held
            held = date
    if held is not None:
        yield held


# --- Numbers -----------------------------------------------------------------------


def _numbers(sentence: str) -> list[Mention]:
    taken = bytearray(len(sentence))
    for find in (_dates, _money, _percentages):
        for mention in find(sentence):
            _take(taken, mention.span)
    found: list[Mention] = []
    for number in find_numbers(sentence):
        span = number.span
        counted = _counted(sentence, number)
        if counted is None or any(taken[span.start : span.end]):
            continue
        about = _ABOUT_BEFORE.search(sentence, 0, span.start)
        start = about.start() if about and not taken[about.start()] else span.start
        end = span.end if any(taken[span.end : counted]) else counted
        value = span.of(sentence) if number.ordinal else number.plain
        found.append(Mention("number", Span(start, end), value))
        _take(taken, found[-1].span)
    return found


def _counted(sentence: str, number: WrittenNumber) -> int | None:
    """Where the words end that say what the number counts; None where it counts nothing.

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
    unit = _UNIT.match(sentence, end)
    return unit.end() if unit else end


def _take(taken: bytearray, span: Span) -> None:
    taken[span.start : span.end] = b"\x01" * len(span)


def _percentages(sentence: str) -> list[Mention]:
    found: list[Mention] = []
    before: WrittenNumber | None = None
    for number in find_numbers(sentence):
        if number.percent:
            start, value = number.span.start, f"{number.plain}%"
            if before and _DASH.fullmatch(sentence, before.span.end, start):
                start, value = before.span.start, f"{before.plain}-{value}"
            about = _ABOUT_BEFORE.search(sentence, 0, start)
            start = about.start() if about else start
            found.append(Mention("percentage", Span(start, number.span.end), value))
        before = number
    return found


def _money(sentence: str) -> list[Mention]:
    found: list[Mention] = []
    for match in _MONEY.finditer(sentence):
        said = re.sub(rf"^{_ABOUT}", "", match[0], flags=re.IGNORECASE)
        value = re.sub(r"[\s,-]", "", unicodedata.normalize("NFKC", said).casefold())
        found.append(Mention("money", Span(*match.span()), value))
    return found


# --- Names -------------------------------------------------------------------------


def _persons(sentence: str) -> list[Mention]:
    return [Mention("person", span, _name(span.of(sentence))) for span in find_persons(sentence)]


def _places(sentence: str) -> list[Mention]:
    return [Mention("place", span, _name(span.of(sentence))) for span in find_places(sentence)]


def _name(text: str) -> str:
    """The words of a name in one order: LI Yong, Yong Li and Li Yong are the same."""
    bare = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(sorted(re.findall(r"[^\W_]+", letters)))


_FINDERS: Mapping[MentionKind, Callable[[str], list[Mention]]] = {
    "date": _dates,
    "number": _numbers,
    "money": _money,
    "percentage": _percentages,
    "person": _persons,
    "place": _places,
}
