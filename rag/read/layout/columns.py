"""Tables in plain text: pipes, tabs, separated values, and columns set with spaces."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

from rag.read.layout.lines import Line, ended, is_rule, leads_in, width
from rag.types import Span

Cells = tuple[Span, ...]
Part = Literal["row", "rest", "label"]
# Words: the columns where each begins and ends, and its offsets in the line.
Placed = list[tuple[int, int, int, int]]

# Wider lines are no rows: what is drawn for readers fits a page.
_MAX_COLUMNS = 400
_GAP = re.compile(r"\s*(?:[.·…_]{3,}|(?:[.·…] ){3,})\s*|\s*\t\s*|\s{2,}|\u3000")
# Whether there is such a gap, tabs aside. It begins with a set, which re looks for quickly.
_GAPPED = re.compile(
    r"[\s.·…_](?:(?<=\s)\s|(?<=\u3000)|(?<=[.·…_])[.·…_]{2}|(?<=[.·…]) (?:[.·…] ){2})"
)
_PIPE = re.compile(r"(?<!\\)[|│║｜]")
_WORD = re.compile(r"\S+")
_TAB, _TABS = re.compile(r"\t"), re.compile(r"\t+")
_CORNERS = "+┌├└╔╠╚"


@dataclass(frozen=True, slots=True)
class Table:
    """A table in lines ``first`` to ``last``, both included.

    ``rows`` are the cells of each line, None where it is a rule; the ``headers`` first of
    them say what the columns are. ``parts`` tells of each line whether it begins a row, goes
    on with the one before, or names the rows below it.
    """

    first: int
    last: int
    rows: tuple[Cells | None, ...]
    headers: int
    parts: tuple[Part, ...]


def tables_of(lines: Sequence[Line], skip: set[int]) -> dict[int, Table]:
    """The tables by their first lines; lines in ``skip`` belong to none."""
    found: dict[int, Table] = {}
    for kind, start, end in _runs(lines, skip):
        # A line above the rows may look like one of them.
        for first in range(start, min(start + _TRIES, end - 1)):
            table = _READERS[kind](lines, first, end)
            if table is not None:
                found[first] = table
                break
    return found


_TRIES = 3


def _runs(lines: Sequence[Line], skip: set[int]) -> Iterator[tuple[str, int, int]]:
    """Runs of lines that are set in the same way, rules between them included."""
    kind, start = "", 0
    for at, line in enumerate(lines):
        here = "" if at in skip else _set_with(line)
        if here == "rule":
            # A frame begins with a rule, other tables never do.
            framed = not kind and line.text[0] in _CORNERS
            here = kind if kind and not line.gap else "|" if framed else ""
        if not here and kind == " " and not line.gap and _joins(lines, start, at):
            here = kind
        if here != kind or line.gap:
            if kind:
                yield kind, start, at
            kind, start = here, at
    if kind:
        yield kind, start, len(lines)


def _joins(lines: Sequence[Line], start: int, at: int) -> bool:
    """Whether a line without gaps belongs to the rows from ``start`` on: it is led to by dots,
    goes on with a cell that begins where it does, or names the rows below it."""
    line, above = lines[at], at - 1
    if _LED.search(line.text):
        return True
    while above > start and not _GAPPED.search(lines[above].text):
        above -= 1
    row = lines[above]
    if line.indent > row.indent:
        begins = (match.end() for match in _GAP.finditer(row.text))
        return line.indent in {row.indent + width(row.text[:end]) for end in begins}
    below = lines[at + 1] if at + 1 < len(lines) else None
    gapped = below is not None and not below.gap and _set_with(below) == " "
    return gapped and width(line.text) <= _LABEL_WIDTH and not line.text.endswith(".")


_LABEL_WIDTH = 40


def _set_with(line: Line) -> str:
    """What parts the cells of a line: a bar, tabs, a semicolon, a comma, spaces; or nothing."""
    text = line.text
    if is_rule(text):
        return "rule"
    if any(bar in text for bar in "|│║｜") and _PIPE.search(text):
        return "|"
    if "\t" in text:
        return "\t"
    if len(text) <= _MAX_COLUMNS and _GAPPED.search(text):
        return " "
    if text.count(";") > 1:
        return ";"
    text = _QUOTED.sub("", text) if '"' in text else text
    return "," if text.count(",") > 1 and ", " not in text else ""


_QUOTED = re.compile(r'"[^"]*"')


# --- Kinds of tables ----------------------------------------------------------------


def _pipes(lines: Sequence[Line], start: int, end: int) -> Table | None:
    rows = [None if is_rule(line.text) else _pipe_cells(line) for line in lines[start:end]]
    framed = all(line.text[0] in "|│║" + _CORNERS for line in lines[start:end])
    widths = Counter(len(row) for row in rows if row is not None)
    usual, times = widths.most_common(1)[0] if widths else (0, 0)
    drawn = framed and (usual > 1 or None in rows)
    if usual == 2 and not framed and None not in rows and "｜" in lines[start].text:
        return None  # labels and values: fields
    return _table(lines, start, rows) if drawn or _usual(usual, times, widths) else None


def _usual(usual: int, times: int, widths: Counter[int]) -> bool:
    return usual > 1 and times > 1 and times >= 0.7 * widths.total()


def _pipe_cells(line: Line) -> Cells:
    edges = [match.start() for match in _PIPE.finditer(line.text)]
    edges = edges if edges[0] == 0 else [-1, *edges]
    edges = edges if edges[-1] == len(line.text) - 1 else [*edges, len(line.text)]
    return tuple(_cell(line, left + 1, right) for left, right in pairwise(edges))


def _tabs(lines: Sequence[Line], start: int, end: int) -> Table | None:
    """Cells between tabs, or between runs of tabs where those bring them into columns."""
    left = min(line.indent for line in lines[start:end])
    for gap in (_TAB, _TABS):
        rows = [
            None if is_rule(line.text) else _blank(line, left, gap) + _split(line, gap)
            for line in lines[start:end]
        ]
        widths = Counter(len(row) for row in rows if row is not None)
        if widths and _usual(*widths.most_common(1)[0], widths):
            return _table(lines, start, rows)
    return None


def _blank(line: Line, left: int, gap: re.Pattern[str]) -> Cells:
    """The empty cells before the tabs that begin a line."""
    return (Span(line.start, line.start),) * ((line.indent - left) // 8 if gap is _TAB else 0)


def _separated(lines: Sequence[Line], start: int, end: int) -> Table | None:
    """Rows as programs write them: three at least, of as many values, none a sentence."""
    mark = _set_with(lines[start])
    rows: list[Cells | None] = []
    for line in lines[start:end]:
        cells = _values(line, mark)
        if len(cells) < 3 or (rows and len(cells) != len(rows[0] or ())) or ended(line.text):
            break
        rows.append(cells)
    return _table(lines, start, rows) if len(rows) > 2 else None


def _values(line: Line, mark: str) -> Cells:
    if '"' not in line.text:
        return _split(line, re.compile(mark))
    try:
        values = next(csv.reader([line.text], delimiter=mark), [])
    except csv.Error:
        return ()
    found: list[Span] = []
    at = 0
    for value in values:
        at = line.text.find(value, at) if '"' not in value else -1
        if at < 0:
            return ()
        found.append(Span(line.start + at, line.start + at + len(value)))
        at += len(value)
    return tuple(found)


def _aligned(lines: Sequence[Line], start: int, end: int) -> Table | None:
    """Columns set with spaces or led to by dots."""
    placed = [None if is_rule(line.text) else _placed(line) for line in lines[start:end]]
    bare = [not (_GAPPED.search(x.text) or _LED.search(x.text)) for x in lines[start:end]]
    inside = [
        (line, words)
        for line, words, alone in zip(lines[start:end], placed, bare, strict=True)
        if words and not alone
    ]
    cuts = _blank_columns(inside) if len(inside) > 1 else None
    if cuts is None:
        return None
    rows = [
        None if not words else _cells_at(line, words, cuts, whole=alone)
        for line, words, alone in zip(lines[start:end], placed, bare, strict=True)
    ]
    if _are_fields(lines[start:end], rows):
        return None
    return _table(lines, start, rows)


def _are_fields(lines: Sequence[Line], rows: Sequence[Cells | None]) -> bool:
    """Whether colons that stand in a column part labels from values."""
    signs = [
        line.text[row[1].start - line.start :][:1]
        for line, row in zip(lines, rows, strict=True)
        if row
    ]
    return sum(sign in (":", "：") for sign in signs) > 0.5 * len(signs)


_READERS = {"|": _pipes, "\t": _tabs, ";": _separated, ",": _separated, " ": _aligned}


# --- Cells --------------------------------------------------------------------------


def _cell(line: Line, start: int, end: int) -> Span:
    """The stretch without the white space around it."""
    part = line.text[start:end]
    bare = part.strip()
    begin = line.start + start + (len(part) - len(part.lstrip()) if bare else 0)
    begin = min(begin, line.end)
    return Span(begin, begin + len(bare))


def _split(line: Line, gap: re.Pattern[str]) -> Cells:
    """The cells between the gaps of a line."""
    edges = [(0, 0), *(match.span() for match in gap.finditer(line.text)), (len(line.text),) * 2]
    return tuple(_cell(line, left, right) for (_, left), (right, _) in pairwise(edges))


def _blank_columns(rows: Sequence[tuple[Line, Placed]]) -> list[int] | None:
    """Where lines are cut that leave the same columns blank; None where they leave none.

    A gap belongs to the table where all lines (of many, all but one) are blank there, and
    where two at least, and a good part of them, go on behind it.
    """
    lines = [line for line, _ in rows]
    placed = [words for _, words in rows]
    ends = [words[-1][1] for words in placed]
    once = twice = 0
    for words in placed:
        used = 0
        for begin, end, _, _ in words:
            used |= ((1 << (end - begin)) - 1) << begin
        twice |= once & used
        once |= used
    blank = ((1 << max(ends)) - 1) & ~(twice if len(lines) >= _MANY else once)
    cuts: list[int] = []
    for match in re.finditer("1+", bin(blank)[:1:-1]):
        cut, left = match.end(), cuts[-1] if cuts else 0
        filled = [any(left <= begin < cut for begin, *_ in words) for words in placed]
        if not any(filled) or sum(end > cut for end in ends) < max(2, 0.4 * len(lines)):
            continue
        if len(match[0]) == 1 and (len(lines) < _FEW or not filled[0] or ends[0] <= cut):
            continue
        if cuts and not filled[0] and sum(filled) < 0.4 * len(lines):
            cuts.pop()  # a long name that reaches over the gap
        cuts.append(cut)
    return cuts if cuts and _regular(lines, placed, cuts) else None


_FEW, _MANY = 4, 8


def _placed(line: Line) -> Placed:
    """The words of a line: columns where each begins and ends, and where in the text."""
    text = line.text
    if text.isascii() and "\t" not in text:
        return [
            (line.indent + match.start(), line.indent + match.end(), match.start(), match.end())
            for match in _WORD.finditer(_without_leaders(text))
        ]
    columns = list(accumulate(map(width, text), initial=line.indent))
    return [
        (columns[match.start()], columns[match.end()], match.start(), match.end())
        for match in _WORD.finditer(_without_leaders(text))
    ]


_LED = re.compile(r"\s[·…]\s")
_LEADERS = re.compile(r"[.·…_]{3,}|(?:(?<=\s)[.·…]\s){3,}|(?<=\s)[.·…](?=\s|$)")


def _without_leaders(text: str) -> str:
    return _LEADERS.sub(lambda match: " " * len(match[0]), text)


def _regular(lines: Sequence[Line], placed: Sequence[Placed], cuts: Sequence[int]) -> bool:
    """Whether the gaps are a table's, and not chance or those between sentences."""
    wide = chance = 0
    for line, words in zip(lines, placed, strict=True):
        gaps = [
            (line.text[end - 1], after - before)
            for (_, before, _, end), (after, _, _, _) in pairwise(words)
            if any(before <= cut <= after for cut in cuts)
        ]
        wide += any(size > 1 and not (size == 2 and mark in ".!?") for mark, size in gaps)
        chance += not gaps
    led = all(_LEADERS.search(line.text) for line in lines)
    enough = 3 if len(cuts) == 1 and not led else 2
    return len(lines) >= enough and wide >= 0.5 * len(lines) and chance <= 0.5 * len(lines)


