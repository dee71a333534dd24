"""The short answer: the exact characters of a claim that name the thing asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rag.answer.verify import verify_citation
from rag.types import Candidate, Citation, Claim, Document, Span

# The score (in logits) from which on the reading model's span is given.
LEAST_SCORE = 2.0
_SIGNS = "-\u2212+\u00b1"  # hyphen, minus, plus, plus or minus


def find_short_answer(
    best: Candidate, claim: Claim, documents: Mapping[str, Document]
) -> Citation | None:
    """What the model reads as the answer within the best statement, cited by its own span.

    None where it is too unsure.

    Raises:
        CitationError: the span does not quote the document.
    """
    if best.answer is None or best.features.span < LEAST_SCORE:
        return None
    cited = next((c for c in claim.citations if c.quote == claim.text), None)
    if cited is None:
        return None
    document = documents[best.document_id]
    span = _with_sign(best.answer, document.text)
    quote = span.of(document.text)
    short = replace(cited, span=span, quote=quote, shown=quote)
    verify_citation(short, document)
    return short


def _with_sign(span: Span, text: str) -> Span:
    """A number with the sign before it, which is a token of its own to the model."""
    before = text[: span.start]
    signed = before.endswith(tuple(_SIGNS)) and not before[:-1][-1:].strip()
    if signed and text[span.start : span.start + 1].isdigit():
        return Span(span.start - 1, span.end)
    return span
