"""Web pages: the main text, without navigation, by trafilatura."""

from __future__ import annotations

import re
from dataclasses import replace

import trafilatura

from rag.errors import ReadError
from rag.read.base import MAX_TITLE_CHARACTERS, Content, Reader
from rag.read.decode import Decoded, decode

_CHARSET = re.compile(
    rb"<meta[^>]+charset\s*+=\s*+[\"']?\s*+([\w:.-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w:.-]+)",
    re.IGNORECASE,
)
# Possessive: a comment that could end at any of many places would take exponential time.
_MARKUP = re.compile(
    r"\s*+(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:!doctype\s+html|html|head|body|\?xml)", re.I | re.S
)
# Standards let a page declare its encoding within this many bytes; some are late.
_DECLARATION_BYTES = 4096
# Only what the page states: the wider search takes any date near the text, and turns a
# lone year into its first of January.
_DATE_PARAMETERS = {"extensive_search": False, "original_date": True}


def _decode(data: bytes, source: str) -> Decoded:
    """The markup of a page, in the encoding that its own head names where it names one."""
    return decode(data, source, declared=_declared_charset(data))


def _declared_charset(data: bytes) -> str | None:
    match = _CHARSET.search(data[:_DECLARATION_BYTES])
    if match is None:
        return None
    return (match[1] or match[2]).decode("ascii", errors="replace")


def _is_page(data: bytes) -> bool:
    """Whether it begins as a web page does."""
    try:
        return _MARKUP.match(_decode(data, "it").text) is not None
    except ReadError:
        return False


def read_html(markup: str, source: str) -> Content:
    """The page's main text, title, author, site, address and stated date.

    The text is what trafilatura extracts, favouring recall; where it finds no main text,
    everything the page shows.

    Raises:
        ReadError: the page shows no text, or cannot be parsed.
    """
    fields, text = _extracted(markup, source)
    if not text.strip():
        # Without "<html" near its start trafilatura takes it for no page: a fragment, or
        # a page below a long comment.
        fields, text = _extracted(f"<html>{markup}</html>", source)
    # One block of the page a line: a blank line between them keeps a heading or byline
    # from being read as the beginning of the sentence below it.
    text = re.sub(r"\n+", "\n\n", text)
    if not text.strip():
        raise ReadError(f"{source} holds no text: the page shows nothing but markup or scripts")
    title = " ".join(fields.get("title", "").split())
    named = {"author": "author", "site": "sitename", "url": "url"}
    return Content(
        text=text,
        title=title if len(title) <= MAX_TITLE_CHARACTERS else "",
        page_date=fields.get("date"),
        metadata={name: fields[key] for name, key in named.items() if key in fields},
    )


def _extracted(markup: str, source: str) -> tuple[dict[str, str], str]:
    """What the page says of itself, nothing empty, and its text, which may be empty.

    Raises:
        ReadError: the page cannot be parsed.
    """
    failure: Exception | None = None
    for with_metadata in (True, False):
        try:
            return _parsed(markup, with_metadata=with_metadata)
        except Exception as error:  # noqa: BLE001
            # A third-party parser on untrusted input: odd metadata alone makes it fail by
            # AttributeError, and one odd page must not end the ingest of an archive.
            failure = error
    raise ReadError(
        f"{source} holds markup that cannot be parsed ({type(failure).__name__}: {failure})",
        remedy="save its text as .txt",
    ) from failure


def _parsed(markup: str, *, with_metadata: bool) -> tuple[dict[str, str], str]:
    # The source's URL is kept from it: a date in that is found, and named so, elsewhere.
    page = trafilatura.bare_extraction(
        markup,
        favor_recall=True,
        include_comments=False,
        with_metadata=with_metadata,
        date_extraction_params=_DATE_PARAMETERS,
    )
    # By its type it may be a dictionary; as called here it is an object or None.
    found = {} if page is None or isinstance(page, dict) else page.as_dict()
    wanted = ("text", "title", "author", "sitename", "url", "date")
    fields = {key: _encodable(str(found[key])) for key in wanted if found.get(key)}
    return fields, fields.pop("text", "") or _encodable(trafilatura.html2txt(markup))


def _encodable(text: str) -> str:
    """``text`` without half surrogate pairs: a numeric reference may name one."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _read_page(data: bytes, source: str) -> Content:
    decoded = _decode(data, source)
    content = read_html(decoded.text, source)
    return replace(content, metadata={**decoded.metadata, **content.metadata})


HTML = Reader("text/html", (".html", ".htm"), _read_page, _is_page)
