"""A file's bytes become a Document: read by media type, date, name its language."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from rag.errors import ReadError
from rag.read.base import Content, Reader, installed_readers
from rag.read.blocks import covering
from rag.read.plain import PLAIN
from rag.text.dates import find_dates
from rag.text.language import language_of
from rag.types import UPLOAD_PREFIX, Document, DocumentDate

_ID_DIGITS = 16


def supported_suffixes() -> frozenset[str]:
    """File name endings that can be read, in lower case, each with its dot."""
    return frozenset(installed_readers())


def read_document(source: str, data: bytes) -> Document:
    """The document in ``data``; ``source`` is the path or URL it came from,
    or UPLOAD_PREFIX and a file name.

    The text is exactly as decoded, byte order mark aside (for a web page: the main text
    as extracted). A URL without a known suffix is read as the page or plain text that
    it turns out to be.

    Raises:
        ReadError: the suffix is unknown, the content is no text or cannot be parsed, or there
            is none. It raises nothing else.
    """
    reader = _reader(source, data)
    content = reader.read(data, source)
    try:
        blocks = covering(content.text, content.blocks)
    except ValueError as error:
        raise ReadError(
            f"{source} was read with wrong blocks: {error}",
            remedy=f"tell the author of the reader of {reader.media_type}",
        ) from error
    digest = hashlib.sha256(content.text.encode("utf-8")).hexdigest()
    title = content.title or _name(source)
    language = language_of(content.text)
    return Document(
        id=digest[:_ID_DIGITS],
        sources=(source,),
        title=title,
        text=content.text,
        content_hash=digest,
        language=language,
        dates=_dates(content, source, title, language),
        metadata={
            "media_type": reader.media_type,
            "bytes": str(len(data)),
            **content.metadata,
        },
        blocks=blocks,
    )


def _reader(source: str, data: bytes) -> Reader:
    """The reader by suffix; for a URL without a known one, by what its content looks like."""
    readers = installed_readers()
    suffix = PurePosixPath(_name(source)).suffix.lower()
    if suffix in readers:
        return readers[suffix]
    if "://" in source:
        return next((found for found in readers.values() if found.recognises(data)), PLAIN)
    known = ", ".join(sorted(readers))
    raise ReadError(
        f"{source} has the suffix {suffix or '(none)'}", remedy=f"what can be read: {known}"
    )


def _dates(content: Content, source: str, title: str, language: str) -> tuple[DocumentDate, ...]:
    taken = [date.span for date in content.dates if date.span is not None]
    found = find_dates(
        content.text, language=language, source=source, html_date=content.page_date, title=title
    )
    return content.dates + tuple(
        date
        for date in found
        if date.span is None or not any(date.span.overlaps(span) for span in taken)
    )


def _name(source: str) -> str:
    """The last part of a path or URL, or a URL's host where its path is empty."""
    source = source.removeprefix(UPLOAD_PREFIX)
    if "://" in source:
        try:
            parts = urlsplit(source)
        except ValueError as error:
            raise ReadError(f"{source} is not a valid URL: {error}") from error
        return PurePosixPath(unquote(parts.path)).name or parts.netloc or source
    return PurePosixPath(source.replace("\\", "/")).name or source
