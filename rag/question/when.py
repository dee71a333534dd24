"""The time a question speaks of: "in April 2019", "since 2020", "last year", 去年四月.

Nothing is guessed: a date without a year and an event that dates itself ("before the
summit") give no time, and neither does "last year" without a day from which it is asked.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from rag.question.analysis import asks_of_the_present
from rag.text.dates import capitalised_months, month_numbers, narrowed, written_dates
from rag.text.numbers import read_number
from rag.text.tables import language_table
from rag.types import Span

Precision = Literal["day", "month", "year", "range"]
Period = tuple[date, date, Precision]


@dataclass(frozen=True, slots=True)
class AskedTime:
    """Days ``first`` to ``last``, inclusive, that ``span`` of the question speaks of.

    ``precision`` is what the days make up: one day, one calendar month or year, or any
    other range; an open one ("since 2020") goes to the calendar's end. ``relative``: it
    was counted from the day the question is asked.
    """

    first: date
    last: date
    precision: Precision
    span: Span
    relative: bool = False


# What was published in this time before a day tells best how things were on it.
_RECENTLY_DAYS = 365
_YEAR = r"(?:1[5-9]|20)[0-9]{2}"
# 十二三, twelve or thirteen, is no count.
_COUNT = (
    r"(?:[0-9]{1,2}|(?:[二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
    r"(?![一二两三四五六七八九十]))"
)
_NOT_WITHIN = "(?<![0-9一二三四五六七八九十百千第])"
_AGO = "(?:以|之)?前(?![后夕])"
# "Twenty-one years ago"; what is no number (many) gives no time.
_WORDS = r"(?:[0-9]{1,2}|[a-z]+(?:-[a-z]+)?)"

_TIMES = {code: language_table(code).times for code in ("en", "zh")}
_NAMED = _TIMES["en"].named | _TIMES["zh"].named
_UNITS = _TIMES["en"].units | _TIMES["zh"].units


def _names(code: str, *, years: bool) -> str:
    """A pattern for the names of years, or of other times, the longest first."""
    names = [name for name, (unit, _) in _TIMES[code].named.items() if (unit == "year") == years]
    return "|".join(sorted(names, key=len, reverse=True)).replace(" ", r"\s")


_MONTHS = "|".join(sorted(month_numbers(), key=len, reverse=True))
_CHINESE = re.compile(
    rf"(?:(?<![0-9])(?P<year>{_YEAR})[ ]?年|(?P<named>{_names('zh', years=True)})"
    rf"|{_NOT_WITHIN}(?P<ago>{_COUNT})(?P<unit>年){_AGO}(?:的?这个?时候)?)"
    rf"(?:的?(?P<month>{_COUNT})月份?(?:(?P<day>{_COUNT})[日号])?)?"
)
_CHINESE_UNIT = re.compile(
    rf"(?P<named>{_names('zh', years=False)})"
    rf"|{_NOT_WITHIN}(?P<ago>{_COUNT})(?P<unit>{'|'.join(_TIMES['zh'].units)}){_AGO}"
)
# Not "the last year of his term".
_ENGLISH_YEAR = re.compile(
    rf"\b(?:(?P<month>{_MONTHS})\.?(?:\s(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?)?,?\s(?:of\s)?)?"
    rf"(?:(?P<named>(?<!\bthe\s)(?:{_names('en', years=True)}))(?!\sof\b)"
    rf"|(?P<ago>{_WORDS})\s(?P<unit>year)s?\sago)"
    rf"\b(?:\sin\s(?P<late_month>{_MONTHS})\b)?",
    re.IGNORECASE,
)
_ENGLISH_UNIT = re.compile(
    rf"\b(?:(?P<named>(?<!\bthe\s)(?:{_names('en', years=False)}))(?!\sof\b)"
    rf"|(?P<ago>{_WORDS})\s(?P<unit>{'|'.join(_TIMES['en'].units)})s?\sago)\b",
    re.IGNORECASE,
)
_YEARS = re.compile(rf"(?<![\w.,/:-])(?P<first>{_YEAR})\s?[-–—~～]\s?(?P<last>{_YEAR})(?![\w-])")
# A bare number is a year only where its neighbours say so.
_BARE_YEAR = re.compile(rf"(?<![\w.,/:%$€£¥-]){_YEAR}(?![\w%‰]|[.,:/][0-9]|-)")
_BEFORE_BARE = re.compile(
    r"\b(?:in|during|since|before|after|until|till|by|throughout|prior\sto|as\sof|up\sto|year|"
    r"early|late|mid)\s$",
    re.IGNORECASE,
)

_AHEAD_CHARACTERS = 24
_BETWEEN = re.compile(r"\b(?:between|from)\s(?:the\syear\s)?$|[从自]$", re.IGNORECASE)
_AND = re.compile(r"\s(?:and|to|until|till|through)\s(?:the\syear\s)?|[ ]?[至到和与][ ]?")
_TO = re.compile(r"\s?(?:[-–—~～]|至|到)\s?")
_SINCE = re.compile(r"\bsince\s(?:the\syear\s)?$|(?:自从?|从)$", re.IGNORECASE)
_AFTER = re.compile(r"\b(?:after|later\sthan)\s(?:the\syear\s)?$", re.IGNORECASE)
_BEFORE = re.compile(r"\b(?:before|prior\sto|earlier\sthan)\s(?:the\syear\s)?$", re.IGNORECASE)
_UNTIL = re.compile(r"\b(?:until|till|by|up\sto)\s(?:the\s(?:year|end\sof)\s)?$|截[至止]$", re.I)
_THEN_SINCE = re.compile(r"以来|至今|迄今|起")
_THEN_BEFORE = re.compile(r"以前|之前|前(?![后夕往来去])")
_THEN_AFTER = re.compile(r"以后|之后|后(?!来)")


def find_times(question: str, as_of: date | None = None) -> tuple[AskedTime, ...]:
    """The times that a question names, in text order; their spans do not overlap.

    Relative ones are counted from ``as_of``; without it they are no times. Asked as of a
    day how things are, a question means the year before it, with an empty span.
    """
    named = _named_times(question, as_of)
    if named or as_of is None or not asks_of_the_present(question):
        return named
    first = date.fromordinal(max(1, as_of.toordinal() - _RECENTLY_DAYS))
    return (AskedTime(first, as_of, "range", Span(0, 0), relative=True),)


def _named_times(question: str, as_of: date | None) -> tuple[AskedTime, ...]:
    text = narrowed(question)
    found = [*_absolute(text), *(_relative(text, as_of) if as_of is not None else ())]
    kept: list[AskedTime] = []
    # Of two that overlap the longer one says more: 去年四月 against 去年.
    for time in sorted(found, key=lambda time: (-len(time.span), time.span)):
        if not any(time.span.overlaps(other.span) for other in kept):
            kept.append(time)
    joined = _joined(text, sorted(kept, key=lambda time: time.span))
    bare = {Span(*match.span()) for match in _BARE_YEAR.finditer(text)}
    return tuple(
        _opened(text, time)
        for time in joined
        if time.span not in bare or _BEFORE_BARE.search(_ahead(text, time))
    )


# --- Times by themselves -------------------------------------------------------------


def _period(year: int, month: int | None, day: int | None) -> Period | None:
    """A calendar year, month or day; None where there is no such."""
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31), "year"
        if day is None:
            return date(year, month, 1), date(year, month, monthrange(year, month)[1]), "month"
        return date(year, month, day), date(year, month, day), "day"
    except ValueError:
        return None


def _absolute(text: str) -> Iterator[AskedTime]:
    # Questions are often typed without capitals.
    for written in written_dates(capitalised_months(text)):
        period = _period(written.year, written.month, written.day) if written.year else None
        if period:
            yield AskedTime(*period, written.span)
    for match in _CHINESE.finditer(text):
        if match["year"]:
            yield from _chinese_year(match, int(match["year"]), relative=False)
    for match in _BARE_YEAR.finditer(text):
        yield _years(int(match[0]), int(match[0]), match)
    for match in _YEARS.finditer(text):
        if match["first"] < match["last"]:
            yield _years(int(match["first"]), int(match["last"]), match)


def _years(first: int, last: int, match: re.Match[str]) -> AskedTime:
    precision: Precision = "year" if first == last else "range"
    return AskedTime(date(first, 1, 1), date(last, 12, 31), precision, Span(*match.span()))


def _relative(text: str, as_of: date) -> Iterator[AskedTime]:
    for match in _CHINESE.finditer(text):
        if not match["year"] and (counted := _counted(match)):
            yield from _chinese_year(match, as_of.year + counted[1], relative=True)
    for match in _ENGLISH_YEAR.finditer(text):
        if counted := _counted(match):
            name = match["month"] or match["late_month"]
            month = month_numbers()[name.lower()] if name else None
            day = int(match["day"]) if match["day"] else None
            if period := _period(as_of.year + counted[1], month, day):
                yield AskedTime(*period, Span(*match.span()), relative=True)
    for pattern in (_CHINESE_UNIT, _ENGLISH_UNIT):
        for match in pattern.finditer(text):
            if (counted := _counted(match)) and (period := _shifted(as_of, *counted)):
                yield AskedTime(*period, Span(*match.span()), relative=True)


def _chinese_year(match: re.Match[str], year: int, *, relative: bool) -> Iterator[AskedTime]:
    month = _number(match["month"]) if match["month"] else None
    if period := _period(year, month, _number(match["day"]) if match["day"] else None):
        yield AskedTime(*period, Span(*match.span()), relative)


def _counted(match: re.Match[str]) -> tuple[str, int] | None:
    """The unit, and how many of them ahead of now; None where what is counted is no number."""
    if match["named"]:
        return _NAMED[" ".join(match["named"].lower().split())]
    count = _number(match["ago"])
    return (_UNITS[match["unit"].lower()], -count) if count else None


def _number(written: str) -> int:
    """The number that digits, an English word or Chinese numerals write; 0 for another word."""
    if written.lower() in ("a", "an"):
        return 1
    return int(read_number(written) or 0)


def _shifted(as_of: date, unit: str, offset: int) -> Period | None:
    """The period so many units ahead, weeks from Monday; None outside the calendar."""
    if unit == "year":
        return _period(as_of.year + offset, None, None)
    if unit == "month":
        year, month = divmod(as_of.year * 12 + as_of.month - 1 + offset, 12)
        return _period(year, month + 1, None)
    try:
        if unit == "day":
            day = as_of + timedelta(days=offset)
            return day, day, "day"
        monday = as_of + timedelta(days=7 * offset - as_of.weekday())
        return monday, monday + timedelta(days=6), "range"
    except OverflowError:
        return None


# --- Times as the words around them have it ------------------------------------------


def _joined(text: str, times: Sequence[AskedTime]) -> list[AskedTime]:
    """Two that "between ... and ..." or a dash makes one range become one."""
    found: list[AskedTime] = []
    for time in times:
        last = found[-1] if found else None
        if last is not None and last.first <= time.first:
            gap = text[last.span.end : time.span.start]
            opened = _BETWEEN.search(_ahead(text, last))
            if (opened and _AND.fullmatch(gap)) or _TO.fullmatch(gap):
                until, span = max(last.last, time.last), Span(last.span.start, time.span.end)
                relative = last.relative or time.relative
                time = AskedTime(last.first, until, "range", span, relative)
                found.pop()
        found.append(time)
    return found


def _opened(text: str, time: AskedTime) -> AskedTime:
    """The time as "since", "before" and their like open it to one side."""
    ahead, behind = _ahead(text, time), text[time.span.end :]
    if time.precision == "range" and _BETWEEN.search(ahead):
        return time
    first, last = time.first, time.last
    day = timedelta(days=1)
    if _BEFORE.search(ahead) or _THEN_BEFORE.match(behind):
        first, last = date.min, (first - day if first > date.min else last)
    elif _AFTER.search(ahead) or _THEN_AFTER.match(behind):
        first, last = (last + day if last < date.max else first), date.max
    elif _SINCE.search(ahead) or _THEN_SINCE.match(behind):
        last = date.max
    elif _UNTIL.search(ahead):
        first = date.min
    else:
        return time
    return replace(time, first=first, last=last, precision="range")


def _ahead(text: str, time: AskedTime) -> str:
    """The few characters before it, enough for any of the words looked for."""
    return text[max(0, time.span.start - _AHEAD_CHARACTERS) : time.span.start]
