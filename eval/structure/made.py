"""Made documents, each with one row or item that must be found, and what it is not
understood without.

The words are those of words.toml. A seed fixes the documents; shapes and languages take
turns, so that each shape comes in each language about as often as any other.
"""

from __future__ import annotations

import html
import textwrap
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any

MADE_CASES = 400
SEED = 14

# Characters of a line of wrapped plain text.
_WRAPPED_AT = 18


@dataclass(frozen=True, slots=True)
class Reading:
    """What a statement may say and what its context must then hold, outermost first."""

    text: str
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MadeCase:
    """A document and the row or item that is looked for in it.

    ``source`` is its file name and ``data`` its bytes, in UTF-8. One statement must be one of
    ``readings``, and its context must hold none of ``others``, the rows or items beside it.
    """

    id: str
    shape: str
    language: str
    source: str
    data: bytes
    readings: tuple[Reading, ...]
    others: tuple[str, ...]

    @property
    def format(self) -> str:
        """The suffix of its file, without the dot."""
        return self.source.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class _Item:
    text: str
    below: tuple[_Item, ...] = ()


@dataclass(frozen=True, slots=True)
class _Body:
    """The part of a document that is asked about, as it stands in the file."""

    source: str
    readings: tuple[Reading, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    asked: int

    def body(self, source: str, *, caption: str = "") -> _Body:
        """The table as written; the row asked for must be read with the header."""
        context = (*((caption,) if caption else ()), *self.header)
        return _Body(source, (Reading(" ".join(self.rows[self.asked]), context),), self.others)

    @property
    def others(self) -> tuple[str, ...]:
        """First cells of the other rows."""
        first = self.rows[self.asked][0]
        return tuple(row[0] for row in self.rows if row[0] != first)


Words = Mapping[str, Any]
_Draw = Callable[[Words, Random], _Body]


def made_cases(n: int = MADE_CASES, seed: int = SEED) -> Iterator[MadeCase]:
    """``n`` cases; the same seed gives the same ones."""
    languages = list(_words())
    shapes = list(_SHAPES)
    for number in range(n):
        random = Random(f"{seed} {number}")
        shape = shapes[number % len(shapes)]
        language = languages[(number + number // len(shapes)) % len(languages)]
        words = _words()[language]
        body = _SHAPES[shape](words, random)
        suffix = shape.partition(" ")[0]
        page = _PAGES[suffix](
            random.choice(words["titles"]), random.sample(words["prose"], 2), body.source, language
        )
        yield MadeCase(
            id=f"made-{number:03d}",
            shape=shape,
            language=language,
            source=f"made-{number:03d}.{suffix}",
            data=page.encode(),
            readings=body.readings,
            others=body.others,
        )


@cache
def _words() -> Mapping[str, Words]:
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))


# --- Documents ---------------------------------------------------------------------


def _markdown_page(title: str, prose: Sequence[str], body: str, _: str) -> str:
    return f"# {title}\n\n{prose[0]}\n\n{body}\n\n{prose[1]}\n"


def _plain_page(title: str, prose: Sequence[str], body: str, _: str) -> str:
    return f"{title}\n\n{prose[0]}\n\n{body}\n\n{prose[1]}\n"


def _html_page(title: str, prose: Sequence[str], body: str, language: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{title}</title></head>\n<body><h1>{title}</h1>\n<p>{prose[0]}</p>\n"
        f"{body}\n<p>{prose[1]}</p></body></html>\n"
    )


_PAGES = {"md": _markdown_page, "html": _html_page, "txt": _plain_page}


# --- Lists -------------------------------------------------------------------------


def _flat(words: Words, random: Random, kind: str = "items") -> tuple[_Item, ...]:
    return tuple(_Item(text) for text in random.sample(words[kind], random.randint(3, 5)))


def _nested(words: Words, random: Random) -> tuple[_Item, ...]:
    below = tuple(_Item(text) for text in random.sample(words["children"], random.randint(2, 3)))
    parent = _Item(random.choice(words["parents"]), below)
    items = [*_flat(words, random)[:3]]
    items.insert(random.randint(0, len(items)), parent)
    return tuple(items)


def _asked(items: Sequence[_Item], random: Random) -> tuple[_Item, ...]:
    """Path to the item asked for, of a nested list mostly one below another."""
    parents = [item for item in items if item.below]
    if parents and random.random() < 0.75:
        return (parents[0], random.choice(parents[0].below))
    return (random.choice([item for item in items if not item.below]),)


def _others(items: Sequence[_Item], path: Sequence[_Item]) -> Iterator[str]:
    for item in items:
        if item not in path:
            yield item.text
        yield from _others(item.below, path)


def _list(
    words: Words,
    random: Random,
    items: Sequence[_Item],
    write: Callable[[str, Sequence[_Item]], str],
    *,
    before: str = "",
) -> _Body:
    """A list with its lead-in, which follows ``before`` in one paragraph."""
    lead_in = random.choice(words["lead_ins"])
    path = _asked(items, random)
    asked = path[-1].text
    return _Body(
        write(f"{before} {lead_in}".strip(), items),
        (Reading(asked, (lead_in, *(item.text for item in path[:-1]))),),
        tuple(_others(items, path)),
    )


_Mark = Callable[[int], str]
_DASH: _Mark = lambda number: "- "  # noqa: E731
_NUMBER: _Mark = lambda number: f"{number}. "  # noqa: E731


def _lines(items: Sequence[_Item], marks: Sequence[_Mark], indent: str = "") -> Iterator[str]:
    for number, item in enumerate(items, start=1):
        mark = marks[0](number)
        yield f"{indent}{mark}{item.text}"
        yield from _lines(item.below, marks[1:], indent + " " * len(mark))


def _lines_of(*marks: _Mark, gap: str = "\n\n", between: str = "\n") -> Callable[..., str]:
    def write(lead_in: str, items: Sequence[_Item]) -> str:
        return lead_in + gap + between.join(_lines(items, marks))

    return write


def _wrapped(lead_in: str, items: Sequence[_Item]) -> str:
    lines: list[str] = []
    for item in items:
        lines += textwrap.wrap(item.text, _WRAPPED_AT, initial_indent="- ", subsequent_indent="  ")
    return lead_in + "\n\n" + "\n".join(lines)


def _html_list(tag: str, inner: str = "{}") -> Callable[[str, Sequence[_Item]], str]:
    def write_items(items: Sequence[_Item]) -> str:
        return "\n".join(
            f"<li>{inner.format(html.escape(item.text))}"
            + (f"\n<ul>{write_items(item.below)}</ul>" if item.below else "")
            + "</li>"
            for item in items
        )

    def write(lead_in: str, items: Sequence[_Item]) -> str:
        return f"<p>{html.escape(lead_in)}</p>\n<{tag}>\n{write_items(items)}\n</{tag}>"

    return write


# --- Tables ------------------------------------------------------------------------


def _table(words: Words, random: Random) -> _Table:
    columns = words["columns"]
    names = list(columns)
    kept = sorted(random.sample(range(1, len(names)), random.randint(1, 3)))
    header = [names[at] for at in (0, *kept)]
    rows = random.sample(range(len(columns[names[0]])), random.randint(3, 5))
    return _Table(
        tuple(header),
        tuple(tuple(columns[name][row] for name in header) for row in rows),
        random.randrange(len(rows)),
    )


def _pipes(rows: Sequence[Sequence[str]], rule: str = "---", *, outer: bool = True) -> str:
    lines = [" | ".join(row) for row in rows]
    lines.insert(1, " | ".join([rule] * len(rows[0])))
    return "\n".join(f"| {line} |" if outer else line for line in lines)


def _marked(row: Sequence[str]) -> list[str]:
    """A row whose first cell is strong and whose last is a link."""
    return [f"**{row[0]}**", *row[1:-1], f"[{row[-1]}](https://harbour.example/{len(row)}x)"]


def _md_table(words: Words, random: Random) -> _Body:
    table = _table(words, random)
    return table.body(_pipes([table.header, *table.rows]))


def _md_table_bare(words: Words, random: Random) -> _Body:
    table = _table(words, random)
    return table.body(_pipes([table.header, *table.rows], ":--", outer=False))


def _md_table_marked(words: Words, random: Random) -> _Body:
    table = _table(words, random)
    return table.body(_pipes([table.header, *map(_marked, table.rows)]))


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines whose columns stand below each other where wide characters take two places."""
    widths = [max(map(_width, column)) + 3 for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "".join(cell + " " * (width - _width(cell)) for cell, width in cells).rstrip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _txt_aligned(words: Words, random: Random) -> _Body:
    table = _table(words, random)
    return table.body("\n".join(_aligned([table.header, *table.rows])))


def _txt_ruled(words: Words, random: Random) -> _Body:
    table = _table(words, random)
    lines = list(_aligned([table.header, *table.rows]))
    lines.insert(1, "-" * max(map(_width, lines)))
    return table.body("\n".join(lines))


def _txt_tabs(words: Words, random: Random) -> _Body:
    table = _table(words, random)
    return table.body("\n".join("\t".join(row) for row in (table.header, *table.rows)))


def _txt_grid(words: Words, random: Random) -> _Body:
    table = _table(words, random)
    rows = [table.header, *table.rows]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [rule]
    for row in rows:
        cells = zip(row, widths, strict=True)
        inside = " | ".join(cell + " " * (width - _width(cell)) for cell, width in cells)
        lines += [f"| {inside} |", rule]
    return table.body("\n".join(lines))


def _html_row(cells: Sequence[str], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _html_rows(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(map(_html_row, rows))


def _html_table(words: Words, random: Random) -> _Body:
    table = _table(words, random)
    return table.body(f"<table>{_html_row(table.header, 'th')}\n{_html_rows(table.rows)}</table>")


def _html_table_caption(words: Words, random: Random) -> _Body:
    table, caption = _table(words, random), random.choice(words["captions"])
    return table.body(
        f"<table><caption>{caption}</caption><thead>{_html_row(table.header, 'th')}</thead>\n"
        f"<tbody>{_html_rows(table.rows)}</tbody></table>",
        caption=caption,
    )


def _html_table_break(words: Words, random: Random) -> _Body:
    """A cell that holds two lines."""
    table, note = _table(words, random), random.choice(words["children"])
    rows = [_html_row(row).replace("</td></tr>", f"<br>{note}</td></tr>") for row in table.rows]
    asked = " ".join((*table.rows[table.asked], note))
    return _Body(
        f"<table>{_html_row(table.header, 'th')}\n{''.join(rows)}</table>",
        (Reading(asked, table.header),),
        table.others,
    )


def _html_table_list(words: Words, random: Random) -> _Body:
    """A last column whose cells hold lists."""
    table = _table(words, random)
    lists = [random.sample(words["children"], 2) for _ in table.rows]
    rows = [
        _html_row(row[:-1]).replace("</tr>", "")
        + f"<td><ul>{''.join(f'<li>{html.escape(text)}</li>' for text in texts)}</ul></td></tr>"
        for row, texts in zip(table.rows, lists, strict=True)
    ]
    asked = " ".join((*table.rows[table.asked][:-1], *lists[table.asked]))
    return _Body(
        f"<table>{_html_row(table.header, 'th')}\n{''.join(rows)}</table>",
        (Reading(asked, table.header),),
        table.others,
    )


def _html_table_rowspan(words: Words, random: Random) -> _Body:
    """A first cell that holds for two rows; the second of them is asked for."""
    table = _table(words, random)
    header, rows = table.header, []
    spanned = [table.rows[0][0], table.rows[1][0]]
    others = list(words["columns"].values())
    notes = [list(others[names % len(others)]) for names in range(1, len(header))]
    for group, first in enumerate(spanned):
        for line in range(2):
            cells = [column[(2 * group + line) % len(column)] for column in notes]
            rows.append((first, cells))
    asked = random.choice([1, 3])
    source = "\n".join(
        _html_row(cells)
        if number % 2
        else f'<tr><td rowspan="2">{first}</td>' + _html_row(cells).removeprefix("<tr>")
        for number, (first, cells) in enumerate(rows)
    )
    first, cells = rows[asked]
    own = " ".join(cells)
    return _Body(
        f"<table>{_html_row(header, 'th')}\n{source}</table>",
        (
            Reading(f"{first} {own}", header),
            # The cell above may be told as context instead, before or after the header.
            Reading(own, (first, *header)),
            Reading(own, (*header, first)),
        ),
        tuple(name for name in spanned if name != first),
    )


_SHAPES: Mapping[str, _Draw] = {
    "md bullets": lambda w, r: _list(w, r, _flat(w, r), _lines_of(_DASH)),
    "html bullets": lambda w, r: _list(w, r, _flat(w, r), _html_list("ul")),
    "txt bullets": lambda w, r: _list(w, r, _flat(w, r), _lines_of(lambda _: "• ", gap="\n")),
    "md table": _md_table,
    "html table": _html_table,
    "txt aligned": _txt_aligned,
    "md numbers": lambda w, r: _list(w, r, _flat(w, r, "steps"), _lines_of(_NUMBER)),
    "html numbers": lambda w, r: _list(w, r, _flat(w, r, "steps"), _html_list("ol")),
    "txt numbers": lambda w, r: _list(w, r, _flat(w, r, "steps"), _lines_of(_NUMBER, gap="\n")),
    "md nested": lambda w, r: _list(w, r, _nested(w, r), _lines_of(_DASH, _DASH)),
    "html nested": lambda w, r: _list(w, r, _nested(w, r), _html_list("ul")),
    "txt nested": lambda w, r: _list(w, r, _nested(w, r), _lines_of(_DASH, _DASH)),
    "md table bare": _md_table_bare,
    "html table caption": _html_table_caption,
    "txt ruled": _txt_ruled,
    "md numbers nested": lambda w, r: _list(w, r, _nested(w, r), _lines_of(_NUMBER, _DASH)),
    "html numbers nested": lambda w, r: _list(w, r, _nested(w, r), _html_list("ol")),
    "txt letters": lambda w, r: _list(
        w, r, _flat(w, r), _lines_of(lambda number: f"({'abcde'[number - 1]}) ")
    ),
    "md table marked": _md_table_marked,
    "html table rowspan": _html_table_rowspan,
    "txt tabs": _txt_tabs,
    "md loose": lambda w, r: _list(w, r, _flat(w, r), _lines_of(_DASH, between="\n\n")),
    "html paragraphs": lambda w, r: _list(w, r, _flat(w, r), _html_list("ul", "<p>{}</p>")),
    "txt wrapped": lambda w, r: _list(w, r, _flat(w, r), _wrapped),
    "md tight": lambda w, r: _list(
        w, r, _flat(w, r), _lines_of(lambda _: "* ", gap="\n"), before=r.choice(w["prose"])
    ),
    "html table list": _html_table_list,
    "txt grid": _txt_grid,
    "html table break": _html_table_break,
    "txt pipes": _md_table,
    "txt numbers nested": lambda w, r: _list(w, r, _nested(w, r), _lines_of(_NUMBER, _DASH)),
}
