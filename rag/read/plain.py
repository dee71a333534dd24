"""Plain text: it is taken as it is, its structure told by its layout."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.read.base import MAX_TITLE_CHARACTERS, Content, Reader
from rag.read.decode import decode
from rag.read.layout.parse import plain_blocks
from rag.read.markdown import looks_like_markdown, read_markdown
from rag.types import Block, Span

_HASHES = re.compile(r"#{1,6}[ \t]+(?=\S)")


def read_plain(text: str) -> Content:
    """The text itself with its structure; the title is its first line, if short.

    Where it holds the marks of Markdown, what those hide and the code are hidden and code.
    """
    blocks = plain_blocks(text)
    if not looks_like_markdown(text):
        return Content(text=text, title=_first_line(text), blocks=blocks)
    marked = read_markdown(text)
    return replace(marked, blocks=tuple(_with_marks(blocks, marked.blocks)))


def _with_marks(blocks: Sequence[Block], marked: Sequence[Block]) -> Iterator[Block]:
    """Blocks told by layout, with what only the reader of Markdown knows of the same text:
    stretches that nobody sees, code, footnotes."""
    other = [block for block in marked if block.kind in ("hidden", "code", "note")]
    hidden = sorted(
        span
        for block in marked
        for span in (*block.hidden, *((block.span,) if block.kind == "hidden" else ()))
    )
    at = 0
    for block in blocks:
        start, end = block.span.start, block.span.end
        while at < len(other) and other[at].span.end <= start:
            at += 1
        above = other[at].span if at < len(other) and not block.cells else None
        if above is not None and above.start <= start and end <= above.end:
            yield Block(block.span, other[at].kind)
            continue
        inside = hidden[
            bisect_left(hidden, Span(start, start)) : bisect_left(hidden, Span(end, end))
        ]
        unseen = (*block.hidden, *(span for span in inside if span.end <= end))
        yield replace(block, hidden=_merged(unseen))


def _merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans in order, those that overlap as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def _first_line(text: str) -> str:
    """The first line that holds anything, without the marks around it; empty if long."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(first) > MAX_TITLE_CHARACTERS:
        return ""
    if first.startswith("**") and first.endswith("**") and first.count("**") == 2:
        return first[2:-2].strip()
    return _HASHES.sub("", first, count=1) if first.startswith("#") else first


def _read(data: bytes, source: str) -> Content:
    decoded = decode(data, source)
    content = read_plain(decoded.text)
    return replace(content, metadata={**decoded.metadata, **content.metadata})


PLAIN = Reader("text/plain", (".txt",), _read)
