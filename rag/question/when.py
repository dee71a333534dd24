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
from rag.types import Span

__all__ = ["AskedTime", "find_times"]

Precision = Literal["day", "month", "year", "range"]


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
# "Twenty-one years ago"; what is no number (many) gives no time.
_WORDS = r"(?:[0-9]{1,2}|[a-z]+(?:-[a-z]+)?)"
_MONTHS = "|".join(sorted(month_numbers(), key=len, reverse=True))

# Years from the one asked in, by name.
_CHINESE_YEARS = {"今年": 0, "本年": 0, "去年": -1, "前年": -2, "大前年": -3, "明年": 1}
_CHINESE = re.compile(
    rf"(?:(?<![0-9])(?P<year>{_YEAR})[ ]?年"
    r"|(?P<named>今年|本年|去年|大前年|前年|明年)"
    rf"|(?<![0-9一二三四五六七八九十百千第])(?P<ago>{_COUNT})年(?:以|之)?前(?![后夕])(?:的?这个?时候)?)"
    rf"(?:的?(?:(?P<month>{_COUNT})月份?(?:(?P<day>{_COUNT})[日号])?"
    r"|第?(?P<quarter>[一二三四1-4])季度|(?P<half>[上下])半年))?"
)
_CHINESE_UNIT = re.compile(
    r"(?P<month>上上个?月|上个?月|本月|这个月)"
    r"|(?P<day>今天|今日|昨天|昨日|大前天|前天)"
    r"|(?P<week>上个?(?:星期|礼拜)|上周|本周|这周|这个?(?:星期|礼拜))"
    rf"|(?<![0-9一二三四五六七八九十百千第])(?P<ago>{_COUNT})"
    r"(?P<unit>个月|天|周|个星期|个礼拜)(?:以|之)?前(?![后夕])"
)
_CHINESE_OFFSETS = {
    "上上月": -2, "上上个月": -2, "上月": -1, "上个月": -1, "本月": 0, "这个月": 0,
    "今天": 0, "今日": 0, "昨天": -1, "昨日": -1, "前天": -2, "大前天": -3,
}  # fmt: skip
_ENGLISH_YEAR = re.compile(
    rf"\b(?:(?P<month>{_MONTHS})\.?(?:\s(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?)?,?\s(?:of\s)?)?"
    r"(?:(?P<named>(?<!\bthe\s)last\syear(?!\sof\b)|this\syear|the\syear\sbefore\slast)"
    rf"|(?P<ago>{_WORDS})\syears?\sago)\b"
    rf"(?:\sin\s(?P<late_month>{_MONTHS})\b)?",
    re.IGNORECASE,
)
_ENGLISH_UNIT = re.compile(
    r"\b(?:(?P<today>today)|(?P<before>the\sday\sbefore\syesterday)|(?P<yesterday>yesterday)"
    r"|(?P<which>(?<!\bthe\s)last|this)\s(?P<named>month|week)(?!\sof\b)"
    rf"|(?P<ago>{_WORDS})\s(?P<unit>day|week|month)s?\sago)\b",
    re.IGNORECASE,
)
_DECADE = re.compile(r"\bthe\s(?P<decade>(?:1[5-9]|20)[0-9])0['’]?s\b")
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


def _period(year: int, month: int | None, day: int | None) -> tuple[date, date, Precision] | None:
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
        if written.year is not None:
            period = _period(written.year, written.month, written.day)
            if period is not None:
                yield AskedTime(*period, written.span)
    for match in _CHINESE.finditer(text):
        if match["year"]:
            yield from _chinese_year(match, int(match["year"]), relative=False)
    for match in _BARE_YEAR.finditer(text):
        year = int(match[0])
        yield AskedTime(date(year, 1, 1), date(year, 12, 31), "year", Span(*match.span()))
    for match in _YEARS.finditer(text):
        first, last = int(match["first"]), int(match["last"])
        if first < last:
            yield AskedTime(date(first, 1, 1), date(last, 12, 31), "range", Span(*match.span()))
    for match in _DECADE.finditer(text):
        first = int(match["decade"]) * 10
        yield AskedTime(date(first, 1, 1), date(first + 9, 12, 31), "range", Span(*match.span()))


def _relative(text: str, as_of: date) -> Iterator[AskedTime]:
    for match in _CHINESE.finditer(text):
        if match["named"]:
            year = as_of.year + _CHINESE_YEARS[match["named"]]
            yield from _chinese_year(match, year, relative=True)
        elif match["ago"]:
            yield from _chinese_year(match, as_of.year - _number(match["ago"]), relative=True)
    for match in _ENGLISH_YEAR.finditer(text):
        yield from _english_year(match, as_of)
    for match in _CHINESE_UNIT.finditer(text):
        offset = _number(match["ago"]) if match["ago"] else 0
        if match["month"] or match["unit"] == "个月":
            yield from _months_off(
                as_of, _CHINESE_OFFSETS[match["month"]] if match["month"] else -offset, match
            )
        elif match["day"] or match["unit"] == "天":
            yield from _days_off(
                as_of, _CHINESE_OFFSETS[match["day"]] if match["day"] else -offset, match
            )
        else:
            last_week = match["week"] and match["week"].startswith("上")
            yield from _weeks_off(as_of, -1 if last_week else -offset, match)
    for match in _ENGLISH_UNIT.finditer(text):
        yield from _english_unit(match, as_of)


