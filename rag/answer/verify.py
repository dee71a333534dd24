"""Verification: a citation leaves only when its quote is what its span says."""

from __future__ import annotations

from collections.abc import Mapping

from rag.errors import CitationError
from rag.store.records import DocumentSummary
from rag.text.statements import visible_text
from rag.types import Citation, Claim, Document, Span


def cite(document: Document, start: int, end: int) -> Citation:
    """A citation of code points [start, end) of the document, its quote copied from it."""
    span = Span(start, end)
    shown = visible_text(document.text, span, document.blocks, document.language)
    # What is hidden says nothing unless it is all that is cited.
    return cite_window(document, span, span.of(document.text), shown.strip() or None)


def cite_window(
    document: Document | DocumentSummary, span: Span, quote: str, shown: str | None = None
) -> Citation:
    """A citation of a span of the document whose characters are ``quote``.

    It is ``shown`` as it is where nothing else is said.
    """
    published = document.published
    return Citation(
        document_id=document.id,
        content_hash=document.content_hash,
        title=document.title,
        source=document.sources[0],
        published=published.isoformat() if published else None,
        span=span,
        quote=quote,
        shown=quote if shown is None else shown,
        encoding_note=document.encoding_note,
    )


def verify_citation(citation: Citation, document: Document) -> None:
    """Check a citation against the stored document.

    Raises:
        CitationError: it cites another document, an empty or outlying range, or words
            that are not there.
    """
    if citation.document_id != document.id:
        raise CitationError(
            f"citation of '{citation.document_id}' was checked against '{document.id}'"
        )
    where = f"[{citation.span.start}, {citation.span.end}) of document '{document.id}'"
    if len(citation.span) == 0 or citation.span.end > len(document.text):
        raise CitationError(f"citation {where} points at no text", remedy="run 'footnote doctor'")
    if citation.span.of(document.text) != citation.quote:
        raise CitationError(
            f"citation {where} does not quote what is there", remedy="run 'footnote doctor'"
        )


def verify_claim(claim: Claim, documents: Mapping[str, Document]) -> None:
    """Check that a claim has citations, that each holds, and that one of them is its words.

    ``documents`` maps document id to the stored document.

    Raises:
        CitationError: the claim must not leave.
    """
    if not claim.citations:
        raise CitationError(f"claim without a citation: {claim.text!r}")
    for citation in (*claim.citations, *claim.context):
        if citation.document_id not in documents:
            raise CitationError(
                f"claim cites document '{citation.document_id}', which is not in the archive"
            )
        verify_citation(citation, documents[citation.document_id])
    if claim.text not in (citation.quote for citation in claim.citations):
        raise CitationError(f"claim in other words than its citations: {claim.text!r}")
