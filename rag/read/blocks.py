"""Blocks that cover a text: what no reader has named becomes paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.text.sentences import BLANK_LINES
from rag.types import Block, Span

_DASH = re.compile(r"[—–―]|--?(?=\s)")
_LONGEST_ATTRIBUTION = 120


def covering(text: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """``blocks`` in order with paragraphs between them, together all of ``text``.

    Blocks are trimmed of white space; those that hold nothing else are left out. What lies
    between them is parted into paragraphs at blank lines.

    Raises:
        ValueError: two blocks overlap, or one reaches beyond the text.
    """
    found: list[Block] = []
    end = 0
    for block in sorted(blocks, key=lambda block: block.span):
        if block.span.start < end or block.span.end > len(text):
            raise ValueError(f"block {block.span} overlaps another or the end of the text")
        if not text[end : block.span.start].isspace():
            found += paragraphs(text, Span(end, block.span.start))
        end = block.span.end
        if (span := trimmed(text, block.span)) is not None:
            found.append(block if span == block.span else replace(block, span=span))
    return (*found, *paragraphs(text, Span(end, len(text))))


def paragraphs(text: str, within: Span) -> Iterator[Block]:
    """The paragraphs of a stretch of text, parted by blank lines."""
    start = within.start
    for match in BLANK_LINES.finditer(text, within.start, within.end):
        yield from _paragraph(text, Span(start, match.start()))
        start = match.end()
    yield from _paragraph(text, Span(start, within.end))


def _paragraph(text: str, span: Span) -> Iterator[Block]:
    if (found := trimmed(text, span)) is not None:
        yield Block(found, "paragraph")


def trimmed(text: str, span: Span) -> Span | None:
    """``span`` without white space at its ends; None where nothing is left."""
    content = span.of(text)
    bare = content.strip()
    if bare == content:
        return span if bare else None
    start = span.start + len(content) - len(content.lstrip())
    return Span(start, start + len(bare)) if bare else None


def names_speaker(text: str) -> bool:
    """Whether the last line of a quotation says who is quoted: short, behind a dash.

    In a dialogue other lines begin so too.
    """
    return len(text) <= _LONGEST_ATTRIBUTION and _DASH.match(text) is not None
