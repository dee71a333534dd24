"""Terms that a document explains after their name in bold: ``**Term.** A thing that ...``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eval.propose.wordings.grammar import is_clear
from eval.propose.wordings.sentence import Draft, Wording
from rag.types import Span

__all__ = ["draft_glossary"]

_ENTRY = re.compile(
    r"^(?P<entry>\*\*(?P<term>[A-Z][\w' -]{1,50}?)[.:]?\*\*[.:]?[ ]"
    r"(?P<said>[^\n.]{12,200}\.))(?=\s|$)",
    re.MULTILINE,
)
_OPENING = re.compile(r"(?:This is |(?=(?:An?|The) ))")
_ACRONYM = re.compile(r"[A-Z]{2,}(?: [IVX]+)?")


def draft_glossary(text: str, wording: Wording) -> Iterator[Draft]:
    """What the terms mean that the English document ``text`` explains entry by entry."""
    for match in _ENTRY.finditer(text):
        term, opening = match["term"], _OPENING.match(match["said"])
        acronym = _ACRONYM.fullmatch(term) is not None
        common = _in_small_letters(term, wording)
        if (opening is None or common is None) and not acronym:
            continue
        question = f"What is {term}?" if acronym else f'What is meant by "{common}"?'
        start = match.start("said") + (opening.end() if opening else 0)
        said = text[start : match.end("said") - 1]
        if is_clear(question, named=False):
            yield Draft(
                question=question,
                type="definition",
                said=" ".join(said.split()),
                answer=Span(start, match.end("said") - 1),
                evidence=Span(*match.span("entry")),
                quality=0.9,
            )


def _in_small_letters(term: str, wording: Wording) -> str | None:
    """A common noun as it is written within a sentence; None where it is a name."""
    words = term.split()
    if len(words) > 1 and all(word[0].isupper() for word in words):
        return None
    if any(character.isupper() for character in words[0][1:]) or words[0] in wording.names:
        return term
    return term[0].lower() + term[1:]
