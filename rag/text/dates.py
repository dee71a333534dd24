"""The dates a document gives: when it was published, and what it speaks of.

Nothing is guessed: a date without a year keeps ``year=None``, a two-digit year and an
impossible day (31 February) are no dates, and 04/05/2019 is left alone because its
order is unknown; 14/05/2019 has but one.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from rag.text.numbers import read_number
from rag.text.tables import DateWords, language_table
from rag.types import DateKind, DocumentDate, Span

# How the origin of a date ends whose year is not written beside it.
YEAR_FROM_TITLE = "year from title"

# "June 1200 delegates", "4 May 3000 guests": not years.
_YEAR = r"(?P<year_@>1[5-9][0-9]{2}|2[01][0-9]{2})(?![0-9])"
_LATER_YEAR = _YEAR.replace("year", "later")
# White space with at most one line break, and bounded: before each of many dates, runs
# of spaces would take time by their square.
_INLINE = r"[^\S\n\r\v\f\u0085\u2028\u2029]"
_MAYBE_GAP = rf"{_INLINE}{{0,3}}+(?:\r?\n|\r)?+{_INLINE}{{0,3}}+"
_GAP = rf"(?=\s){_MAYBE_GAP}"
# Of the alphabets that months are written in: Chinese may stand beside a date.
_LETTER = "[A-Za-z\u00c0-\u024f\u0400-\u04ff]"
_NOT_FIRST = r"(?<![\r\n])(?<![\r\n][ ])(?<![\r\n][ ]{2})"
_CHINESE_YEAR = "(?P<year_@>1[0-9]{3}|20[0-9]{2}|[一二][〇零一二三四五六七八九]{3})"
_CHINESE_COUNT = "[0-9]{1,2}|[一二三四五六七八九十]{1,3}"
_CHINESE_MONTH = rf"(?P<number_@>{_CHINESE_COUNT})[ ]?月"
_CHINESE_DAY = rf"(?P<day_@>{_CHINESE_COUNT})[ ]?[日号]"
# What starts inside a number is no date.
_NOT_WITHIN = "(?<![0-9〇零一二三四五六七八九十])"
_LONGEST_SHORT = 4


def _spellings(words: DateWords) -> set[str]:
    """The ways to write the months."""
    cases = {s for m in words.months for s in (m, m.capitalize(), m.upper())}
    # Text from macOS has accents as marks behind their letters.
    return cases | {unicodedata.normalize("NFD", s) for s in cases}


def _shapes(words: DateWords) -> tuple[str, ...]:
    spellings = sorted(_spellings(words))
    spellings.sort(key=len, reverse=True)
    # What a month is called in full is no abbreviation: May.
    names = {name.lower() for name in words.full_months}
    short = [s for s in spellings if len(s) <= _LONGEST_SHORT and s.lower() not in names]
    full = [s for s in spellings if s not in short]
    # After a month in full, a full stop ends the sentence.
    month = rf"(?P<month_@>{'|'.join(full)}|(?:{'|'.join(short)})\.?)(?!{_LETTER})"
    later_month = rf"(?P<until_@>{'|'.join(spellings)})\.?"
    ordinals = "|".join(s for o in words.ordinals for s in (o, o.upper()))
    to = "|".join(words.to)
    joins = "|".join(words.to + words.joint)
    day = rf"(?P<day_@>0?[1-9]|[12][0-9]|3[01])(?![0-9])(?:{ordinals})?"
    to_day = rf"(?:\s?(?:[-–—/]|{joins})\s?[0-9]{{1,2}}(?![0-9])(?:{ordinals})?)?"
    any_day = rf"[0-9]{{1,2}}(?:{ordinals})?"
    of = rf"(?:(?:{'|'.join(words.of)}){_GAP})?"
    # The rest of "30 April – 2 May 2019", seen but left to be found as a date of its own.
    # A dash that begins a line begins a list item.
    rest = rf"(?:{_INLINE}{{0,3}}+[-–—]|{_MAYBE_GAP}(?:{to})(?!{_LETTER})){_MAYBE_GAP}"
    openings = {s for word in words.before_year for s in (word, word.capitalize())}
    before_year = "|".join(rf"(?<=\b{word}[ ])" for word in sorted(openings))
    return (
        # 2019-04-24, 2019/4/24, 2019.04.24
        r"(?<![0-9./-])(?P<year_@>1[0-9]{3}|20[0-9]{2})(?P<mark_@>[-/.])(?P<number_@>[0-9]{1,2})"
        r"(?P=mark_@)(?P<day_@>[0-9]{1,2})(?![0-9]|[-/.][0-9])",
        # 14/06/2024, 14.06.2024
        r"(?<![0-9./-])(?P<day_@>1[3-9]|2[0-9]|3[01])(?P<mark_@>[-/.])"
        rf"(?P<number_@>0?[1-9]|1[0-2])(?P=mark_@){_YEAR}(?![-/.][0-9])",
        # 06/14/2024
        r"(?<![0-9./-])(?P<number_@>0?[1-9]|1[0-2])/(?P<day_@>1[3-9]|2[0-9]|3[01])"
        rf"/{_YEAR}(?![-/.][0-9])",
        # 2019年4月24日, 2019年4月, 2019年, 二〇一九年四月二十四日
        rf"{_NOT_WITHIN}{_CHINESE_YEAR}[ ]?年(?:[ ]?{_CHINESE_MONTH}(?:[ ]?{_CHINESE_DAY})?)?",
        # 4月24日, 四月二十四日
        rf"{_NOT_WITHIN}{_CHINESE_MONTH}[ ]?{_CHINESE_DAY}",
        # 24. April 2019, but not "1. April 2019" on a new line, where it may be a list item
        rf"(?<![0-9.,:/–-])(?P<day_@>{_NOT_FIRST}0?[1-9]|[12][0-9]|3[01])\."
        rf"{_INLINE}{{0,3}}{month},?{_GAP}{of}{_YEAR}",
        # 24 April 2019, 24th of April 2019, 24-26 April 2019, 30 April - 2 May 2019, 24 April
        rf"(?<![0-9.,:/–-]){day}{to_day}{_GAP}{of}{month}"
        rf"(?:,?{_GAP}{of}{_YEAR}"
        rf"|(?={rest}{any_day}{_GAP}{of}{later_month},?{_GAP}{_LATER_YEAR}))?",
        # April 24, 2019, April 24th, April 24-26, 2019; "in March\n2. Then" is a list
        rf"(?<!{_LETTER}){month}(?!\.?{_INLINE}{{0,3}}[\r\n]\s{{0,3}}[0-9]{{1,2}}[.)]\s){_GAP}"
        rf"{day}(?![.:][0-9]){to_day}"
        rf"(?:(?:{_MAYBE_GAP},)?{_GAP}{_YEAR}"
        rf"|(?={rest}{later_month}{_GAP}{any_day}(?:{_MAYBE_GAP},)?{_GAP}{_LATER_YEAR}))?",
        # September 2020
        rf"(?<!{_LETTER}){month},?{_GAP}{of}{_YEAR}",
        # in 2019, since 2019, the year 2019: the span is the year alone
        rf"(?:{before_year})"
        r"(?P<year_@>1[5-9][0-9]{2}|20[0-9]{2})(?![0-9%‰]|[.,:/-][0-9]|[-–][A-Za-z])",
    )


@cache
def _date_pattern(language: str) -> tuple[re.Pattern[str], Mapping[str, Mapping[str, str]]]:
    """The pattern of all shapes; for each of its groups, those of its shape by what they are."""
    words = _date_words(language)
    shapes = enumerate(_shapes(words))
    # Looked at first: few characters of a text can begin a date, and there are ten shapes.
    first, second = (
        "".join(sorted({spelling[at] for spelling in _spellings(words)})) for at in (0, 1)
    )
    begins = rf"[0-9一二三四五六七八九十]|(?<!{_LETTER})[{first}][{second}]"
    found = "|".join(shape.replace("@", str(n)) for n, shape in shapes)
    pattern = re.compile(rf"(?={begins})(?:{found})")
    of_shape: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for name in pattern.groupindex:
        part, _, number = name.partition("_")
        of_shape[number][part] = name
    return pattern, {name: of_shape[name.partition("_")[2]] for name in pattern.groupindex}


@cache
def _label_pattern(language: str) -> re.Pattern[str]:
    """What stands before a date of publication on its line, marks of emphasis included."""
    labels = {*_date_words(language).labels, *language_table("zh").dates.labels}
    longest_first = sorted(labels, key=len, reverse=True)
    wordings = "|".join(label.replace(" ", r"\s+") for label in longest_first)
    return re.compile(rf"\s*[*_#>]*\s*(?:{wordings})[*_]*\s*[:：]?[*_]*\s*", re.IGNORECASE)


@cache
def _date_words(language: str) -> DateWords:
    """The language's words for dates, and the English ones, which stand in any text."""
    own, english = dict(language_table(language).dates), dict(language_table("en").dates)
    months = {**own.pop("months"), **english.pop("months")}
    return DateWords.model_construct(months=months, **{key: own[key] + english[key] for key in own})


