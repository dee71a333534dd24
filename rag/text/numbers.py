"""The numbers a text gives, by value: 2,500, two million, 3 per cent, 三千万."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Figure", "find_figures"]

_UP_TO_NINETEEN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_BY_TEN = "twenty thirty forty fifty sixty seventy eighty ninety"
_IN_ORDER = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ONES = {word: value for value, word in enumerate(_UP_TO_NINETEEN.split())}
_TENS = {word: 10 * value for value, word in enumerate(_BY_TEN.split(), start=2)}
_ORDINALS = {word: value for value, word in enumerate(_IN_ORDER.split(), start=1)}
_SCALES = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_SHORT_SCALES = {"k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12}
_CHINESE_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "俩": 2}
_CHINESE_TENS = {"十": 10, "百": 100, "千": 1000}
_CHINESE_SCALES = {"万": 10**4, "亿": 10**8}
_CURRENCIES = {
    "$": "usd",
    "dollar": "usd",
    "usd": "usd",
    "美元": "usd",
    "€": "eur",
    "euro": "eur",
    "eur": "eur",
    "欧元": "eur",
    "£": "gbp",
    "pound": "gbp",
    "gbp": "gbp",
    "英镑": "gbp",
    "yuan": "cny",
    "renminbi": "cny",
    "rmb": "cny",
    "cny": "cny",
    "人民币": "cny",
}
_SPELLED = "|".join(sorted((*_ONES, *_TENS, *_SCALES), key=len, reverse=True))
_DIGITS = r"(?<!\d)(?P<digits>\d{1,3}(?:,\d{3})++(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)*+)"
_FIGURE = re.compile(
    rf"""
    (?P<hundredths> 百分之)? (?: (?P<currency> [$€£]) \s? )?
    (?:
      {_DIGITS}
      (?: [\s-]? (?P<scale> hundred | thousand | million | billion | trillion)s? \b
        | (?P<short> mn | bn | tn | k | m | b)(?![\w])
        | \s? (?P<chinese_scale> [百千万亿]{{1,2}}) )?
      (?P<tail> st\b | nd\b | rd\b | th\b | 's\b | s\b)?
    | \b (?P<spelled> (?: {_SPELLED}) (?: [\s-]+ (?:and\s+)? (?: {_SPELLED}))*+) \b
    | \b (?P<ordinal> {"|".join(_ORDINALS)}) \b
    | (?P<chinese> [〇零一二两三四五六七八九十百千万亿]+)
    )
    (?: (?P<percent> \s?% | [\s-]?per[ ]?cent\b | [\s-]percentage[ ]points?\b)
      | \s? (?P<unit> (?:us\s)?dollars? | euros? | pounds? | yuan | renminbi | usd | eur | gbp
                    | rmb | cny)\b
      | \s? (?P<chinese_unit> 美元 | 欧元 | 英镑 | 人民币)
    )?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_RANGE = re.compile(r"\s?(?:-|to|and|or|at|至|到)\s?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as written, and the values it may have ("5m": 5 metres or 5 million).

    ``kind`` is "%", a currency code or "". ``decade`` is whether it names ten years
    (1990s). ``idle`` numbers (one of them, first of all) say too little for a claim to
    depend on them. ``start`` and ``end`` are offsets in the text searched.
    """

    text: str
    values: frozenset[Decimal]
    kind: str
    decade: bool
    idle: bool
    start: int
    end: int

    @property
    def year(self) -> int | None:
        """The year it may be, None where it cannot be one."""
        [value, *rest] = sorted(self.values)
        plain = self.text.isdecimal() or self.decade
        is_year = plain and not rest and not self.kind and 1000 <= value <= 2199
        return int(value) if is_year else None

    def agrees(self, other: Figure) -> bool:
        """Whether the two may be the same number of the same thing."""
        if self.values.isdisjoint(other.values):
            return False
        if self.kind == other.kind:
            return True
        # "5 million" of a list whose currency stands elsewhere; never "3" for "3%".
        return "%" not in (self.kind, other.kind) and "" in (self.kind, other.kind)


_FOLDED = str.maketrans("ıſ", "is")


def find_figures(text: str) -> list[Figure]:
    """The numbers of ``text`` in reading order; ``text`` is in Unicode NFKC."""
    # Two letters match i and s where case is ignored, but no word of the lists has them.
    text = text.translate(_FOLDED)
    found = list(_figures(text))
    # "between 3 and 5 per cent": the first has its unit from the second.
    for index in range(len(found) - 1, 0, -1):
        one, other = found[index - 1], found[index]
        if other.kind and not one.kind and _RANGE.fullmatch(text, one.end, other.start):
            found[index - 1] = Figure(
                one.text, one.values, other.kind, one.decade, one.idle, one.start, one.end
            )
    return found


def _figures(text: str) -> Iterator[Figure]:
    for match in _FIGURE.finditer(text):
        values = [Decimal(value) for value in _values(match)]
        if not values:
            continue
        tail = (match["tail"] or "").lower()
        lone = match["chinese"] is not None and len(match["chinese"]) == 1
        yield Figure(
            text=match[0].strip(),
            values=frozenset(values),
            kind=_kind(match),
            decade=tail in ("s", "'s") and (match["digits"] or "").endswith("0"),
            idle=match[0].strip().lower() in ("one", "zero", "first", "second") or lone,
            start=match.start(),
            end=match.end(),
        )


def _kind(match: re.Match[str]) -> str:
    if match["hundredths"] or match["percent"]:
        return "%"
    unit = match["currency"] or match["unit"] or match["chinese_unit"] or ""
    return _CURRENCIES.get(unit.lower().removeprefix("us").strip().removesuffix("s"), "")


def _values(match: re.Match[str]) -> list[Decimal | int]:
    if match["digits"]:
        return _values_of_digits(match)
    if match["spelled"]:
        return [_spelled(match["spelled"])]
    if match["ordinal"]:
        return [_ORDINALS[match["ordinal"].lower()]]
    return [_chinese(match["chinese"])]


def _values_of_digits(match: re.Match[str]) -> list[Decimal | int]:
    digits = match["digits"].replace(",", "")
    if digits.count(".") > 1:
        # A version or a date with dots: equal to itself and to no number.
        return [Decimal("-" + digits.replace(".", "00"))]
    value = Decimal(digits)
    if match["scale"]:
        return [value * _SCALES[match["scale"].lower()]]
    if match["short"]:
        return [value, value * _SHORT_SCALES[match["short"].lower()]]
    for scale in match["chinese_scale"] or "":
        value *= (_CHINESE_TENS | _CHINESE_SCALES)[scale]
    return [value]


def _spelled(words: str) -> int:
    total = current = 0
    for word in re.findall(r"[a-z]+", words.lower()):
        if word in _ONES or word in _TENS:
            current += _ONES.get(word, 0) + _TENS.get(word, 0)
        elif word in ("hundred", "dozen"):
            current = (current or 1) * _SCALES[word]
        elif word in _SCALES:
            total += (current or 1) * _SCALES[word]
            current = 0
    return total + current


def _chinese(numeral: str) -> Decimal | int:
    """三千五百万: 35,000,000; without units, as digits: 二〇一九 is 2019."""
    if not any(c in _CHINESE_TENS or c in _CHINESE_SCALES for c in numeral):
        return Decimal("".join(str(_CHINESE_DIGITS[c]) for c in numeral))
    total = section = digit = 0
    for character in numeral:
        if character in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[character]
        elif character in _CHINESE_TENS:
            section += (digit or 1) * _CHINESE_TENS[character]
            digit = 0
        else:
            total = (total + section + digit or 1) * _CHINESE_SCALES[character]
            section = digit = 0
    return total + section + digit
