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
from rag.text.names import find_organisations, find_persons, find_places
from rag.types import Span

__all__ = ["Mention", "MentionKind", "find_mentions"]

MentionKind = Literal["date", "number", "money", "percentage", "person", "place", "organisation"]

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_BARE_DATE = re.compile(
    rf"""
    (?<![\d.,/$€£¥-]) (?:(?:early | late | mid)[-\s])?+ (?:1[0-9] | 20)\d\d s (?!\w)
    | (?<![\d.,/$€£¥-]) (?<!\d[-–—]) (?:1[0-9] | 20)\d\d (?! [\d%‰] | [.,:/]\d | s?\w)
    | (?<!\w) \d{{1,4}} \s? (?:BCE? | AD | CE) (?!\w)
    | (?<!\w) (?:\d{{1,2}}(?:st | nd | rd | th) | (?:[a-z]+-)?+ [a-z]+th | first | second | third)
      \s century (?!\w)
    | (?<= \bin\s | \bof\s | \bby\s) {_MONTH} (?!\w)
    | (?<= \bsince\s | \buntil\s) {_MONTH} (?!\w)
    | (?<!\w) (?:Mon | Tues | Wednes | Thurs | Fri | Satur | Sun)day (?!\w)
    | [〇零一二三四五六七八九]{{4}} 年 | (?<!\d) \d{{1,2}} 月 (?!\d)
    """,
    re.VERBOSE,
)
_RANGE = re.compile(
    r"\s?[-–—~至到]\s?|\s(?:to|until|till|and|through)\s(?:the\s|early\s|mid|late\s)?"
)
_BETWEEN = re.compile(r"\b(?:between|from)\s$", re.IGNORECASE)

