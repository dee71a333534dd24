"""Questions with answers, and what speakers say in turn, told by labels that alternate."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from rag.read.layout.lines import BLANK, NO_GAP, REACH, Line, asks, ended, width

# An asker is a speaker who mostly asks.
Role = Literal["question", "answer", "speaker", "asker"]

_TIME = r"[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?[\])]?"
_DAY = r"[\[(]?\d{1,4}[./-]\d{1,2}[./-]\d{1,4},?\s"
_LABEL = re.compile(
    rf"(?:(?:{_DAY})?{_TIME}\s*[-–—]?\s*)?(?:[-–—]\s+)?(?:\*\*|__|\*)?([^\W_][^:：?!。！？]{{0,39}}?)"
    r"\s*(?:[(（\[][^)）\]]{0,30}[)）\]]\s*)?(?:\*\*|__|\*)?"
    r"(?:([:：])|(?<=^[^\W\d_])\.(?=\s)|(?<=^[^\W\d_]\d)\.(?=\s))(?:\*\*|__|\*)?(?=\s|$|(?<=：))"
)
# With where on the screen. A dash between times is of a programme or of opening hours.
CUE = re.compile(rf"{_TIME}\s*-->\s*{_TIME}(?:\s+\w{{1,20}}:\S{{1,20}}){{0,8}}")
_STAMPED = re.compile(rf"(?:{_TIME}\s+)?([^\W\d_][^:：?!.,]{{0,39}}?)(?:\s+{_TIME})?")
_DIGITS = re.compile(r"[\d\s.#№]+")
_SHORT_LABEL = 3
# What longer labels say a question is: names do not.
_QUESTIONS = frozenset(
    [
        "question",
        "frage",
        "pregunta",
        "domanda",
        "pergunta",
        "vraag",
        "вопрос",
        "soru",
        "سؤال",
        "שאלה",
        "प्रश्न",
        "सवाल",
        "質問",
        "提问",
        "問題",
        "问题",
        "질문",
    ]
)
_MAX_WORDS = 4


@dataclass(frozen=True, slots=True)
class _Said:
    """A labelled line: its label without numbers, and how what is said ends."""

    at: int
    label: str
    shown: str
    asks: bool
    ended: bool


def roles_of(lines: Sequence[Line], skip: set[int], broken: Sequence[bool]) -> dict[int, Role]:
    """The lines with which a question, an answer or a speaker's turn begins.

    Lines in ``skip``, and those that only go on with the one before (``broken``), begin none.
    """
    said = _labelled(lines, skip, broken)
    roles = _questions_and_answers(said)
    roles |= _speakers(lines, [each for each in said if each.at not in roles])
    return roles or _stamped(lines, skip)


def _labelled(lines: Sequence[Line], skip: set[int], broken: Sequence[bool]) -> list[_Said]:
    labels: list[tuple[int, str]] = []
    for at, line in enumerate(lines):
        match = None if at in skip or broken[at] else _LABEL.match(line.text, 0, REACH)
        if match is not None and len(match[1].split()) <= _MAX_WORDS:
            labels.append((at, match[1]))
    found: list[_Said] = []
    for (at, label), (then, _) in pairwise([*labels, (len(lines), "")]):
        last = at
        while last + 1 < then and lines[last + 1].gap == NO_GAP and last + 1 not in skip:
            last += 1
        text = lines[last].text
        found.append(_Said(at, _DIGITS.sub("", label).casefold(), label, asks(text), ended(text)))
    return found


def _questions_and_answers(said: Sequence[_Said]) -> dict[int, Role]:
    """Two short labels in turn, the first of which asks: Q and A in any language.

    Longer labels do when they are numbered ("Question 1"), since names are not.
    """
    followed: defaultdict[str, Counter[str]] = defaultdict(Counter)
    asking: Counter[str] = Counter()
    for one, other in pairwise(said):
        if one.label != other.label:
            followed[one.label][other.label] += 1
            asking[one.label] += one.asks
    numbered = {each.label for each in said if any(map(str.isdecimal, each.shown))}
    for label, after in followed.items():
        answer, times = after.most_common(1)[0]
        total = after.total()
        short = max(width(label), width(answer)) <= _SHORT_LABEL or label in _QUESTIONS
        short = short or (label in numbered and total > 1)
        if short and asking[label] >= max(1, 0.5 * total) and times >= 0.7 * total:
            return {
                each.at: "question" if each.label == label else "answer"
                for each in said
                if each.label in (label, answer)
            }
    return {}


def _speakers(lines: Sequence[Line], said: Sequence[_Said]) -> dict[int, Role]:
    """Labels that come back in another order than the fields of records do."""
    said = [replace(each, label=each.shown.casefold()) for each in said]
    counts = Counter(each.label for each in said)
    again = [each for each in said if counts[each.label] > 1]
    if not again:
        return {}
    inside = [each for each in said if again[0].at <= each.at <= again[-1].at + 6]
    named = [each for each in inside if counts[each.label] > 1 or _is_name(each.shown)]
    answered = sum(one.asks and one.label != other.label for one, other in pairwise(named))
    prompted = sum(each.at > 0 and asks(lines[each.at - 1].text) for each in again)
    labels = {each.label for each in named}
    talk = (
        (len(named) > 2 and len(labels) > 1 and answered)
        or (len(labels) == 1 and prompted > 1)
        or _converse(named, labels)
    )
    if not talk:
        return {}
    turns = Counter(each.label for each in named)
    asked = Counter(each.label for each in named if each.asks)
    askers = {label for label in labels if 2 * asked[label] > turns[label]}
    return {each.at: "asker" if each.label in askers else "speaker" for each in named}


def _is_name(label: str) -> bool:
    """Whether no word begins small, as far as the script has small letters."""
    return all(not word[0].islower() for word in label.split())


def _converse(said: Sequence[_Said], labels: set[str]) -> bool:
    """Whether few labels, in no fixed order, begin sentences."""
    if len(said) < 4 or not 2 <= len(labels) <= len(said) / 2:
        return False
    if sum(each.ended for each in said) < 0.7 * len(said):
        return False
    after = defaultdict(set)
    for one, other in pairwise(said):
        after[one.label].add(other.label)
    capitals = all(each.shown.isupper() and len(each.shown) > 1 for each in said)
    return capitals or any(len(others) > 1 for others in after.values())


def _stamped(lines: Sequence[Line], skip: set[int]) -> dict[int, Role]:
    """Names with a time on lines of their own, above what is said."""
    found: list[tuple[int, str]] = []
    for at, line in enumerate(lines[:-1]):
        if at in skip or line.gap < BLANK or lines[at + 1].gap or ":" not in line.text:
            continue
        match = _STAMPED.fullmatch(line.text) if len(line.text) <= REACH else None
        if match is not None and match[1] != line.text and _is_name(match[1]):
            found.append((at, match[1]))
    return {at: "speaker" for at, _ in found} if len(found) > 1 else {}


def is_cue(lines: Sequence[Line], at: int) -> bool:
    """Whether the line only says when a subtitle is shown, or counts it."""
    if CUE.fullmatch(lines[at].text):
        return True
    counts = lines[at].text.isdecimal() and at + 1 < len(lines) and not lines[at + 1].gap
    return counts and CUE.fullmatch(lines[at + 1].text) is not None


def answered_within(text: str) -> int:
    """Where the answer begins in a line that holds a question too; 0 for other lines."""
    match = _WITHIN.match(text, 0, 2 * REACH)
    return match.end() if match else 0


_WITHIN = re.compile(
    r"[^\W_]{1,3}\s?[:：.]\s?[^?？؟\s][^?？؟]{0,300}[?？؟][\s　]*(?=[^\W\d_]{1,3}\s?[:：.]\s?\S)"
)


def label_end(text: str) -> int:
    """Where the label of a turn ends that begins the text; 0 where none does."""
    match = _LABEL.match(text, 0, REACH)
    return match.end() if match else 0
