"""Where a quote stands in a text that may have been spaced or set differently."""

from __future__ import annotations

import unicodedata

from rag.types import Span

__all__ = ["locate_quote"]


def locate_quote(quote: str, text: str) -> Span | None:
    """The first place of ``quote`` in ``text``, as written or else without regard to white
    space, case and compatibility forms (full-width punctuation); None where it is not.
    """
    if not quote.strip():
        return None
    at = text.find(quote)
    if at >= 0:
        return Span(at, at + len(quote))
    bare_quote, _ = _bare(quote)
    bare_text, places = _bare(text)
    at = bare_text.find(bare_quote)
    if not bare_quote or at < 0:
        return None
    return Span(places[at], places[at + len(bare_quote) - 1] + 1)


# What NFKC leaves apart though pages mix the forms freely.
_SAME = str.maketrans({"。": ".", "“": '"', "”": '"', "‘": "'", "’": "'"})


def _bare(text: str) -> tuple[str, list[int]]:
    """The text without white space, folded, and the offset each character came from."""
    characters: list[str] = []
    places: list[int] = []
    for offset, character in enumerate(text):
        folded = unicodedata.normalize("NFKC", character).casefold().translate(_SAME)
        for part in folded:
            if not part.isspace():
                characters.append(part)
                places.append(offset)
    return "".join(characters), places
