"""The same word written otherwise, by rule: what a lexical query looks for besides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["joined_words", "same_words", "written_numbers"]

# --- British and American spelling ---

_PAIRS = (
    "analogue analog|catalogue catalog|dialogue dialog|centre center|theatre theater|metre meter|"
    "litre liter|fibre fiber|calibre caliber|sombre somber|lustre luster|spectre specter|"
    "kilometre kilometer|centimetre centimeter|millimetre millimeter|"
    "defence defense|offence offense|licence license|practise practice|pretence pretense|"
    "programme program|cheque check|grey gray|tyre tire|aluminium aluminum|storey story|"
    "plough plow|sceptical skeptical|sulphur sulfur|mould mold|moult molt|jewellery jewelry|"
    "manoeuvre maneuver|encyclopaedia encyclopedia|paediatric pediatric|anaemia anemia|"
    "leukaemia leukemia|haemoglobin hemoglobin|oesophagus esophagus|oestrogen estrogen|"
    "foetus fetus|diarrhoea diarrhea|tumour tumor|ageing aging|judgement judgment"
)
_OTHER: dict[str, str] = {}
for _pair in _PAIRS.split("|"):
    _british, _american = _pair.split()
    for _ending in ("", "s", "d"):
        _OTHER[_british + _ending] = _american + _ending
        _OTHER[_american + _ending] = _british + _ending
# A rule may make what is no word (raize); it is then in no passage.
_ENDINGS = (
    (re.compile(r"is(e[ds]?|ers?|ing|ations?|ational|able)$"), r"iz\1"),
    (re.compile(r"iz(e[ds]?|ers?|ing|ations?|ational|able)$"), r"is\1"),
    (re.compile(r"ys(e[ds]?|ers?|ing)$"), r"yz\1"),
    (re.compile(r"yz(e[ds]?|ers?|ing)$"), r"ys\1"),
    (re.compile(r"our(s|ed|ing|able|ite|ites|hood|hoods)?$"), r"or\1"),
    (re.compile(r"or(s|ed|ing|able|ite|ites|hood|hoods)?$"), r"our\1"),
    (re.compile(r"(?<=[aeiou])ll(ed|ing|ers?)$"), r"l\1"),
    (re.compile(r"(?<=[aeiou])l(ed|ing|ers?)$"), r"ll\1"),
)
_SHORTEST_BY_RULE = 5


def same_words(word: str) -> list[str]:
    """The word as the other side of the Atlantic writes it; usually nothing."""
    if word in _OTHER:
        return [_OTHER[word]]
    if len(word) < _SHORTEST_BY_RULE or not word.isascii():
        return []
    return [ending.sub(other, word) for ending, other in _ENDINGS if ending.search(word)]


# --- Numbers in words ---

_UNDER_TWENTY = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen",
)
_TENFOLD = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
_UNITS = {word: value for value, word in enumerate(_UNDER_TWENTY)}
_TENS = {word: 10 * value for value, word in enumerate(_TENFOLD, start=2)}
_SCALES = {"hundred": 100, "thousand": 1000}


def written_numbers(words: Sequence[str]) -> list[str]:
    """Numbers of 10 and more that stand in words, as digits: "super bowl fifty" gives 50.

    Years in two parts as well: "nineteen sixty nine" gives 1969.
    """
    found: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if word in _UNITS or word in _TENS or (word in _SCALES and run):
            run.append(word)
        else:
            found += [str(value) for value in (_number(run),) if value is not None and value >= 10]
            run = []
    return found


def _number(run: Sequence[str]) -> int | None:
    """What number words say together; None where they are no one number."""
    total, group = 0, 0
    groups: list[int] = []
    for word in run:
        if word in _SCALES:
            total, group = total + max(group, 1) * _SCALES[word], 0
        elif word in _UNITS and group % 10 == 0 and (group == 0 or _UNITS[word] < 10):
            group += _UNITS[word]
        elif group:
            groups, group = [*groups, group], _UNITS.get(word) or _TENS.get(word, 0)
        else:
            group = _TENS.get(word, 0)
    if not groups:
        return total + group if run else None
    # "nineteen sixty nine": a century and its year.
    return 100 * groups[0] + group if len(groups) == 1 and not total and group >= 10 else None


# --- Words parted by mistake ---

_SHORTEST_JOINED = 6


def joined_words(words: Sequence[str]) -> list[str]:
    """Neighbours written as one: "basket ball" gives basketball (and no word at all often)."""
    return [
        one + other
        for one, other in pairwise(words)
        if one.isalpha() and other.isalpha() and len(one + other) >= _SHORTEST_JOINED
    ]