def _chinese_year(match: re.Match[str], year: int, *, relative: bool) -> Iterator[AskedTime]:
    span = Span(*match.span())
    if match["quarter"] or match["half"]:
        months = 3 if match["quarter"] else 6
        nth = _number(match["quarter"]) - 1 if match["quarter"] else int(match["half"] == "下")
        begin, end = _period(year, nth * months + 1, None), _period(year, (nth + 1) * months, None)
        if begin is not None and end is not None:
            yield AskedTime(begin[0], end[1], "range", span, relative)
        return
    month = _number(match["month"]) if match["month"] else None
    period = _period(year, month, _number(match["day"]) if match["day"] else None)
    if period is not None:
        yield AskedTime(*period, span, relative)


def _english_year(match: re.Match[str], as_of: date) -> Iterator[AskedTime]:
    if match["ago"]:
        ago = _number(match["ago"])
        if not ago:
            return
        year = as_of.year - ago
    else:
        named = " ".join(match["named"].lower().split())
        year = as_of.year - {"this year": 0, "last year": 1}.get(named, 2)
    name = match["month"] or match["late_month"]
    month = month_numbers()[name.lower()] if name else None
    period = _period(year, month, int(match["day"]) if match["day"] else None)
    if period is not None:
        yield AskedTime(*period, Span(*match.span()), relative=True)


def _english_unit(match: re.Match[str], as_of: date) -> Iterator[AskedTime]:
    back = _number(match["ago"]) if match["ago"] else 0
    if match["ago"] and not back:
        return
    if (match["which"] or "").lower() == "last" or match["yesterday"]:
        back = 1
    elif match["before"]:
        back = 2
    unit = (match["unit"] or match["named"] or "day").lower()
    off = {"month": _months_off, "week": _weeks_off, "day": _days_off}[unit]
    yield from off(as_of, -back, match)


def _months_off(as_of: date, months: int, match: re.Match[str]) -> Iterator[AskedTime]:
    year, month = divmod(as_of.year * 12 + as_of.month - 1 + months, 12)
    period = _period(year, month + 1, None)
    if period is not None:
        yield AskedTime(*period, Span(*match.span()), relative=True)


def _days_off(as_of: date, days: int, match: re.Match[str]) -> Iterator[AskedTime]:
    if 1 <= as_of.toordinal() + days <= date.max.toordinal():
        day = as_of + timedelta(days=days)
        yield AskedTime(day, day, "day", Span(*match.span()), relative=True)


def _weeks_off(as_of: date, weeks: int, match: re.Match[str]) -> Iterator[AskedTime]:
    monday = as_of.toordinal() - as_of.weekday() + 7 * weeks
    if 1 <= monday <= date.max.toordinal() - 6:
        first = date.fromordinal(monday)
        last = date.fromordinal(monday + 6)
        yield AskedTime(first, last, "range", Span(*match.span()), relative=True)


def _number(written: str) -> int:
    """The number that digits, an English word or Chinese numerals write; 0 for another word."""
    if written.lower() in ("a", "an"):
        return 1
    return int(read_number(written) or 0)


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
                found[-1] = AskedTime(
                    last.first,
                    max(last.last, time.last),
                    "range",
                    Span(last.span.start, time.span.end),
                    last.relative or time.relative,
                )
                continue
        found.append(time)
    return found


def _opened(text: str, time: AskedTime) -> AskedTime:
    """The time as "since", "before" and their like open it to one side."""
    ahead, behind = _ahead(text, time), text[time.span.end :]
    if time.precision == "range" and _BETWEEN.search(ahead):
        return time
    if _BEFORE.search(ahead) or _THEN_BEFORE.match(behind):
        if time.first > date.min:
            until = time.first - timedelta(days=1)
            return replace(time, first=date.min, last=until, precision="range")
        return time
    if _AFTER.search(ahead) or _THEN_AFTER.match(behind):
        if time.last < date.max:
            since = time.last + timedelta(days=1)
            return replace(time, first=since, last=date.max, precision="range")
        return time
    if _SINCE.search(ahead) or _THEN_SINCE.match(behind):
        return replace(time, last=date.max, precision="range")
    if _UNTIL.search(ahead):
        return replace(time, first=date.min, precision="range")
    return time


def _ahead(text: str, time: AskedTime) -> str:
    """The few characters before it, enough for any of the words looked for."""
    return text[max(0, time.span.start - _AHEAD_CHARACTERS) : time.span.start]
