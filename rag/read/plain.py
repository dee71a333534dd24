"""Plain text and Markdown: the text is taken as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from rag.read.base import Content, Reader
from rag.read.decode import decode
from rag.text.dates import parse_date
from rag.text.sentences import heading_words
from rag.types import DocumentDate, Span

MAX_TITLE_CHARACTERS = 200
_FRONT_MATTER = re.compile(
    r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE
)
_FIELD = re.compile(r"^([A-Za-z][\w-]*)[ \t]*:[ \t]*(\S[^\r\n]*)", re.MULTILINE)
_DATE_FIELDS = ("date", "published", "pubdate", "publishdate", "publish_date", "published_at")
_FIRST_HEADING = re.compile(r"^ {0,3}#[ \t]+(?=\S)([^\r\n]*)", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE)


def read_plain(text: str) -> Content:
    """The text itself; the title is its first line that holds anything, if short."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return Content(text=text, title=first if len(first) <= MAX_TITLE_CHARACTERS else "")


def read_markdown(text: str) -> Content:
    """The text itself; title, date and author from front matter or the first heading."""
    front = _FRONT_MATTER.match(text)
    fields = {
        match[1].lower(): Span(match.start(2), match.start(2) + len(match[2].rstrip(" \t")))
        for match in (_FIELD.finditer(text, front.start(1), front.end(1)) if front else ())
    }
    body = _FENCE.sub("", text[front.end() :] if front else text)
    heading = _FIRST_HEADING.search(body)
    stated = [_unquoted(fields["title"].of(text))] if "title" in fields else []
    if heading is not None:
        stated.append(heading_words(heading[1]))
    elif front is None:
        stated.append(read_plain(text).title)
    return Content(
        text=text,
        title=next((title for title in stated if 0 < len(title) <= MAX_TITLE_CHARACTERS), ""),
        dates=_front_date(text, fields),
        metadata={"author": _unquoted(fields["author"].of(text))} if "author" in fields else {},
    )


def _front_date(text: str, fields: Mapping[str, Span]) -> tuple[DocumentDate, ...]:
    span = next((fields[name] for name in _DATE_FIELDS if name in fields), None)
    parsed = parse_date(_unquoted(span.of(text))) if span else None
    if parsed is None:
        return ()
    return (DocumentDate(*parsed, kind="published", origin="front matter", span=span),)


def _unquoted(value: str) -> str:
    quoted = re.fullmatch(r"(?s)([\"'])(.*)\1", value)
    return quoted[2] if quoted else value


def _read(data: bytes, source: str, parse: Callable[[str], Content]) -> Content:
    decoded = decode(data, source)
    content = parse(decoded.text)
    return replace(content, metadata={**decoded.metadata, **content.metadata})


PLAIN = Reader("text/plain", (".txt",), partial(_read, parse=read_plain))
MARKDOWN = Reader("text/markdown", (".md", ".markdown"), partial(_read, parse=read_markdown))
