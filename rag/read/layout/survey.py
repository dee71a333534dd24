"""What is known of each line of a plain text before it is read from the first to the last."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from rag.read.layout.columns import Table, tables_of
from rag.read.layout.dialogue import Role, answered_within, is_cue, roles_of
from rag.read.layout.furniture import furniture_of
from rag.read.layout.lines import (
    NO_GAP,
    PAGE,
    REACH,
    Line,
    asks,
    is_rule,
    label_of,
    lines_that_go_on,
    read_lines,
    width,
)
from rag.read.layout.marks import Mark, lead_of, lines_alike, marks_of

_FENCE = re.compile(r"`{3,}|~{3,}")
_BOLD_QUESTION = re.compile(
    r"(\*\*?|__?)(?=[^\s*_])[^*_]+[?？؟](?:\s?\([^)*_]{1,40}\))?\1(?:\s+|$)"
)
_NOTE = re.compile(
    r"([¹²³⁴-⁹]{1,3}|\[\d{1,3}\]|\*{1,3}\)?(?=\s)|[†‡]|\(\d{1,2}\)|\d{1,2}[.)]?\s)\s*(?=\S)"
)
# Several may stand together: [3, 5].
_CITED = re.compile(r"\[\d{1,3}(?:\s?[,;–-]\s?\d{1,3}){0,20}\]")
_MAX_NOTES = 40
_NOTE_REACH = 6000
_QUESTION_WIDTH = 200
_UNDERLINES = "=-~^#*_─━═"


@dataclass(frozen=True, slots=True)
class Survey:
    """The lines of a text, and for some of them, by their numbers, what they are.

    ``goes_on`` tells which only go on with the line before. ``code`` leads to the fence that
    closes it, ``questions`` to where in the line the answer begins (its end: on the next
    line). ``series`` begin alike with a number, ``defined`` define a term. ``records`` are
    the labels that several stanzas begin with; ``shouted`` is whether most is in capitals.
    """

    lines: Sequence[Line]
    goes_on: Sequence[bool]
    furniture: Set[int]
    code: Mapping[int, int]
    tables: Mapping[int, Table]
    roles: Mapping[int, Role]
    marks: Sequence[Mark | None]
    series: Set[int]
    defined: Set[int]
    notes: Set[int]
    questions: Mapping[int, int]
    records: Set[str]
    shouted: bool

    def underlined(self, at: int) -> bool:
        """Whether a rule about as long as the line stands directly below it, and it alone."""
        return _underlined(self.lines, at) and at + 1 not in self.tables


def survey(text: str) -> Survey:
    """What is known of the lines of a text."""
    lines = read_lines(text)
    goes_on = lines_that_go_on(lines)
    cues = {at for at in range(len(lines)) if is_cue(lines, at)}
    furniture = cues | (furniture_of(lines) if lines else set())
    code = _fenced(lines)
    tables = tables_of(lines, furniture | {at for at in code if _FENCE.match(lines[at].text)})
    for first, table in list(tables.items()):
        if first not in code:
            continue
        opens, closes = first - 1, code[first]
        if table.headers and _FENCE.match(lines[opens].text) and table.last + 1 == closes:
            # Fenced only to keep its columns.
            for at in range(first, closes):
                del code[at]
            code |= {opens: opens, closes: closes}
        else:
            del tables[first]
    rows = {at for table in tables.values() for at in range(table.first, table.last + 1)}
    apart = furniture | code.keys() | rows
    roles = roles_of(lines, apart, goes_on)
    marks = [None if at in roles or at in rows else mark for at, mark in enumerate(marks_of(lines))]
    starts = [at not in apart and not goes_on[at] for at in range(len(lines))]
    series, defined = lines_alike(lines, starts, marks)
    return Survey(
        lines=lines,
        goes_on=goes_on,
        furniture=furniture,
        code=code,
        tables=tables,
        roles=roles,
        marks=marks,
        series=series - roles.keys(),
        defined=defined - roles.keys(),
        notes=_notes(text, lines, apart),
        questions=_questions(lines, goes_on, marks, apart | roles.keys()),
        records=_records(lines, roles),
        shouted=sum(line.text.isupper() for line in lines) > max(2, 0.5 * len(lines)),
    )


def _fenced(lines: Sequence[Line]) -> dict[int, int]:
    """The lines of fenced code, each with the fence that closes it."""
    found: dict[int, int] = {}
    opened: int | None = None
    for at, line in enumerate(lines):
        if _FENCE.match(line.text) is None:
            continue
        if opened is None:
            opened = at
        elif line.text.startswith(lines[opened].text[:3]):
            found.update(dict.fromkeys(range(opened, at + 1), at))
            opened = None
    return found


def _records(lines: Sequence[Line], roles: Mapping[int, Role]) -> set[str]:
    """The labels with which records begin, the same in each."""
    first = Counter(
        label
        for at, line in enumerate(lines)
        if line.gap and at not in roles and (label := label_of(line.text))
    )
    return {label for label, times in first.items() if times > 1}


def _notes(text: str, lines: Sequence[Line], apart: Set[int]) -> set[int]:
    """Lines that begin footnotes: below a rule, or with a mark that the text has above."""
    cited: dict[str, int] = {}
    for match in _CITED.finditer(text):
        for number in re.findall(r"\d+", match[0]):
            cited.setdefault(f"[{number}]", match.start())
    found: set[int] = set()
    below = _MAX_NOTES
    for at, line in enumerate(lines):
        if at in apart or at == 0:
            continue
        if is_rule(line.text):
            below = _MAX_NOTES if _underlined(lines, at - 1) else 0
            continue
        note = _NOTE.match(line.text, 0, REACH)
        if line.gap == PAGE or (line.gap and note is None):
            below = _MAX_NOTES
        if note is None:
            continue
        mark = note[1].strip()
        if mark[0] in "¹²³⁴⁵⁶⁷⁸⁹" or cited.get(mark, line.start) < line.start:
            found.add(at)
        elif below < _MAX_NOTES and (mark[0] in "[*†‡" or _refers(text, mark, line.start)):
            found.add(at)
            below += 1
    return found


def _refers(text: str, mark: str, before: int) -> bool:
    """Whether a word or sentence above has the number of a note behind it."""
    near = text[max(0, before - _NOTE_REACH) : before]
    number = rf"[(\[]?{mark.strip('().')}(?:[)\]]|\b)"
    return re.search(rf"(?:[^\W\d_]|[.,;:!?)”\"]){number}", near) is not None


def _underlined(lines: Sequence[Line], at: int) -> bool:
    if not 0 <= at < len(lines) - 1 or lines[at + 1].gap or is_rule(lines[at].text):
        return False
    rule, size = lines[at + 1].text, width(lines[at].text)
    if rule[0] not in _UNDERLINES or rule.strip(rule[0]) or not is_rule(rule):
        return False
    alone = bool(lines[at].gap) or is_rule(lines[at - 1].text)
    return alone and 0.6 * size <= len(rule) <= 1.6 * size + 2


def _stands_alone(line: Line, below: Line, mark: Mark | None, *, wrapped: bool) -> bool:
    """Whether a line that asks is no part of running text: numbered, or below a blank line."""
    if mark is not None or lead_of(line.text):
        return not wrapped or not below.text[0].islower()
    return bool(line.gap) and not wrapped


def _questions(
    lines: Sequence[Line], goes_on: Sequence[bool], marks: Sequence[Mark | None], apart: Set[int]
) -> dict[int, int]:
    """Lines with a question and its answer behind or below it; two of a kind are a pattern."""
    within: dict[int, int] = {}
    bold: dict[int, int] = {}
    below: dict[int, int] = {}
    for at, line in enumerate(lines):
        if at in apart:
            continue
        if end := answered_within(line.text):
            within[at] = end
        elif emphasised := _BOLD_QUESTION.match(line.text, 0, 2 * REACH):
            bold[at] = emphasised.end()
        elif (
            asks(line.text)
            and width(line.text) <= _QUESTION_WIDTH
            and at + 1 < len(lines)
            and lines[at + 1].gap == NO_GAP
            and (marks[at] is None or marks[at + 1] is None)
            and _stands_alone(line, lines[at + 1], marks[at], wrapped=goes_on[at + 1])
        ):
            below[at] = len(line.text)
    return within | (bold if len(bold) > 1 else {}) | (below if len(below) > 1 else {})
