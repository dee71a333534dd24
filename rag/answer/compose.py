"""Composing: the statements decided on become claims, each with its citations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.answer.decide import Statement
from rag.answer.verify import cite
from rag.types import Claim, Document


def compose_quotes(
    statements: Sequence[Statement], documents: Mapping[str, Document]
) -> tuple[Claim, ...]:
    """A claim for each statement, in order, in the archive's own words.

    ``documents`` maps document id to document for every statement and what repeats it.
    """
    return tuple(_claim(statement, documents) for statement in statements)


def _claim(statement: Statement, documents: Mapping[str, Document]) -> Claim:
    cited = [statement.best, *statement.repeats]
    return Claim(
        text=statement.best.quote,
        citations=tuple(cite(documents[c.document_id], c.span.start, c.span.end) for c in cited),
        support=statement.best.support,
    )