def _cells_at(line: Line, words: Placed, cuts: Sequence[int], *, whole: bool) -> Cells:
    """The cells of a line; ``whole`` is whether it is but one, where it begins."""
    edges = [0, *cuts, 1 << 30]
    cells: list[Span] = []
    after = 0
    for left, right in pairwise(edges):
        if whole:
            inside = words if left <= words[0][0] < right else []
        else:
            inside = [word for word in words if left <= (word[0] + word[1]) // 2 < right]
        if inside:
            after = inside[-1][3]
            cells.append(Span(line.start + inside[0][2], line.start + after))
        else:
            cells.append(Span(line.start + after, line.start + after))
    return tuple(cells)


# --- Header -------------------------------------------------------------------------


def _table(lines: Sequence[Line], start: int, rows: Sequence[Cells | None]) -> Table | None:
    while rows and rows[-1] is None and not lines[start + len(rows) - 1].text.startswith("+"):
        rows = rows[:-1]
    full = [at for at, row in enumerate(rows) if row is not None]
    if not full:
        return None
    told = [_told(lines[start + at], row) for at, row in enumerate(rows) if row is not None]
    if sum(told) > 0.3 * len(told) and None not in rows:
        return None
    texts = [
        [text.text[cell.start - text.start : cell.end - text.start] for cell in row or ()] or [""]
        for text, row in zip(lines[start : start + len(rows)], rows, strict=True)
    ]
    headers = _headers(texts, full, drawn=_PIPE.search(lines[start].text) is not None)
    parts = tuple(_parts(texts, headers))
    return Table(start, start + len(rows) - 1, tuple(rows), headers, parts)


def _parts(texts: Sequence[Sequence[str]], headers: int) -> Iterator[Part]:
    """What each line of a table is to the rows, those of its head and rules "row"."""
    above: Sequence[str] = ()
    for at, row in enumerate(texts):
        if at < headers or not any(row):
            yield "row"
            above = ()
        elif above and _goes_on(row, above):
            yield "rest"
        elif len(row) > 1 and row[0] and not any(row[1:]) and _names(texts, at):
            yield "label"
            above = ()
        else:
            yield "row"
            above = row


def _goes_on(row: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a line holds the rest of cells of the row above, which were broken."""
    filled = [at for at, cell in enumerate(row) if cell]
    if any(at >= len(above) or not above[at] or _figure(row[at]) for at in filled):
        return False
    if row[0]:
        return len(filled) < len(above) and all(row[at][0].islower() for at in filled)
    return len(above) == 2 or len(filled) < sum(map(bool, above[1:]))


def _names(texts: Sequence[Sequence[str]], at: int) -> bool:
    """Whether a line with nothing but its first cell names the rows that follow."""
    below = texts[at + 1] if at + 1 < len(texts) else []
    return len(texts[at]) > 2 and sum(map(bool, below)) > 1


def _told(line: Line, row: Cells) -> bool:
    """Whether a row is but a number or a time, and behind it several sentences."""
    last = line.text[row[-1].start - line.start :] if row else ""
    return len(row) == 2 and _INNER_END.search(last) is not None


_INNER_END = re.compile(r"[^\W\d_]{2}[.!?]\s+[^\W\d_]|[。！？].")


def _headers(texts: Sequence[Sequence[str]], full: Sequence[int], *, drawn: bool) -> int:
    """How many lines are the head: the first row where a rule parts it from the others or its
    cells are unlike theirs, and a second one of units or of what stands below columns."""
    if len(full) < 2:
        return 0
    first, second = full[:2]
    if second > first + 1:
        return first + 1
    head, body = texts[first], [texts[at] for at in full[1:]]
    more = len(full) > 2 and not any(map(_is_value, body[0]))
    if more and full[2] > second + 1 and len(full) > 3:
        return second + 1
    if not names_columns(head, body, drawn=drawn):
        return 0
    units = not body[0][0] and head[0]
    below = body[0][0] and not head[0] and any(body[0][1:])
    figures = [cell for row in body[1:] for cell in row[1:] if cell]
    return second + 1 if more and (units or (below and _are_figures(figures))) else first + 1


def _is_value(cell: str) -> bool:
    return _figure(cell) and not _YEAR.fullmatch(cell)


def names_columns(
    head: Sequence[str], body: Sequence[Sequence[str]], *, drawn: bool = False
) -> bool:
    """Whether cells name the columns of the rows below, by how they are written.

    Of a table that is ``drawn`` they do unless they hold figures.
    """
    if not head[0] and any(row[0] for row in body):
        return True
    if any(map(_is_value, head)) or leads_in(head[0]):
        return False
    if drawn or len(head) > 2:
        return True
    return is_unlike(head, body) and not (head[0][:1].isupper() and head[-1][:1].islower())


def is_unlike(head: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether cells name columns: one is unlike all below it, or, of few rows, each is.

    One word stands above several, a word above figures, a capital above small letters, or a
    cell above much wider ones; none is as wide as the widest below it.
    """
    columns = [[row[at] for row in body if at < len(row) and row[at]] for at in range(len(head))]
    pairs = [(cell, below) for cell, below in zip(head, columns, strict=True) if below]
    if any(not cell for cell, _ in pairs):
        return False
    if any(_are_figures(below) for _, below in pairs):
        return True
    if all(width(cell) <= min(map(width, below)) for cell, below in pairs) and len(body) > 2:
        return True
    unlike = sum(_differs(cell, below) for cell, below in pairs)
    wide = any(width(cell) > max(map(width, below)) for cell, below in pairs)
    return unlike >= (1 if len(body) > 2 else len(pairs)) and not wide


def _are_figures(cells: Sequence[str]) -> bool:
    return sum(map(_figure, cells)) > 0.5 * len(cells)


def _differs(cell: str, below: Sequence[str]) -> bool:
    """Whether a cell is set unlike all those below it."""
    if " " not in cell and all(" " in other for other in below):
        return True
    if cell[0].isupper() and all(other[0].islower() for other in below):
        return True
    return 3 * width(cell) <= 2 * min(map(width, below))


def _figure(cell: str) -> bool:
    """Whether the cell holds a figure, behind a sign or a currency at most."""
    return _FIGURE.match(cell) is not None


_FIGURE = re.compile(r"[^\w\s]{0,2}\s?\d")
_YEAR = re.compile(r"\(?(?:1[5-9]|20)\d\d(?:[/–-]\d{2,4})?\)?")
