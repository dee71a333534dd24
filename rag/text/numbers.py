"""The numbers that a text writes, in digits, in words or in Chinese numerals, by value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Literal

import text_to_num

from rag.text.tables import language_table
from rag.types import Span

# A smaller number in words is as often an article, a pronoun or a figure of speech.
LEAST_SPELLED = 10
# The languages whose number words text2num reads.
_SPELLED = frozenset(("de", "en", "es", "fr", "it", "nl", "pt"))
_LETTERS = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"[^\W\d_]+|\s+|.")
# Between two words of one number stands " and " at most.
_JOINING_CHARACTERS = 8
# "nineteen sixty-nine", "twenty oh five": a century, then a year of it.
_CENTURIES = range(11, 21)
_CENTURY_GAP = re.compile(r"[ -](oh[ -])?", re.IGNORECASE)

# What groups digits in any language: spaces, and an apostrophe in Switzerland.
_GROUPS = " \u00a0\u202f\u2009'’"
# Groups that can be read in one way only: 12,34,567 of India, 1.234.567, 1.234,5.
_PLAIN_GROUPS = r"""
    (?<!\d)(?<!\d[.,]) [1-9]\d?(?:,\d\d(?=,))++,\d{3} (?:\.\d++)? (?!\d|[.,]\d)
  | (?<!\d)(?<!\d[.,]) \d{1,3} (?P<twice>[.,])\d{3} (?:(?P=twice)\d{3})++
    (?:(?!(?P=twice))[.,]\d++)? (?!\d|[.,]\d)
  | (?<!\d)(?<!\d[.,]) \d{1,3} (?P<once>[.,])\d{3} (?!(?P=once))[.,]\d++ (?!\d|[.,]\d)
"""
# Behind an amount of money a letter is a scale: £1.2m.
_MONEY_SCALES = {"k": 1000, "m": 10**6, "mn": 10**6, "b": 10**9, "bn": 10**9}
_MONEY_SCALE = re.compile(r"(k|mn?|bn?)(?![^\W_])", re.IGNORECASE)
_CURRENCY = re.compile(r"(?:[$€£¥₤₩₪₫₱₹₺₽]|(?<![^\W_])[A-Z]{3}[ \xa0])[ \xa0]?-?$")
_FRACTION = re.compile("[ \xa0]?([¼-¾⅐-⅞])")
# II to XXXIX. One letter is a Roman numeral as seldom as not.
_ROMAN = re.compile(r"(?<![^\W_])(?=[IVX]{2})(X{0,3}(?:IX|IV|V?I{0,3}))(th|st|nd|rd)?(?![^\W_])")
_ROMAN_ONES = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")

_CHINESE_DIGITS = "〇零一二三四五六七八九两兩"
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "萬": 10**4} | dict.fromkeys(
    "亿億", 10**8
)
_UNITS = "".join(_CHINESE_UNITS)
_CHINESE = re.compile(
    rf"[{_CHINESE_DIGITS}十廿][{_CHINESE_DIGITS}{_UNITS}]{{0,24}}"
    rf"(?:点[{_CHINESE_DIGITS}]{{1,9}}(?![{_UNITS}分]))?"
)
# Of two or three digits in a row each stands for itself: 三四 is three or four.
_ONE_OR_OTHER = re.compile(rf"[{_CHINESE_DIGITS[2:]}]{{2,3}}")
_CHINESE_SCALE = re.compile(rf"[ ]?([{_UNITS}]{{1,3}})")
_BEFORE_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number as a text writes it.

    ``span`` is in code points of the text, with the sign, the scale ("35 million") and
    what makes it a percentage. ``value`` is what they say together; for 35 % it is 35, and
    ``percent`` is set. ``ordinal``: it counts places (21st, 第三), not things.
    """

    span: Span
    value: Decimal
    form: Literal["digits", "words", "chinese"]
    ordinal: bool = False
    percent: bool = False

    @property
    def plain(self) -> str:
        """The value in ASCII digits, one for all ways of writing it: "2500000", "35.5"."""
        written = f"{self.value:f}"
        return written.rstrip("0").rstrip(".") if "." in written else written


