"""Tables with their header row, in the shapes that each format has for them."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from eval.structure.made.body import Body, Draw, Reading, Words

_Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class _Table:
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    asked: int

    @property
    def lines(self) -> tuple[tuple[str, ...], ...]:
        """The header and the rows."""
        return (self.header, *self.rows)

    def body(self, source: str, *, caption: str = "", text: str = "") -> Body:
        """The table as it stands in the file; ``text`` is what the row says, if not its cells."""
        first = self.rows[self.asked][0]
        context = (*((caption,) if caption else ()), *self.header)
        return Body(
            source,
            (Reading(text or " ".join(self.rows[self.asked]), context),),
            tuple(row[0] for row in self.rows if row[0] != first),
        )


def _table(words: Words, random: Random) -> _Table:
    columns = words["columns"]
    names = list(columns)
    kept = sorted(random.sample(range(1, len(names)), random.randint(1, 3)))
    header = tuple(names[at] for at in (0, *kept))
    rows = random.sample(range(len(columns[names[0]])), random.randint(3, 5))
    return _Table(
        header,
        tuple(tuple(columns[name][row] for name in header) for row in rows),
        random.randrange(len(rows)),
    )


def _lines(words: Words, random: Random, *, write: Callable[[_Table], str]) -> Body:
    table = _table(words, random)
    return table.body(write(table))


# --- Markdown and plain text -------------------------------------------------------


def _pipes(table: _Table, *, rule: str = "---", outer: bool = True) -> str:
    lines = [" | ".join(row) for row in table.lines]
    lines.insert(1, " | ".join([rule] * len(table.header)))
    return "\n".join(f"| {line} |" if outer else line for line in lines)


def _strong(table: _Table) -> str:
    """With first cells strong and last ones links."""
    rows = tuple(
        (f"**{row[0]}**", *row[1:-1], f"[{row[-1]}](https://harbour.example/7x)")
        for row in table.rows
    )
    return _pipes(_Table(table.header, rows, table.asked))


def _md_escaped(words: Words, random: Random) -> Body:
    """A bar within a cell."""
    table = _table(words, random)
    rows = tuple((*row[:-1], rf"{row[-1]} \| 7x") for row in table.rows)
    asked = f"{' '.join(table.rows[table.asked])} 7x"
    return table.body(_pipes(_Table(table.header, rows, table.asked)), text=asked)


def _md_captioned(words: Words, random: Random) -> Body:
    table, caption = _table(words, random), random.choice(words["captions"])
    # Whether a paragraph is a caption, nothing says: the row may have it or not.
    return table.body(f"{caption}\n\n{_pipes(table)}")


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _aligned(rows: Sequence[_Cells], *, gap: int = 3, right: bool = False) -> Iterator[str]:
    """Lines whose columns stand below each other where wide characters take two places;
    ``right``: all columns but the first end below each other."""
    widths = [max(map(_width, column)) + gap for column in zip(*rows, strict=True)]
    for row in rows:
        line = ""
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blanks = " " * (width - _width(cell))
            line += blanks + cell if right and number else cell + blanks
        yield line.rstrip()


def _columns(table: _Table, *, indent: str = "", rule: str = "", right: bool = False) -> str:
    lines = list(_aligned(table.lines, right=right))
    if rule:
        lines.insert(1, rule * max(map(_width, lines)))
    return "\n".join(indent + line for line in lines)


def _rule_a_column(table: _Table) -> str:
    widths = [max(map(_width, column)) for column in zip(*table.lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_aligned([table.header, rule, *table.rows], gap=2))


def _tabs(table: _Table) -> str:
    return "\n".join("\t".join(row) for row in table.lines)


def _grid(table: _Table) -> str:
    widths = [max(map(_width, column)) for column in zip(*table.lines, strict=True)]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [rule]
    for row in table.lines:
        cells = zip(row, widths, strict=True)
        inside = " | ".join(cell + " " * (width - _width(cell)) for cell, width in cells)
        lines += [f"| {inside} |", rule]
    return "\n".join(lines)


# --- HTML --------------------------------------------------------------------------


def _tr(cells: _Cells, tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _trs(rows: Sequence[_Cells]) -> str:
    return "\n".join(map(_tr, rows))


def _html_table(table: _Table) -> str:
    return f"<table>{_tr(table.header, 'th')}\n{_trs(table.rows)}</table>"


def _row_headers(table: _Table) -> str:
    """First cells are headers of their rows."""
    rows = "\n".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>' + _tr(row[1:]).removeprefix("<tr>")
        for row in table.rows
    )
    return f"<table><thead>{_tr(table.header, 'th')}</thead>\n<tbody>{rows}</tbody></table>"


def _strong_header(table: _Table) -> str:
    """A header of cells like any other, but strong."""
    header = "".join(f"<td><b>{html.escape(cell)}</b></td>" for cell in table.header)
    return f"<table><tr>{header}</tr>\n{_trs(table.rows)}</table>"


def _layout(table: _Table) -> str:
    """Within another table, which only lays out the page."""
    return f"<table><tr><td>{_html_table(table)}</td></tr></table>"


def _html_captioned(words: Words, random: Random) -> Body:
    table, caption = _table(words, random), random.choice(words["captions"])
    return table.body(
        f"<table><caption>{caption}</caption><thead>{_tr(table.header, 'th')}</thead>\n"
        f"<tbody>{_trs(table.rows)}</tbody></table>",
        caption=caption,
    )


def _html_breaks(words: Words, random: Random) -> Body:
    """Last cells of two lines."""
    table, note = _table(words, random), random.choice(words["children"])
    rows = _trs(table.rows).replace("</td></tr>", f"<br>{html.escape(note)}</td></tr>")
    return table.body(
        f"<table>{_tr(table.header, 'th')}\n{rows}</table>",
        text=" ".join((*table.rows[table.asked], note)),
    )


def _html_lists(words: Words, random: Random) -> Body:
    """Last cells that hold lists."""
    table = _table(words, random)
    lists = [random.sample(words["children"], 2) for _ in table.rows]
    rows = [
        _tr(row[:-1]).removesuffix("</tr>")
        + f"<td><ul>{''.join(f'<li>{html.escape(text)}</li>' for text in texts)}</ul></td></tr>"
        for row, texts in zip(table.rows, lists, strict=True)
    ]
    return table.body(
        f"<table>{_tr(table.header, 'th')}\n{''.join(rows)}</table>",
        text=" ".join((*table.rows[table.asked][:-1], *lists[table.asked])),
    )


def _html_rowspan(words: Words, random: Random) -> Body:
    """First cells that hold for two rows; a second one is asked for."""
    table = _table(words, random)
    columns = list(words["columns"].values())[1 : len(table.header)]
    firsts = [row[0] for row in table.rows[:2] for _ in range(2)]
    cells = [[column[number] for column in columns] for number in range(4)]
    asked = random.choice([1, 3])
    source = "\n".join(
        _tr(row)
        if number % 2
        else f'<tr><td rowspan="2">{html.escape(first)}</td>' + _tr(row).removeprefix("<tr>")
        for number, (first, row) in enumerate(zip(firsts, cells, strict=True))
    )
    first, own, header = firsts[asked], " ".join(cells[asked]), table.header
    return Body(
        f"<table>{_tr(header, 'th')}\n{source}</table>",
        (
            Reading(f"{first} {own}", header),
            # The cell above may be told as context instead, before or after the header.
            Reading(own, (first, *header)),
            Reading(own, (*header, first)),
        ),
        tuple(name for name in firsts if name != first),
    )


def _html_terms(words: Words, random: Random) -> Body:
    """Terms with what each stands for."""
    table = _table(words, random)
    pairs = [(row[0], row[-1]) for row in table.rows]
    source = "\n".join(
        f"<dt>{html.escape(term)}</dt><dd>{html.escape(said)}</dd>" for term, said in pairs
    )
    term, said = pairs[table.asked]
    return Body(
        f"<dl>{source}</dl>",
        (Reading(f"{term} {said}", ()), Reading(said, (term,))),
        tuple(other for other, _ in pairs if other != term),
    )


TABLES: Mapping[str, Draw] = {
    "md table": partial(_lines, write=_pipes),
    "md table bare": partial(_lines, write=partial(_pipes, rule=":--", outer=False)),
    "md table strong": partial(_lines, write=_strong),
    "md table escaped": _md_escaped,
    "md table captioned": _md_captioned,
    "html table": partial(_lines, write=_html_table),
    "html table captioned": _html_captioned,
    "html table row headers": partial(_lines, write=_row_headers),
    "html table strong header": partial(_lines, write=_strong_header),
    "html table layout": partial(_lines, write=_layout),
    "html table breaks": _html_breaks,
    "html table lists": _html_lists,
    "html table rowspan": _html_rowspan,
    "html terms": _html_terms,
    "txt pipes": partial(_lines, write=_pipes),
    "txt aligned": partial(_lines, write=_columns),
    "txt aligned indented": partial(_lines, write=partial(_columns, indent="    ")),
    "txt aligned right": partial(_lines, write=partial(_columns, right=True)),
    "txt ruled": partial(_lines, write=partial(_columns, rule="-")),
    "txt ruled columns": partial(_lines, write=_rule_a_column),
    "txt tabs": partial(_lines, write=_tabs),
    "txt grid": partial(_lines, write=_grid),
}
