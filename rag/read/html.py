"""Web pages: the main text, without navigation, by trafilatura."""

from __future__ import annotations

import re

import trafilatura

from rag.errors import ReadError
from rag.read.plain import MAX_TITLE_CHARACTERS, Content

__all__ = ["declared_charset", "looks_like_html", "read_html"]

_CHARSET = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w:.-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w:.-]+)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|\?xml)", re.I | re.S)
# Standards let a page declare its encoding within this many bytes; some are late.
_DECLARATION_BYTES = 4096
# Only what the page states: the wider search takes any date near the text, and turns a
# lone year into its first of January.
_DATE_PARAMETERS = {"extensive_search": False, "original_date": True}


def declared_charset(data: bytes) -> str | None:
    """The encoding that the page's own head names, or None."""
    match = _CHARSET.search(data[:_DECLARATION_BYTES])
    if match is None:
        return None
    return (match[1] or match[2]).decode("ascii", errors="replace")


def looks_like_html(text: str) -> bool:
    """Whether ``text`` begins as a web page does."""
    return _MARKUP.match(text[:_DECLARATION_BYTES]) is not None


def read_html(markup: str, source: str) -> Content:
    """The page's main text, title, author, site, address and stated date.

    The text is what trafilatura extracts, favouring recall; where it finds no main text,
    everything the page shows.

    Raises:
        ReadError: the page shows no text.
    """
    # The source's URL is kept from it: a date in that is found, and named so, elsewhere.
    page = trafilatura.bare_extraction(
        markup,
        favor_recall=True,
        include_comments=False,
        with_metadata=True,
        date_extraction_params=_DATE_PARAMETERS,
    )
    # By its type it may be a dictionary; as called here it is an object or None.
    fields = {} if page is None or isinstance(page, dict) else page.as_dict()
    text = fields.get("text") or trafilatura.html2txt(markup)
    # One block of the page a line: a blank line between them keeps a heading or byline
    # from being read as the beginning of the sentence below it.
    text = re.sub(r"\n+", "\n\n", text)
    # A numeric reference may name half a surrogate pair, which UTF-8 cannot hold.
    text = text.encode("utf-8", errors="replace").decode("utf-8")
    if not text.strip():
        raise ReadError(f"{source} holds no text: the page shows nothing but markup or scripts")
    title = " ".join((fields.get("title") or "").split())
    named = {"author": "author", "site": "sitename", "url": "url"}
    return Content(
        text=text,
        title=title if len(title) <= MAX_TITLE_CHARACTERS else "",
        page_date=fields.get("date"),
        metadata={name: str(fields[key]) for name, key in named.items() if fields.get(key)},
    )
