"""Lists with their lead-in, in the shapes that each format has for them."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from eval.structure.made.body import Body, Draw, Reading, Words

# Characters of a line of wrapped text.
_WRAPPED_AT = 18


@dataclass(frozen=True, slots=True)
class _Item:
    text: str
    below: tuple[_Item, ...] = ()


Items = tuple[_Item, ...]
# How the lead-in and the items stand in the file.
_Write = Callable[[str, Items], str]
# What stands before the item of a number.
_Mark = Callable[[int], str]


# --- What they say -----------------------------------------------------------------


def _flat(words: Words, random: Random, kind: str = "items") -> Items:
    return tuple(_Item(text) for text in random.sample(words[kind], random.randint(3, 5)))


def _nested(words: Words, random: Random) -> Items:
    below = tuple(_Item(text) for text in random.sample(words["children"], random.randint(2, 3)))
    return _with(_flat(words, random)[:3], _Item(random.choice(words["parents"]), below), random)


def _deep(words: Words, random: Random) -> Items:
    """Three levels."""
    outer, inner = random.sample(words["parents"], 2)
    children = [_Item(text) for text in random.sample(words["children"], 4)]
    below = _with(tuple(children[:2]), _Item(inner, tuple(children[2:])), random)
    return _with(_flat(words, random)[:2], _Item(outer, below), random)


def _with(items: Items, item: _Item, random: Random) -> Items:
    at = random.randint(0, len(items))
    return (*items[:at], item, *items[at:])


def _paths(items: Items) -> Iterator[tuple[_Item, ...]]:
    """Paths to the items that have none below them."""
    for item in items:
        if item.below:
            yield from ((item, *path) for path in _paths(item.below))
        else:
            yield (item,)


def _others(items: Items, path: Sequence[_Item]) -> Iterator[str]:
    for item in items:
        if item not in path:
            yield item.text
        yield from _others(item.below, path)


def _list(
    words: Words,
    random: Random,
    *,
    write: _Write,
    draw: Callable[[Words, Random], Items] = _flat,
    after_prose: bool = False,
) -> Body:
    """``after_prose``: the lead-in ends a paragraph that has another sentence before it."""
    lead_in, items = random.choice(words["lead_ins"]), draw(words, random)
    deepest = max(map(len, _paths(items)))
    # Mostly one below another, where there is one.
    paths = [path for path in _paths(items) if len(path) == deepest or random.random() < 0.3]
    path = random.choice(paths)
    before = f"{random.choice(words['prose'])} " if after_prose else ""
    return Body(
        write(before + lead_in, items),
        (Reading(path[-1].text, (lead_in, *(item.text for item in path[:-1]))),),
        tuple(_others(items, path)),
    )


# --- How they stand in a file ------------------------------------------------------


def _letter(number: int) -> str:
    return f"({'abcde'[number - 1]}) "


def _roman(number: int) -> str:
    return f"{('i', 'ii', 'iii', 'iv', 'v')[number - 1]}. "


def _number(number: int) -> str:
    return f"{number}. "


def _numbered(number: int) -> str:
    return f"{number}) "


def _always(mark: str) -> _Mark:
    return lambda number: mark


_dash = _always("- ")


def _lines(
    items: Items, marks: Sequence[_Mark], indent: str, inner: Callable[[str], str]
) -> Iterator[str]:
    for number, item in enumerate(items, start=1):
        mark = marks[0](number)
        yield f"{indent}{mark}{inner(item.text)}"
        yield from _lines(item.below, marks[1:], indent + " " * len(mark), inner)


def _marked(
    *marks: _Mark,
    gap: str = "\n\n",
    between: str = "\n",
    before: str = "",
    inner: Callable[[str], str] = str,
) -> _Write:
    """Lines with a mark a level; ``before`` stands at the begin of every line."""

    def write(lead_in: str, items: Items) -> str:
        text = lead_in + gap + between.join(_lines(items, marks, "", inner))
        return "\n".join(before + line for line in text.split("\n")) if before else text

    return write


def _wrapped(lead_in: str, items: Items, *, hanging: str) -> str:
    lines: list[str] = []
    for item in items:
        lines += textwrap.wrap(
            item.text, _WRAPPED_AT, initial_indent="- ", subsequent_indent=hanging
        )
    return lead_in + "\n\n" + "\n".join(lines)


def _strong_first(text: str) -> str:
    """With its first word strong and the rest a link."""
    first, space, rest = text.partition(" ")
    return f"**{first}**{space}" + (f"[{rest}](https://harbour.example/7x)" if rest else "")


def _html_items(items: Items, inner: str) -> str:
    return "\n".join(
        f"<li>{inner.format(html.escape(item.text))}"
        + (f"\n<ul>{_html_items(item.below, inner)}</ul>" if item.below else "")
        + "</li>"
        for item in items
    )


def _html(tag: str, *, inner: str = "{}", page: str = "<p>{}</p>\n{}") -> _Write:
    """``inner`` is what an item is wrapped in, ``page`` holds the lead-in and the list."""

    def write(lead_in: str, items: Items) -> str:
        written = f"<{tag}>\n{_html_items(items, inner)}\n</{tag}>"
        return page.format(html.escape(lead_in), written)

    return write


_steps = partial(_flat, kind="steps")

LISTS: Mapping[str, Draw] = {
    "md bullets": partial(_list, write=_marked(_dash)),
    "md numbers": partial(_list, draw=_steps, write=_marked(_number)),
    "md nested": partial(_list, draw=_nested, write=_marked(_dash, _dash)),
    "md numbers nested": partial(_list, draw=_nested, write=_marked(_number, _dash)),
    "md deep": partial(_list, draw=_deep, write=_marked(_number, _always("* "), _dash)),
    "md loose": partial(_list, write=_marked(_dash, between="\n\n")),
    "md tight": partial(_list, write=_marked(_always("* "), gap="\n"), after_prose=True),
    "md tasks": partial(_list, write=_marked(_always("- [ ] "))),
    "md strong": partial(_list, write=_marked(_always("+ "), inner=_strong_first)),
    "md quoted": partial(_list, write=_marked(_dash, before="> ")),
    "md lazy": partial(_list, write=partial(_wrapped, hanging="")),
    "html bullets": partial(_list, write=_html("ul")),
    "html numbers": partial(_list, draw=_steps, write=_html("ol")),
    "html nested": partial(_list, draw=_nested, write=_html("ul")),
    "html numbers nested": partial(_list, draw=_nested, write=_html("ol")),
    "html deep": partial(_list, draw=_deep, write=_html("ul")),
    "html paragraphs": partial(_list, write=_html("ul", inner="<p>{}</p>")),
    "html strong": partial(
        _list,
        write=_html("ul", inner='<a href="/7x">{}</a>', page="<p><strong>{}</strong></p>\n{}"),
    ),
    "html bare": partial(_list, write=_html("ul", page="<div>{}\n{}</div>"), after_prose=True),
    "txt bullets": partial(_list, write=_marked(_always("• "), gap="\n")),
    "txt dashes": partial(_list, write=_marked(_always("– "), gap="\n"), after_prose=True),
    "txt numbers": partial(_list, draw=_steps, write=_marked(_number, gap="\n")),
    "txt letters": partial(_list, write=_marked(_letter)),
    "txt roman": partial(_list, write=_marked(_roman)),
    "txt nested": partial(_list, draw=_nested, write=_marked(_dash, _dash)),
    "txt numbers nested": partial(_list, draw=_nested, write=_marked(_numbered, _letter)),
    "txt deep": partial(_list, draw=_deep, write=_marked(_number, _letter, _dash)),
    "txt loose": partial(_list, draw=_steps, write=_marked(_numbered, between="\n\n")),
    "txt indented": partial(_list, write=_marked(_dash, before="    ", gap="\n")),
    "txt wrapped": partial(_list, write=partial(_wrapped, hanging="  ")),
}
