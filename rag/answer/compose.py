"""Composing: the statements decided on become claims, each with its citations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.answer.decide import Quotation
from rag.answer.verify import cite
from rag.types import Claim, Document


def compose_quotes(
    quotations: Sequence[Quotation], documents: Mapping[str, Document]
) -> tuple[Claim, ...]:
    """A claim for each statement, in order, in the archive's own words.

    ``documents`` maps document id to document for every statement and what repeats it.
    """
    return tuple(_claim(quotation, documents) for quotation in quotations)


def _claim(quotation: Quotation, documents: Mapping[str, Document]) -> Claim:
    cited = [quotation.best, *quotation.repeats]
    citations = tuple(cite(documents[c.document_id], c.span.start, c.span.end) for c in cited)
    return Claim(
        text=quotation.best.quote,
        shown=citations[0].shown,
        citations=citations,
        support=quotation.best.support,
    )
