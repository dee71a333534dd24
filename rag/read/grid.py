"""The cells of a table where they stand, those that span rows and columns in each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

# As browsers do.
_MOST_COLUMNS, _MOST_ROWS = 1000, 65534
# What spans is written again in each row; a table may grow by so much, then nothing spans.
_MOST_GROWTH = 8
_FREE_CHARACTERS = 2000
_BORDER = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as its row's markup has it: how many rows and columns it stands in."""

    text: str
    rows: int
    columns: int


def spanned(attribute: str | None, *, rows: bool = False) -> int:
    """A colspan, or rowspan, as browsers read it; 0 rows are all that follow."""
    most = _MOST_ROWS if rows else _MOST_COLUMNS
    digits = (attribute or "").strip()
    if not (digits.isascii() and digits.isdigit()):
        return 1
    return min(int(digits[:6]), most) or (most if rows else 1)


def filled(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """The texts of each row's cells, also those that begin in a row above.

    A cell over several columns stands in each of them in which some row has a cell of its
    own. A row without any cell of its own stays empty.
    """
    size = sum(len(cell.text) + _BORDER for row in rows for cell in row)
    budget = _FREE_CHARACTERS + _MOST_GROWTH * size
    placed = _placed(rows, budget)
    columns = sorted({start for row in placed for start, _ in row})
    found: list[list[str]] = []
    for row in placed:
        line: list[str] = []
        for start, cell in row:
            length = len(cell.text) + _BORDER
            times = bisect_left(columns, start + cell.columns) - bisect_left(columns, start)
            times = max(1, min(times, budget // length))
            budget -= (times - 1) * length
            line += [cell.text] * times
        found.append(line)
    return found


def _placed(rows: Sequence[Sequence[Cell]], budget: int) -> list[list[tuple[int, Cell]]]:
    """The cells of each row with the column that each begins in."""
    above: list[tuple[int, Cell, int]] = []  # first column, cell, last row
    found: list[list[tuple[int, Cell]]] = []
    for number, row in enumerate(rows):
        line: list[tuple[int, Cell]] = []
        found.append(line)
        if not row:
            continue
        above = sorted((each for each in above if each[2] >= number), key=lambda each: each[0])
        budget -= sum(len(cell.text) + _BORDER for _, cell, _ in above)
        carried = above[::-1] if budget > 0 else []
        above = [] if budget <= 0 else above
        column = 0
        for cell in row:
            while carried and carried[-1][0] <= column:
                start, other, _ = carried.pop()
                line.append((start, other))
                column = max(column, start + other.columns)
            line.append((column, cell))
            if cell.rows > 1:
                above.append((column, cell, number + cell.rows - 1))
            column += cell.columns
        line += [(start, other) for start, other, _ in reversed(carried)]
    return found
