"""Plain text: it is taken as it is."""

from __future__ import annotations

from dataclasses import replace

from rag.read.base import MAX_TITLE_CHARACTERS, Content, Reader
from rag.read.decode import decode
from rag.read.markdown import MARKDOWN as MARKDOWN  # until installed anew: its old place
from rag.read.markdown import looks_like_markdown, read_markdown


def read_plain(text: str) -> Content:
    """The text itself; the title is its first line that holds anything, if short.

    What holds the structure of Markdown is read as that.
    """
    if looks_like_markdown(text):
        return read_markdown(text)
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return Content(text=text, title=first if len(first) <= MAX_TITLE_CHARACTERS else "")


def _read(data: bytes, source: str) -> Content:
    decoded = decode(data, source)
    content = read_plain(decoded.text)
    return replace(content, metadata={**decoded.metadata, **content.metadata})


PLAIN = Reader("text/plain", (".txt",), _read)
