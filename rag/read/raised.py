"""What stands above the line in a page: marks of notes, exponents, ordinals, fractions."""

from __future__ import annotations

import re
from unicodedata import category

# Around what a reader does not see; taken out again when the text is put together.
MARK_START, MARK_END = "\ufdd0", "\ufdd1"

_NUMBERS = re.compile(r"\d{1,3}\)?(?:\s?[,;–-]\s?\d{1,3}\)?)*")
_SYMBOLS = re.compile(r"[*†‡§¶‖#]+")
_BRACKETED = re.compile(r"[\[(].*[\])]", re.DOTALL)
# Letters of notes count from the first; behind a short number or word they are its ending.
_LETTERS = re.compile(r"[a-df](?:\s?,\s?[a-f])*\)?")
_FIGURE_OR_WORD = re.compile(r"\d[\d.,\s]{2,}\d$|[^\W\d_]{3,}[^\W\d_A-Z]$")
# Few prices end otherwise, and a note's mark may stand behind one as well.
_CENTS = re.compile(r"\d[059]")
_EXPONENT = re.compile(r"[+−–-]?\d+|\d*[+−–-]|[a-z]", re.IGNORECASE)
_OPERATOR_BEFORE = re.compile(r"[=+×⋅^<>≤≥≈−]\s?\(?[\w.,]+\)?$")
_OPERATOR_BEHIND = re.compile(r"\s?[=+×⋅^<>≤≥≈−]")
_LAST_NUMBER = re.compile(r"(?<![\d.,])[\d.,]*\d$")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
# Symbols of units that are squared or cubed.
_UNITS = (
    "m",
    "km",
    "cm",
    "mm",
    "dm",
    "nm",
    "µm",
    "μm",
    "in",
    "ft",
    "yd",
    "mi",
    "s",
    "h",
    "min",
    "kg",
    "mol",
    "K",
)
_VARIABLES = frozenset("nxyk")
_SUPERSCRIPTS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_SEEN_BEFORE = 24


def mark(label: str) -> str:
    """The mark of a note as it is written, "[7]", unseen by who reads the sentence."""
    label = " ".join(label.split())
    return f"{MARK_START}{label if _BRACKETED.fullmatch(label) else f'[{label}]'}{MARK_END}"


def raised(text: str, before: str, behind: str) -> str:
    """How raised ``text`` is written in the line, between ``before`` and ``behind``.

    A note's mark is "[7]" between MARK_START and MARK_END, an exponent "^4", that of a unit
    or variable "²", the smaller coins of a price ".99"; ordinals and the like stay as they are.
    """
    if not text or not before or before[-1].isspace():
        return text
    if _BRACKETED.fullmatch(text) or _SYMBOLS.fullmatch(text):
        return mark(text)
    before = before[-_SEEN_BEFORE:]
    if _CENTS.fullmatch(text) and _is_price(before, behind):
        return f".{text}"
    if _LETTERS.fullmatch(text) and _FIGURE_OR_WORD.search(before) and not behind[:1].isalnum():
        return mark(text)
    if _EXPONENT.fullmatch(text) and _is_power(text, before, behind):
        in_line = text.isalpha() or (before[-1].isdigit() and text[-1].isdigit())
        return f"^{text}" if in_line else text.translate(_SUPERSCRIPTS)
    return mark(text) if _NUMBERS.fullmatch(text) else text


def _is_price(before: str, behind: str) -> bool:
    """Whether the number that ``before`` ends with stands beside the sign of a currency."""
    number = _LAST_NUMBER.search(before)
    if number is None:
        return False
    beside = before[: number.start()].rstrip()[-1:] + behind.lstrip()[:1]
    return any(category(sign) == "Sc" for sign in beside)


def _is_power(text: str, before: str, behind: str) -> bool:
    """Whether it is the exponent of the number, unit or variable that ``before`` ends with."""
    in_formula = bool(_OPERATOR_BEFORE.search(before) or _OPERATOR_BEHIND.match(behind))
    if number := _LAST_NUMBER.search(before):
        if text.isalpha():
            return in_formula or text in _VARIABLES
        # A power of ten, one of two or a time; else the mark of a note to a figure.
        return in_formula or number[0] == "10" or (len(number[0]) <= 2 and len(text) == 2)
    word = _LAST_WORD.search(before)
    if word is None:
        return in_formula
    if text.isalpha():
        return len(word[0]) == 1 and (in_formula or text in _VARIABLES)
    return in_formula or len(word[0]) == 1 or word[0] in _UNITS or not text.isdigit()