@lru_cache(maxsize=256)  # a sentence is read for its numbers, its percentages and its figures
def find_numbers(text: str, language: str = "en") -> tuple[WrittenNumber, ...]:
    """The numbers of ``text`` in reading order; none overlaps another.

    Digits with the separators of ``language`` (2,500.5 in English, 2.500,5 in German),
    signs and percentages; words of the languages that text2num knows
    (English for another), years in two parts (nineteen sixty-nine) too; Chinese numerals.
    Dates and designators (2019-04-24, 1.2.3) give the numbers that they are made of; Roman
    numerals count only with an ordinal's ending (XIVth).
    """
    reader = _reader(language)
    found = [*reader.in_digits(text), *reader.in_words(text), *_in_chinese(text)]
    found += (number for number in _in_roman(text) if number.ordinal)
    found.sort(key=lambda number: (number.span.start, -number.span.end))
    numbers: list[WrittenNumber] = []
    for number in _years_joined(text, found):
        # The scale of the number before is found as a number too.
        if not numbers or number.span.start >= numbers[-1].span.end:
            numbers.append(reader.completed(text, number))
    return tuple(numbers)


def number_values(text: str, language: str = "en", *, roman: bool = False) -> frozenset[str]:
    """The numbers of ``text`` as `WrittenNumber.plain` has them, those in words from ten on.

    With ``roman``, also those of Roman numerals: of what may hold a number, not of what asks
    for one, since a text writes World War II in words as well.
    """
    numbers = [*find_numbers(text, language), *(_in_roman(text) if roman else ())]
    return frozenset(
        number.plain
        for number in numbers
        if number.form == "digits" or number.value >= LEAST_SPELLED
    )


def read_number(text: str, language: str = "en") -> Decimal | None:
    """The value of the one number that ``text`` consists of, None where it is anything else."""
    found = find_numbers(text, language)
    whole = len(found) == 1 and found[0].span == Span(0, len(text))
    return found[0].value if whole else None


@cache
def _reader(language: str) -> _Reader:
    return _Reader(language)


