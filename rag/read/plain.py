"""Plain text: it is taken as it is, its structure told by its layout."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.read.base import MAX_TITLE_CHARACTERS, Content, Reader
from rag.read.decode import decode
from rag.read.layout.parse import plain_blocks
from rag.read.markdown import MARKDOWN as MARKDOWN  # until installed anew: its old place
from rag.read.markdown import looks_like_markdown, read_markdown

_HASHES = re.compile(r"#{1,6}[ \t]+(?=\S)")


def read_plain(text: str) -> Content:
    """The text itself with its structure; the title is its first line, if short.

    What holds the structure of Markdown is read as that.
    """
    if looks_like_markdown(text):
        return read_markdown(text)
    return Content(text=text, title=_first_line(text), blocks=plain_blocks(text))


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