_SMALL = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {
    **{word: value for value, word in enumerate(_SMALL, start=1)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9,
           "trillion": 10**12, "百": 100, "千": 10**3, "万": 10**4, "亿": 10**8}  # fmt: skip
_CHINESE_DIGITS = {**{c: n for n, c in enumerate("零一二三四五六七八九")}, "两": 2, "〇": 0}
_FIGURE = r"(?<![\w.])(?<!\d,)(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\d%‰])(?!,\d{3})"
_SPELLED = (
    rf"(?<!\w)(?:(?:{'|'.join(_TENS)})(?:[-\s](?:{'|'.join(_SMALL[:9])}))?"
    rf"|{'|'.join(_SMALL)}|dozens?)(?!\w)"
)
_ABOUT = (
    r"(?:(?:more|less|fewer)\sthan|at\s(?:least|most)|over|about|around|nearly|almost|some|up\sto"
    r"|approximately|roughly|an?\sestimated)\s"
)
_NUMBER = re.compile(
    rf"(?:(?<!\w){_ABOUT})?+(?P<digits>{_FIGURE}|{_SPELLED}|(?<!\w)an?(?=\s(?:hundred|thousand|million|dozen)))"
    r"(?P<scale>(?:[\s-](?:dozen|hundred|thousand|million|billion|trillion)(?!\w))*)",
    re.IGNORECASE,
)
# The word or two counted: "36 specialists", "5.2 million square kilometres".
_UNIT = re.compile(
    r"(?:\s|-)(?:(?:square|cubic|metric|nautical)\s)?+(?!(?:of|in|at|to|by|and|or|the|on|for|from|with|were|was"
    r"|are|is|as|who|that|which|when|while|than|but|had|have|has|after|before|until|out|per)\b)[a-z]{2,}(?:-[a-z]+)*"
    r"(?:\sper\s[a-z]+)?"
)
_CHINESE_NUMBER = re.compile(
    r"(?P<digits>(?<![\d.,第])(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百千]++(?!年代)))"
    r" ?(?P<scale>[百千万亿]*+)[多余]?+"
    r"(?P<unit>个|位|家|名|人次|人|次|份|项|所|年|国|天|倍|场|座|种|届|岁|公里|米|吨|平方公里)"
)
_ORDINAL = re.compile(r"第[一二三四五六七八九十百\d]+(?:届|次|个|位|名)?")
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
_PERCENTAGE = re.compile(
    rf"(?:(?<!\w){_ABOUT})?+(?:(?<![\d.,])\d+(?:\.\d+)?(?:\s?[-–]\s?\d+(?:\.\d+)?)?\s?[%‰％]"
    rf"|(?:{_FIGURE}|{_SPELLED})\s?(?:per\s?cent|percentage\spoints)(?!\w))|百分之[一二三四五六七八九十百\d.]+",
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
    for match in _NUMBER.finditer(sentence):
        start = match.start() if not taken[match.start()] else match.start("digits")
        if any(taken[start : match.end()]):
            continue
        unit = _UNIT.match(sentence, match.end())
        span = Span(start, unit.end() if unit else match.end())
        if any(taken[span.start : span.end]):
            span = Span(start, match.end())
        found.append(Mention("number", span, _value(match["digits"], match["scale"].split())))
        _take(taken, span)
    for pattern in (_CHINESE_NUMBER, _ORDINAL):
        for match in pattern.finditer(sentence):
            if any(taken[match.start() : match.end()]):
                continue
            parts = match.groupdict()
            value = _value(parts["digits"], [*parts["scale"]]) if parts else match[0]
            found.append(Mention("number", Span(*match.span()), value))
            _take(taken, found[-1].span)
    return sorted(found, key=lambda mention: mention.span)


def _take(taken: bytearray, span: Span) -> None:
    taken[span.start : span.end] = b"\x01" * len(span)


def _value(digits: str, scales: list[str]) -> str:
    """A number in plain digits: "2.5", ["million"] is "2500000"."""
    plain = unicodedata.normalize("NFKC", digits).casefold().replace(",", "")
    if re.fullmatch(r"[\d.]+", plain):
        value = float(plain)
    elif plain[0] in _CHINESE_DIGITS or plain[0] in _SCALES or plain[0] == "十":
        value = _chinese_value(plain)
    else:
        words = re.split(r"[-\s]", plain.removesuffix("s"))
        value = float(sum(12 if w == "dozen" else _VALUES.get(w, 1) for w in words))
    for scale in scales:
        value *= _SCALES.get(scale.strip(" -").casefold(), 1)
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _chinese_value(numeral: str) -> float:
    total, digit = 0, 0
    for character in numeral:
        scale = 10 if character == "十" else _SCALES.get(character)
        if scale is None:
            digit = _CHINESE_DIGITS.get(character, 0)
        else:
            total += (digit or 1) * scale
            digit = 0
    return float(total + digit)


def _money(sentence: str) -> list[Mention]:
    return _plain(sentence, _MONEY, "money")


def _percentages(sentence: str) -> list[Mention]:
    return _plain(sentence, _PERCENTAGE, "percentage")


def _plain(sentence: str, pattern: re.Pattern[str], kind: MentionKind) -> list[Mention]:
    found: list[Mention] = []
    for match in pattern.finditer(sentence):
        said = re.sub(rf"^{_ABOUT}", "", match[0], flags=re.IGNORECASE)
        value = re.sub(r"[\s,-]", "", unicodedata.normalize("NFKC", said).casefold())
        found.append(Mention(kind, Span(*match.span()), value))
    return found


# --- Names -------------------------------------------------------------------------


def _persons(sentence: str) -> list[Mention]:
    return [Mention("person", span, _name(span.of(sentence))) for span in find_persons(sentence)]


def _places(sentence: str) -> list[Mention]:
    return [Mention("place", span, _name(span.of(sentence))) for span in find_places(sentence)]


def _organisations(sentence: str) -> list[Mention]:
    return [
        Mention("organisation", span, _name(span.of(sentence)))
        for span in find_organisations(sentence)
    ]


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
    "organisation": _organisations,
}
