"""Links to characters of a document that can be checked after the document has changed."""

from __future__ import annotations

import re
from urllib.parse import quote

from rag.types import Span

__all__ = ["parse_span", "permalink"]

_SPAN = re.compile(r"([0-9]{1,9})-([0-9]{1,9})", re.ASCII)


def permalink(document_id: str, content_hash: str, span: Span | None = None) -> str:
    """The path of a document at a span, relative to the server's root.

    The hash tells the viewer whether the document is still the one that was cited.
    """
    at = f"&span={span.start}-{span.end}" if span is not None else ""
    return f"/documents/{quote(document_id, safe='')}?hash={quote(content_hash, safe='')}{at}"


def parse_span(text: str) -> Span:
    """The span that ``START-END`` writes, in code points, end exclusive.

    Raises:
        ValueError: it is no such range.
    """
    found = _SPAN.fullmatch(text)
    if found is None or int(found[1]) >= int(found[2]):
        raise ValueError(f"span {text!r} is no range; write START-END, START below END")
    return Span(int(found[1]), int(found[2]))
