"""Front matter: what a Markdown file says of itself above its text, in YAML or TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import yaml

from rag.text.dates import parse_date
from rag.types import DocumentDate, Span

_BLOCK = re.compile(
    r"(---|\+\+\+)[ \t]*+\r?\n(.*?)^(?:\1|\.\.\.)[ \t]*+(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
# YAML is parsed at some 100,000 characters a second.
_MAX_CHARACTERS = 50_000
# Nested in one another, each costs time by those around it.
_MAX_BRACKETS = 200
_FIELD = re.compile(r"([A-Za-z][\w-]*):[ \t]+([^\s\"'\[{>|&*!%@`](?:.*\S)?)\s*$")
_DATES = ("date", "published", "pubdate", "publishdate", "publish_date", "published_at")
_AUTHORS = ("author", "authors")
_NOTHING = frozenset({"", "~", "null"})


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Its span with both rules, and what it says; empty where it says nothing."""

    span: Span
    title: str = ""
    author: str = ""
    dates: tuple[DocumentDate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Field:
    """One value of a field, and where it is written; None where it is not written as it is."""

    value: str
    span: Span | None


def front_matter(text: str) -> FrontMatter | None:
    """The front matter that begins ``text``; None without, or where it cannot be parsed."""
    match = _BLOCK.match(text)
    if match is None or len(match[2]) > _MAX_CHARACTERS:
        return None
    if match[2].count("[") + match[2].count("{") > _MAX_BRACKETS:
        return None
    try:
        read = _yaml if match[1] == "---" else _toml
        fields = read(match[2], match.start(2))
    except (yaml.YAMLError, tomllib.TOMLDecodeError, RecursionError, ValueError):
        fields = _lines(match[2], match.start(2))
    if fields is None:
        return None
    return FrontMatter(
        Span(0, match.end()),
        title=next((" ".join(field.value.split()) for field in fields.get("title", ())), ""),
        author=", ".join(
            " ".join(field.value.split()) for name in _AUTHORS for field in fields.get(name, ())
        ),
        dates=tuple(_dates(fields)),
    )


def _dates(fields: dict[str, list[_Field]]) -> Iterator[DocumentDate]:
    found = next((fields[name][0] for name in _DATES if fields.get(name)), None)
    parsed = parse_date(found.value) if found else None
    if found and parsed:
        yield DocumentDate(*parsed, kind="published", origin="front matter", span=found.span)


def _yaml(source: str, offset: int) -> dict[str, list[_Field]] | None:
    # Composed, not constructed: nodes know where they stand, and a date that there never
    # was is a string like any other.
    root = yaml.compose(source, Loader=yaml.BaseLoader)
    if not isinstance(root, yaml.MappingNode):
        return None

    def scalars(node: yaml.Node) -> Iterator[_Field]:
        if isinstance(node, yaml.ScalarNode) and node.value not in _NOTHING:
            quotes = node.style in ("'", '"')
            start, end = node.start_mark.index + quotes, node.end_mark.index - quotes
            literal = source[start:end] == node.value
            yield _Field(node.value, Span(offset + start, offset + end) if literal else None)

    fields: dict[str, list[_Field]] = {}
    for key, value in root.value:
        if isinstance(key, yaml.ScalarNode):
            nodes = value.value if isinstance(value, yaml.SequenceNode) else [value]
            fields[key.value.lower()] = [field for node in nodes for field in scalars(node)]
    return fields


def _lines(source: str, offset: int) -> dict[str, list[_Field]] | None:
    """Fields of one line each, which people write without quotes: "title: Hut: a story"."""
    fields: dict[str, list[_Field]] = {}
    place = offset
    for line in source.splitlines(keepends=True):
        field = _FIELD.match(line)
        if field is None and line.strip():
            return None
        if field is not None:
            span = Span(place + field.start(2), place + field.end(2))
            fields[field[1].lower()] = [_Field(field[2], span)]
        place += len(line)
    return fields


def _toml(source: str, offset: int) -> dict[str, list[_Field]]:
    fields: dict[str, list[_Field]] = {}
    for key, value in tomllib.loads(source).items():
        line = re.search(rf"^[ \t]*+[\"']?{re.escape(key)}[\"']?[ \t]*+=.*", source, re.MULTILINE)
        for found in value if isinstance(value, list) else [value]:
            # Of a date with a time, the date.
            content = str(found.date() if isinstance(found, datetime) else found).strip()
            if content and not isinstance(found, dict):
                at = line[0].find(content) if line else -1
                start = offset + line.start() + at if line else 0
                span = Span(start, start + len(content)) if at >= 0 else None
                fields.setdefault(key.lower(), []).append(_Field(content, span))
    return fields
