"""Links to a span of a document that can tell whether the document has changed since."""

from __future__ import annotations

import re
from urllib.parse import quote

from rag.types import Span

_SPAN = re.compile(r"([0-9]{1,9})-([0-9]{1,9})", re.ASCII)


def permalink(document_id: str, content_hash: str, span: Span | None = None) -> str:
    """The path of a document at a span, relative to the server's root.

    By the hash the viewer knows whether the document is still the one that was cited.
    """
    at = f"&span={span.start}-{span.end}" if span is not None else ""
    return f"/documents/{quote(document_id, safe='')}?hash={quote(content_hash, safe='')}{at}"


def parse_span(text: str) -> Span:
    """The span written as ``START-END``, in code points, end exclusive.

    Raises:
        ValueError: the text is not such a range.
    """
    found = _SPAN.fullmatch(text)
    if found is None or int(found[1]) >= int(found[2]):
        raise ValueError(f"span {text!r} is not a range START-END with START below END")
    return Span(int(found[1]), int(found[2]))
