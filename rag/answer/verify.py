"""Verification: a citation leaves only when its quote is what its span says."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rag.answer.across import Bridge, check_claim
from rag.errors import CitationError, UnsupportedClaimError
from rag.types import Citation, Claim, Document, Span

__all__ = ["cite", "known_of", "verify_citation", "verify_claim"]


def cite(document: Document, start: int, end: int) -> Citation:
    """A citation of code points [start, end) of the document, its quote copied from it."""
    published = document.published
    return Citation(
        document_id=document.id,
        content_hash=document.content_hash,
        title=document.title,
        source=document.sources[0],
        published=published.isoformat() if published else None,
        span=Span(start, end),
        quote=document.text[start:end],
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


def verify_claim(
    claim: Claim,
    documents: Mapping[str, Document],
    *,
    bridge: Bridge | None = None,
    given: Collection[str] = frozenset(),
) -> None:
    """Check that a claim has citations, that each holds, and that they say what it says.

    ``documents`` maps document id to the stored document. A claim in the words of one of
    its citations is sound; one in other words is checked fact by fact against them all,
    one in another language only with a ``bridge``. ``given`` are stems that a claim may
    have from the question that its citations answer.

    Raises:
        CitationError: the claim must not leave; UnsupportedClaimError where its citations
            are sound but do not support it.
    """
    if not claim.citations:
        raise CitationError(f"claim without a citation: {claim.text!r}")
    for citation in (*claim.citations, *claim.context):
        if citation.document_id not in documents:
            raise CitationError(
                f"claim cites document '{citation.document_id}', not in the archive"
            )
        verify_citation(citation, documents[citation.document_id])
    quotes = [citation.quote for citation in claim.citations]
    if claim.text in quotes:
        return
    cited = [
        documents[document_id] for document_id in {c.document_id: None for c in claim.citations}
    ]
    context = ". ".join(map(known_of, cited))
    check = check_claim(claim.text, quotes, context=context, bridge=bridge, given=given)
    if not check.holds:
        reasons = ", ".join(check.mismatches) or f"support {check.score:.2f} is too low"
        raise UnsupportedClaimError(
            f"no citation says what the claim says ({reasons}): {claim.text!r}"
        )


def known_of(document: Document) -> str:
    """What a reader of a sentence of the document knows: its title and date."""
    published = document.published
    return f"{document.title} {published.isoformat()}" if published else document.title