class _Reader:
    """Reads the numbers of one language, by its table and text2num."""

    def __init__(self, language: str) -> None:
        self._language = language if language in _SPELLED else "en"
        self._words = words = language_table(language).numbers
        decimal = re.escape(words.decimal)
        group = re.escape(words.group) + _GROUPS
        self._mark = re.compile(f"[{group}]")
        self._digits = re.compile(
            rf"""(?=\d)
            (?P<number>
                (?P<plain>{_PLAIN_GROUPS})
              | (?<!\d)(?<!\d[{group}{decimal}]) (?!0\d)\d{{1,3}}(?P<mark>[{group}])\d{{3}}
                (?:(?P=mark)\d{{3}})*+ (?:{decimal}\d++)? (?!\d)(?![{group}{decimal}]\d)
              | (?<!\d)(?<!\d[.,]) \d++{decimal}\d++ (?![.,]\d)
              | \d++ )
              (?P<place>(?:st|nd|rd|th)(?![^\W_]))?
            """,
            re.VERBOSE | re.IGNORECASE,
        )
        scale = _any_of(words.scales)
        self._scale = re.compile(rf"[ \xa0-]?({scale})(?![^\W\d_])", re.IGNORECASE)
        self._and_a_half = re.compile(rf"\s{_any_of(words.and_a_half)}(?![^\W_])", re.IGNORECASE)
        self._one_of_scale = re.compile(
            rf"(?<![^\W_])(?:(?:(?P<half>{_any_of(words.half_of)})|{_any_of(words.article)})[ -]"
            rf"(?P<scale>{scale})|(?P<alone>{_any_of(words.alone)}))(?![^\W\d_])",
            re.IGNORECASE,
        )
        percent = rf"\s?[%％]|[\s-]{_any_of(words.percent)}(?![^\W_])"
        self._percent = re.compile(percent, re.IGNORECASE)
        minus = rf"(?:^|(?<=[\s(（]))(?:[-−]|{_any_of(words.minus)}\s)$|负$"
        self._minus = re.compile(minus, re.IGNORECASE)

    def in_digits(self, text: str) -> Iterator[WrittenNumber]:
        for match in self._digits.finditer(text):
            if match["plain"]:
                digits = _without_marks(match["plain"])
            else:
                digits = self._mark.sub("", match["number"]).replace(self._words.decimal, ".")
            span = Span(*match.span())
            yield WrittenNumber(span, Decimal(digits), "digits", bool(match["place"]))

    def in_words(self, text: str) -> Iterator[WrittenNumber]:
        # Few texts have any: told by the set of words, which is faster than by matches.
        words = set(_LETTERS.findall(text.lower()))
        spelled = {word for word in words if _is_number_word(word, self._language)}
        numbers = list(self._spelled(text, spelled)) if spelled else []
        yield from numbers
        if words.isdisjoint(self._words.scales):
            return
        for match in self._one_of_scale.finditer(text):
            span = Span(*match.span())
            # Of "a hundred and five" text2num has read the rest too.
            if not any(n.span.overlaps(span) and n.span.end > span.end for n in numbers):
                value = Decimal(self._words.scales[(match["scale"] or match["alone"]).lower()])
                yield WrittenNumber(span, value / (2 if match["half"] else 1), "words")

    def _spelled(self, text: str, spelled: set[str]) -> Iterator[WrittenNumber]:
        for stretch in _stretches(text, spelled):
            matches = list(_TOKEN.finditer(text, stretch.start, stretch.end))
            tokens = [_Token(match[0]) for match in matches]
            for number in text_to_num.find_numbers(tokens, self._language, threshold=0):
                span = Span(matches[number.start].start(), matches[number.end - 1].end())
                if span.of(text).lower() not in self._words.scales:
                    value = Decimal(str(number.value))
                    yield WrittenNumber(span, value, "words", number.is_ordinal)

    def completed(self, text: str, number: WrittenNumber) -> WrittenNumber:
        """The number with what stands before and after it: sign, scale, percent."""
        start, end, value = number.span.start, number.span.end, number.value
        ordinal, percent = number.ordinal, False
        before = text[max(0, start - _BEFORE_CHARACTERS) : start]
        if number.form == "digits" and (fraction := _FRACTION.match(text, end)):
            value, end = value + Decimal(str(unicodedata.numeric(fraction[1]))), fraction.end()
        if half := self._and_a_half.match(text, end):
            value, end = value + Decimal("0.5"), half.end()
        while scale := self._scale.match(text, end):
            value, end = value * self._words.scales[scale[1].lower()], scale.end()
        if (scale := _MONEY_SCALE.match(text, end)) and _CURRENCY.search(before):
            value, end = value * _MONEY_SCALES[scale[1].lower()], scale.end()
        if number.form == "digits" and (scale := _CHINESE_SCALE.match(text, end)):
            for unit in scale[1]:
                value *= _CHINESE_UNITS[unit]
            end = scale.end()
        if sign := self._percent.match(text, end):
            percent, end = True, sign.end()
        if before.endswith("百分之"):
            percent, start = True, start - len("百分之")
        elif before.endswith("第"):
            ordinal, start = True, start - 1
        elif (minus := self._minus.search(before)) and (
            # Not the dash of a range: 10 -5.
            not before[: minus.start()].rstrip()[-1:].isdigit()
        ):
            value, start = -value, start - len(minus[0])
        return WrittenNumber(Span(start, end), value, number.form, ordinal, percent)


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first; one that matches nothing for none."""
    longest_first = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first))})" if longest_first else "(?!)"


def _without_marks(digits: str) -> str:
    """A figure whose groups tell themselves, with nothing but a decimal point."""
    marks = [character for character in digits if not character.isdigit()]
    if marks[-1] in marks[:-1]:
        return re.sub(r"\D", "", digits)
    whole, _, decimals = digits.rpartition(marks[-1])
    return re.sub(r"\D", "", whole) + "." + decimals


# --- Roman numerals ---------------------------------------------------------------


def _in_roman(text: str) -> Iterator[WrittenNumber]:
    for match in _ROMAN.finditer(text):
        value = roman_value(match[1])
        if value is not None:
            yield WrittenNumber(Span(*match.span()), Decimal(value), "digits", bool(match[2]))


def roman_value(numeral: str) -> int | None:
    """What a Roman numeral in capitals counts, from II to XXXIX; None for anything else."""
    if not _ROMAN.fullmatch(numeral):
        return None
    ones = numeral.lstrip("X")
    if numeral.endswith("IX"):
        ones = "IX"
    tens = len(numeral) - len(ones)
    return 10 * tens + _ROMAN_ONES.index(ones)


def roman_numeral(value: int) -> str:
    """A number from 1 to 39 as a Roman numeral in capitals."""
    return "X" * (value // 10) + _ROMAN_ONES[value % 10]


# --- Words ------------------------------------------------------------------------


class _Token(str):
    """A word or what stands between two, in the form in which text2num takes them."""

    __slots__ = ()

    def text(self) -> str:
        return str(self)

    def nt_separated(self, previous: object) -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return False


@lru_cache(maxsize=1 << 16)
def _is_number_word(word: str, language: str) -> bool:
    # text2num takes the letter o for zero, and "the ones" for one.
    if len(word) == 1 or (language == "en" and word.endswith("s")):
        return False
    return bool(text_to_num.find_numbers([_Token(word)], language, threshold=0))


def _stretches(text: str, spelled: set[str]) -> list[Span]:
    """Where number words stand, with what joins them."""
    found: list[Span] = []
    for match in _LETTERS.finditer(text):
        if match[0].lower() in spelled:
            start = match.start()
            if found and start - found[-1].end <= _JOINING_CHARACTERS:
                start = found.pop().start
            found.append(Span(start, match.end()))
    return found


def _years_joined(text: str, numbers: Iterable[WrittenNumber]) -> list[WrittenNumber]:
    """The numbers, a century in words and the year of it in words made one."""
    joined: list[WrittenNumber] = []
    for number in numbers:
        if joined and (year := _year(text, joined[-1], number)):
            joined[-1] = year
        else:
            joined.append(number)
    return joined


def _year(text: str, century: WrittenNumber, number: WrittenNumber) -> WrittenNumber | None:
    both = (century, number)
    if any(n.form != "words" or n.ordinal for n in both) or century.value not in _CENTURIES:
        return None
    gap = _CENTURY_GAP.fullmatch(text, century.span.end, number.span.start)
    if gap is None or number.value not in (range(1, 10) if gap[1] else range(10, 100)):
        return None
    span = Span(century.span.start, number.span.end)
    return WrittenNumber(span, 100 * century.value + number.value, "words")


# --- Chinese numerals ---------------------------------------------------------------


def _in_chinese(text: str) -> Iterator[WrittenNumber]:
    for match in _CHINESE.finditer(text):
        value = _chinese_value(match[0])
        if value is not None:
            yield WrittenNumber(Span(*match.span()), value, "chinese")


@lru_cache(maxsize=1 << 12)
def _chinese_value(numeral: str) -> Decimal | None:
    if _ONE_OR_OTHER.fullmatch(numeral):
        return None
    from cn2an import cn2an  # takes a tenth of a second to import

    try:
        return Decimal(str(cn2an(numeral, "normal")))
    except ValueError:
        return None  # 十二三 and 三四百 are about so many