@cache
def month_numbers(language: str = "en") -> Mapping[str, int]:
    """The months by their names in lower case, in full and short; the English ones too."""
    return {name.lower(): number for name, number in _date_words(language).months.items()}


# Full-width digits and marks as the plain ones, one for one, so that offsets hold.
# And the letters that match i and s where case is ignored, but are no such letters.
_FULL_WIDTH = "０１２３４５６７８９－／．ıİſ"
_NARROW = str.maketrans(_FULL_WIDTH, "0123456789-/.iis")
_NOT_NARROW = re.compile(f"[{_FULL_WIDTH}]")

_WORD = re.compile(r"\b[A-Za-z]{3,9}\b")

# Only this much of a document can say when the document itself was published.
_TOP_LINES = 20
_TOP_CHARACTERS = 20_000
# No form of publication date has more beside it on its line.
_BESIDE_CHARACTERS = 100
_PLACE = re.compile(r"\s*[^\W\d_][^\d\n:;!?。：]{1,60}?[,，]\s*\(?")
_AFTER_DATELINE = re.compile(r"\)?\s*(?:\([^)\n]{1,40}\)|/[^/\n]{1,40}/)?\s*(?:[-–—―:]|--)")
_CHINESE_OPENING = re.compile(
    r"\s*(?:[^\d\s，。；]{0,12}(?:社|网|报|讯)?[^\d\s，。；]{0,8})?[（(【\[]?\s*$"
)
_CHINESE_CLOSING = re.compile(r"\s*(?:[）)】\]]|电|讯|[|｜]|[0-9]{1,2}[:：][0-9]{2}|$)")
_NUMERIC = re.compile(
    r"(?<![0-9])(20[0-9]{2}|19[0-9]{2})([-_.]?)([01][0-9])\2([0-3][0-9])(?![0-9])"
)
_FOLDERS = re.compile(r"/(20[0-9]{2}|19[0-9]{2})/([01]?[0-9]|[a-z]+)(?:/([0-3]?[0-9]))?(?=/)")
# "UNIDO Day 2024", 2024年; the 2030 Agenda dates nothing.
_TITLE_YEAR = re.compile(
    r"(?<![\w.,/:%$€£¥-])(?<!Agenda )((?:19|20)[0-9]{2})(?![A-Za-z0-9%‰]|[.,:/-][0-9]| Agenda)"
)


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as far as it is written, unknown parts None, and the span of the text it is in."""

    year: int | None
    month: int | None
    day: int | None
    span: Span

    def dated(self, kind: DateKind, origin: str) -> DocumentDate:
        """The same as a date of the document whose text it is in."""
        return DocumentDate(self.year, self.month, self.day, kind, origin, self.span)


def find_dates(
    text: str,
    *,
    language: str = "en",
    source: str | None = None,
    html_date: str | None = None,
    title: str = "",
) -> tuple[DocumentDate, ...]:
    """Publication dates, the best-founded first, then the dates spoken of, in text order.

    A date line or dateline at the top of the text is believed before ``html_date``
    (the page's metadata), the source's URL and its file name; a date with its year
    before one without. ``title`` adds what it says that the text does not. Where it names
    a single year, each date of the text without one stands twice: as written, and with
    that year and an ``origin`` that ends in YEAR_FROM_TITLE. Where a date was read from
    the text, ``span.of(text)`` is the date as written there.
    """
    found = list(written_dates(text, language))
    stated = list(_stated_in(text, found, language))
    published = [*stated, *_stated_outside(source, html_date), *_completed(stated, title)]
    # Stable: of equals the better founded stays first.
    published.sort(key=lambda dated: (dated.year is None, dated.origin.endswith(YEAR_FROM_TITLE)))
    taken = {dated.span for dated in stated}
    events = [read.dated("event", "text") for read in found if read.span not in taken]
    completed = {dated.span: dated for dated in _completed(events, title)}
    events = [dated for event in events for dated in (event, completed.get(event.span)) if dated]
    known = {(d.year, d.month, d.day) for d in (*published, *events)}
    in_title = [
        replace(read.dated("event", "title"), span=None)
        for read in written_dates(title, language)
        if (read.year, read.month, read.day) not in known
    ]
    return (*published, *events, *in_title)


def _completed(dates: Sequence[DocumentDate], title: str) -> list[DocumentDate]:
    """The dates without a year once more, with the one year that the title names."""
    years = {int(match[1]) for match in _TITLE_YEAR.finditer(narrowed(title))}
    if len(years) != 1:
        return []
    (year,) = years
    return [
        replace(dated, year=year, origin=f"{dated.origin}, {YEAR_FROM_TITLE}")
        for dated in dates
        if dated.year is None and _is_possible(year, dated.month, dated.day)
    ]


def parse_date(value: str) -> tuple[int | None, int | None, int | None] | None:
    """Year, month and day of the first date in ``value``, such as a metadata field.

    Parts it does not give are None; None when it holds no date. A bare year counts.
    """
    first = next(written_dates(value), None)
    if first is not None:
        return first.year, first.month, first.day
    bare = re.fullmatch(r"(1[0-9]{3}|20[0-9]{2})(?:-(0[1-9]|1[0-2]))?", narrowed(value).strip())
    return (int(bare[1]), int(bare[2]) if bare[2] else None, None) if bare else None


def capitalised_months(text: str) -> str:
    """The text with English months as they are written: for names and for what people type."""
    months = month_numbers()
    return _WORD.sub(lambda m: m[0].capitalize() if m[0].lower() in months else m[0], text)


def narrowed(text: str) -> str:
    """The text with full-width digits and marks as plain ones, one for one: spans hold."""
    return text.translate(_NARROW) if _NOT_NARROW.search(text) else text


def written_dates(text: str, language: str = "en") -> Iterator[WrittenDate]:
    """Every date that the text writes out, in text order.

    In digits, Chinese numerals, and with the months of ``language`` and of English.
    """
    months = month_numbers(language)
    pattern, shapes = _date_pattern(language)
    for match in pattern.finditer(narrowed(text)):
        assert match.lastgroup is not None
        names = shapes[match.lastgroup]
        parts = {part: value for part, name in names.items() if (value := match[name])}
        year, month, day = (_count(parts.get(name)) for name in ("year", "number", "day"))
        if "month" in parts:
            month = months[_as_listed(parts["month"].rstrip("."))]
        end = match.end()
        if "later" in parts and month is not None:
            # 30 December - 2 January 2020 began the year before.
            until = months[_as_listed(parts["until"])]
            year = int(parts["later"]) - (month > until)
            end = match.end(names["later"])
        if _is_possible(year, month, day):
            yield WrittenDate(year, month, day, Span(match.start(), end))


def _as_listed(month: str) -> str:
    return unicodedata.normalize("NFC", month).lower()


def _count(written: str | None) -> int | None:
    """The value of digits or Chinese numerals; 0, which no date has, where they have none."""
    if written is None:
        return None
    return int(written) if written.isdecimal() else int(read_number(written) or 0)


def _is_possible(year: int | None, month: int | None, day: int | None) -> bool:
    if month is None:
        return day is None
    if not 1 <= month <= 12:
        return False
    # Without a year, 29 February is possible: 2000 was a leap year.
    return day is None or 1 <= day <= monthrange(year or 2000, month)[1]


def _stated_in(text: str, found: list[WrittenDate], language: str) -> Iterator[DocumentDate]:
    """What the top of the text says of its own publication, at most one of each kind."""
    seen: set[str] = set()
    end = _top(text)
    for read in found:
        if read.span.end > end:
            return
        origin = _origin(text, read, language)
        if origin is not None and origin not in seen:
            seen.add(origin)
            yield read.dated("published", origin)


def _top(text: str) -> int:
    """Offset of the end of the first lines that hold anything."""
    lines = 0
    for match in re.finditer(r"[^\r\n]+", text[:_TOP_CHARACTERS]):
        lines += not match[0].isspace()
        if lines == _TOP_LINES:
            return match.end()
    return min(len(text), _TOP_CHARACTERS)


def _origin(text: str, read: WrittenDate, language: str) -> str | None:
    """Which form of publication date this is, judged by the line around it."""
    span = read.span
    before = re.split(r"[\r\n]", text[max(0, span.start - _BESIDE_CHARACTERS) : span.start])[-1]
    if len(before) == _BESIDE_CHARACTERS:
        return None
    after = re.split(r"[\r\n]", text[span.end : span.end + _BESIDE_CHARACTERS], maxsplit=1)[0]
    if read.day is not None and _PLACE.fullmatch(before) and _AFTER_DATELINE.match(after):
        return "dateline"
    if _label_pattern(language).fullmatch(before) and (
        before.rstrip().endswith((":", "：")) or not after.strip()
    ):
        return "date line"
    if read.day is None:
        return None
    if read.year is not None and not before.strip(" *_\t（(") and not after.strip(" *_\t）)."):
        return "date line"
    in_chinese = "月" in read.span.of(text)
    if in_chinese and _CHINESE_OPENING.fullmatch(before) and _CHINESE_CLOSING.match(after):
        return "dateline"
    return None


def _stated_outside(source: str | None, html_date: str | None) -> Iterator[DocumentDate]:
    """What the page's metadata and the source's own name say."""
    if html_date and (parsed := parse_date(html_date)):
        yield DocumentDate(*parsed, "published", "html metadata")
    if not source:
        return
    is_url = "://" in source
    path = unquote(urlsplit(source).path) if is_url else source.replace("\\", "/")
    if named := _named_in(path):
        yield DocumentDate(*named, "published", "url" if is_url else "file name")


def _named_in(path: str) -> tuple[int | None, int | None, int | None] | None:
    """Year, month and day that a file's name or its folders give: 20190424, 2019/04/24."""
    name = PurePosixPath(path).name
    if match := _NUMERIC.search(name):
        year, month, day = int(match[1]), int(match[3]), int(match[4])
        return (year, month, day) if _is_possible(year, month, day) else None
    for match in _FOLDERS.finditer(path.lower()):
        named = int(match[2]) if match[2].isdecimal() else month_numbers().get(match[2])
        if named is not None:
            found = int(match[1]), named, int(match[3]) if match[3] else None
            return found if _is_possible(*found) else None
    # "visit-24-april-2019", 2019年4月24日访问: a day in words; a month alone says too little.
    words = capitalised_months(re.sub(r"[-_.]", " ", name))
    days = (written for written in written_dates(words) if written.year and written.day)
    return next(((day.year, day.month, day.day) for day in days), None)


def parse_iso(text: str) -> tuple[date, date]:
    """First and last day meant by YYYY, YYYY-MM or YYYY-MM-DD.

    Raises:
        ValueError: it is no such date.
    """
    parts = re.fullmatch(r"([0-9]{4})(?:-([0-9]+)(?:-([0-9]+))?)?", text)
    if parts is None:
        raise ValueError(f"{text!r} is not YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = (int(part) if part else None for part in parts.groups())
    interval = DocumentDate(year, month, day, "published", "given").interval()
    assert interval is not None
    return interval
