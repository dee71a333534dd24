"""Context for the reader: what a quoted statement is not understood without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answer.decide import Quotation
from rag.answer.verify import cite, verify_claim
from rag.question.analysis import QuestionTerms
from rag.text.normalise import search_text
from rag.text.statements import find_statements, visible_text
from rag.text.words import name_is_among, stem_tokens
from rag.types import Claim, Document, Span, Statement

# How far back is looked, in statements and in code points.
_STATEMENTS_BACK = 3
_CHARACTERS_BACK = 1500


def add_context(
    question: QuestionTerms,
    quotations: Sequence[Quotation],
    claims: Sequence[Claim],
    documents: Mapping[str, Document],
) -> tuple[Claim, ...]:
    """The claims, one for each of ``quotations``, with what they are not understood without.

    That is what the text's structure says (lead-in, header row, question), and, where a name
    that is asked about stands in neither, the nearest of the three statements before it in
    its section, of the headings above it or the title that has the name. A context that the
    claim before has said is not repeated.

    Raises:
        CitationError: a context does not quote its document.
    """
    found: list[Claim] = []
    said: set[tuple[str, Span]] = set()
    for quotation, claim in zip(quotations, claims, strict=True):
        document = documents[quotation.best.document_id]
        spans = _context(question, quotation.best.statement, document)
        context = tuple(
            cite(document, span.start, span.end)
            for span in spans
            if (document.id, span) not in said
        )
        if context:
            claim = replace(claim, context=context)
            verify_claim(claim, documents)
        found.append(claim)
        said = {(document.id, span) for span in spans}
        said |= {(cited.document_id, cited.span) for cited in claim.citations}
    return tuple(found)


def _context(question: QuestionTerms, statement: Statement, document: Document) -> list[Span]:
    structural = list(statement.context)
    shown = frozenset[str]().union(
        *(_stems(document, span) for span in (*structural, statement.span))
    )
    missing = _not_among(question, shown)
    if not missing:
        return structural
    for span in _before(statement, document):
        if _not_among(question, shown | _stems(document, span)) < missing:
            return [span, *structural]
    return structural


def _not_among(question: QuestionTerms, stems: frozenset[str]) -> frozenset[str]:
    """The names of the question that these words lack; its content words where it has none."""
    if question.names:
        return frozenset(name for name in question.names if not name_is_among(name, stems))
    return question.content - stems


def _before(statement: Statement, document: Document) -> list[Span]:
    """Where it may be said who is meant, nearest first; the title only where the text has it."""
    start = statement.span.start
    back = Span(max(0, start - _CHARACTERS_BACK), start)
    earlier = [
        each.span
        for each in find_statements(document.text, document.blocks, document.language, back)
        if each.headings == statement.headings and each.kind != "heading"
    ]
    title = document.text.find(document.title) if document.title else -1
    titles = [Span(title, title + len(document.title))] if 0 <= title < start else []
    near = [span for span in earlier[: -_STATEMENTS_BACK - 1 : -1] if span.end <= start]
    return [*near, *reversed(statement.headings), *titles]


def _stems(document: Document, span: Span) -> frozenset[str]:
    return frozenset(
        stem_tokens(
            search_text(visible_text(document.text, span, document.blocks, document.language))
        )
    )
