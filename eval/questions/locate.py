"""Find a quote in a text whose spacing or punctuation may differ."""

from __future__ import annotations

import unicodedata

from rag.types import Span


def locate_quote(quote: str, text: str) -> Span | None:
    """The first occurrence of ``quote`` in ``text``, exact or else ignoring white space,
    case and compatibility forms (full-width punctuation); None if there is none.
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


# Variants that NFKC does not unify.
_SAME = str.maketrans({"。": ".", "“": '"', "”": '"', "‘": "'", "’": "'"})


def _bare(text: str) -> tuple[str, list[int]]:
    """The text without white space, case-folded, and the offset of each character."""
    characters: list[str] = []
    places: list[int] = []
    for offset, character in enumerate(text):
        folded = unicodedata.normalize("NFKC", character).casefold().translate(_SAME)
        for part in folded:
            if not part.isspace():
                characters.append(part)
                places.append(offset)
    return "".join(characters), places
