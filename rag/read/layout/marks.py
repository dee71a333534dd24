"""Bullets and numbers that begin lines, and runs of lines that begin alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from rag.read.layout.lines import DEFINED, REACH, Line, ended, stanzas


@dataclass(frozen=True, slots=True)
class Mark:
    """A bullet or number that begins a line.

    ``style`` is alike for the marks of one list; ``path`` are its numbers ("3.2": 3, 2), none
    for a bullet; the words begin at ``end``.
    """

    style: str
    path: tuple[int, ...]
    end: int

    @property
    def value(self) -> int:
        """The last of its numbers; 0 for a bullet."""
        return self.path[-1] if self.path else 0


_BULLET = re.compile(r"(?:([▲△•●○◦■□◆◇▪▫▶►▸※·・⁃‣✓✔✗✘☐☑☒➤➢★☆♦])\s*|([*+–—-]|\[[ xX✓]?\])\s+)(?=\S)")
_NUMBER = re.compile(
    r"([(（\[【]?)(\d{1,3}(?:\.\d{1,3}){0,4}|[①-⑳]|[一二三四五六七八九十]{1,3}|[ivxlIVXL]{2,6}"
    r"|[^\W\d_])(\.\)|[.．](?!\d)|[)）\]】、])\s*(?=\S)"
)
_BARE_NUMBER = re.compile(r"()(\d{1,3}(?:\.\d{1,3}){1,4}(?=\s)|[①-⑳])()\s*(?=\S)")
_CHINESE = "一二三四五六七八九十"
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}
# Letters that count in their order.
_LETTERS = (
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдежзиклмнопрстуфхцчшщэюя",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "가나다라마바사아자차카타파하",
    "アイウエオカキクケコサシスセソ",
    "أبجدهوزحطي",
    "甲乙丙丁戊己庚辛壬癸",
)
_NEAR_LINES = 60


def marks_of(lines: Sequence[Line]) -> list[Mark | None]:
    """For each line its bullet or number; a number only where the one before or after is near."""
    found: list[Mark | None] = []
    last: dict[tuple[str, int], tuple[int, Mark]] = {}
    for at, line in enumerate(lines):
        bullet = _BULLET.match(line.text)
        found.append(Mark(bullet[1] or bullet[2][0], (), bullet.end()) if bullet else None)
        for mark in () if bullet else _numbers(line.text):
            deep = len(mark.path) > 1
            same = last.get((mark.style, mark.value))
            if same and at - same[0] == 1 and not deep:
                # One number again and again is a bullet.
                found[at - 1] = found[at] = replace(mark, path=())
            before = last.get((mark.style, 0 if deep else mark.value - 1))
            if before and at - before[0] <= _NEAR_LINES and _follows(before[1].path, mark.path):
                found[before[0]], found[at] = before[1], mark
            last[mark.style, 0 if deep else mark.value] = at, mark
    return found


def _follows(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether the second of two numbers of as many parts may come next: 2.3, and 2.4 or 3.1."""
    if before[:-1] == after[:-1]:
        return 0 < after[-1] - before[-1] <= 3
    return after[-1] == 1 and before[:-1] < after[:-1] and after[-2] - before[-2] <= 3


def _numbers(text: str) -> Iterator[Mark]:
    """What number may begin the text: a letter may count as one of the alphabet or Roman."""
    match = _NUMBER.match(text) or _BARE_NUMBER.match(text)
    if match is None:
        return
    opened, number, closed = match[1], match[2], match[3]
    # A letter and a full stop may be anything; after a letter alone no word goes on.
    if number.isalpha() and closed[:1] == "." and not text[match.end(3) : match.end()]:
        return
    if "." in number:
        path = tuple(map(int, number.split(".")))
        yield Mark(f"{opened}{'1.' * len(path)}{closed}", path, match.end())
        return
    for kind, value in _values(number):
        yield Mark(f"{opened}{kind}{closed}", (value,), match.end())


def _values(number: str) -> Iterator[tuple[str, int]]:
    if number.isdecimal():
        yield "1", int(number)
    elif "①" <= number <= "⑳":
        yield "①", ord(number) - ord("①") + 1
    elif all(letter in _CHINESE for letter in number):
        yield "一", _chinese(number)
    else:
        if all(letter in _ROMAN for letter in number.lower()):
            yield ("i" if number.islower() else "I"), roman(number.lower())
        if len(number) == 1:
            letter = number.lower()
            row = next((row for row in _LETTERS if letter in row), letter)
            kind = row[0].upper() if number.isupper() else row[0]
            yield kind, row.index(letter) + 1


def _chinese(number: str) -> int:
    tens, ten, ones = number.rpartition("十")
    value = (_CHINESE.find(tens) + 1 or 1) * 10 if ten else 0
    return value + _CHINESE.find(ones[:1] or "?") + 1


def roman(number: str) -> int:
    """The value of a Roman number in small letters."""
    digits = [_ROMAN[letter] for letter in number]
    return sum(
        -digit if digit < following else digit
        for digit, following in zip(digits, [*digits[1:], 0], strict=True)
    )


# --- Lines that begin alike ---------------------------------------------------------

_LEAD = re.compile(
    r"(?:\*\*)?(第?)(?:[〇零一二三四五六七八九十百]+|\d+)([条條章节節款項项])"
    r"|(?:\*\*)?([^\W\d]{0,12}[\s§#№(]{0,2})\d+(?:[.:/,]\d+)*(?=[^\w]|[^\W\d]{0,2}\b)"
)


def lead_of(text: str) -> str:
    """The shape of what a line begins with up to its first number; empty without one."""
    match = _LEAD.match(text, 0, REACH)
    return f"{match[1] or match[3] or ''}0{match[2] or ''}" if match else ""


def lines_alike(
    lines: Sequence[Line], starts: Sequence[bool], marks: Sequence[Mark | None]
) -> tuple[set[int], set[int]]:
    """Lines that begin with a number as the next one does, and those that all define a term.

    ``starts`` tells which lines begin something. Where most lines of a stanza begin with a
    number, the others, if they are no sentences, are members of the list as well.
    """
    series: set[int] = set()
    defined: set[int] = set()
    for stanza in stanzas(lines):
        begun = [at for at in stanza if starts[at]]
        leads = {at: "" if marks[at] else lead_of(lines[at].text) for at in begun}
        for shape, run in groupby(begun, leads.__getitem__):
            alike = list(run)
            if shape and len(alike) > 1:
                series.update(alike)
        numbered = [at for at in begun if at in series]
        tail = [at for at in begun if numbered and at >= numbered[0] and not marks[at]]
        if len(numbered) > 2 and len(numbered) >= 0.6 * len(tail):
            series.update(at for at in tail if not ended(lines[at].text))
        terms = {at: _term_of(lines[at].text) for at in begun}
        for shape, run in groupby(begun, terms.__getitem__):
            alike = list(run)
            if shape and len(alike) > 1:
                defined.update(alike)
    return series, defined - series


def _term_of(text: str) -> str:
    """How the term is set that a line defines; empty where it defines none."""
    return ("**" if text.startswith("**") else "-") if DEFINED.match(text, 0, REACH) else ""
