"""Gold evidence of a suite beside the statements of its documents.

Edges are compared as a reader sees them: white space, what a block hides and marks such as
a bullet or a bar at the edge of either do not count.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eval.questions.library import Library
from eval.questions.locate import locate_quote
from eval.questions.suite import SuiteFiles, read_corpus, read_suite
from rag.text.statements import find_statements
from rag.types import Document, Span

CLAIMS = "claims.jsonl"

Fit = Literal["one", "run", "inside", "cut", "none"]
"""How gold evidence lies to statements.

one     it is exactly one
run     it is exactly several that follow one another
inside  it is a part of one
cut     it begins or ends within one and reaches into another
none    no statement holds any of it
"""

# At the edge of a line they are layout: bullets, bars, marks of emphasis and of headings.
_MARKS = frozenset("*_#>|`~•·▪◦‣-–—+=")


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A document of a suite with its gold.

    ``statements`` are the spans that a reader sees, in order. ``evidence`` is that of
    questions; ``sentences`` besides that of claims. Each holds a span once, in order.
    """

    document: Document
    seen: str
    statements: tuple[Span, ...]
    evidence: tuple[Span, ...]
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Sentence boundaries of one document, as offsets of what follows them.

    ``right`` are in gold and found, ``missed`` in gold alone; ``false`` are found within
    gold evidence, which says that there is none.
    """

    right: tuple[int, ...]
    missed: tuple[int, ...]
    false: tuple[int, ...]


def read_gold(folder: Path) -> tuple[list[GoldDocument], int]:
    """The documents of a suite that have gold, and how many quotes were not found in them.

    Raises:
        QuestionSetError: the suite is malformed.
    """
    library = Library(read_corpus(folder))
    cases = read_suite(SuiteFiles(folder), library).cases
    pieces = [(piece.document, piece.span) for case in cases for piece in case.gold.evidence]
    quotes = [(key, locate_quote(quote, library.text(key))) for key, quote in _claims(folder)]
    evidence, sentences = _by_document(pieces), _by_document([*pieces, *quotes])
    found = [
        _gold_document(document, evidence.get(key, ()), sentences[key])
        for document in library.documents
        if (key := document.sources[0]) in sentences
    ]
    return found, sum(span is None for _, span in (*pieces, *quotes))


def _claims(folder: Path) -> list[tuple[str, str]]:
    """Document and quote of each claim's evidence, where the suite has claims."""
    path = folder / CLAIMS
    if not path.exists():
        return []
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [(row["doc_id"], quote) for row in rows for quote in row["evidence"]]


def _by_document(pieces: Sequence[tuple[str, Span | None]]) -> dict[str, tuple[Span, ...]]:
    found: dict[str, set[Span]] = {}
    for key, span in pieces:
        if span is not None:
            found.setdefault(key, set()).add(span)
    return {key: tuple(sorted(spans)) for key, spans in found.items()}


def _gold_document(
    document: Document, evidence: Sequence[Span], sentences: Sequence[Span]
) -> GoldDocument:
    text = document.text
    seen = _shown(document)
    statements = find_statements(text, document.blocks, document.language)
    return GoldDocument(
        document=document,
        seen=seen,
        statements=without_marks(seen, [statement.span for statement in statements]),
        evidence=without_marks(seen, evidence),
        sentences=without_marks(seen, sentences),
    )


def _shown(document: Document) -> str:
    """The text with a blank for each character that no reader sees."""
    characters = list(document.text)
    for block in document.blocks:
        for span in (block.span,) if block.kind == "hidden" else block.hidden:
            characters[span.start : span.end] = " " * len(span)
    return "".join(characters)


def without_marks(seen: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans without what does not count at their edges; those with nothing else left out."""
    found: list[Span] = []
    for span in spans:
        start, end = span.start, span.end
        while start < end and _is_silent(seen[start]):
            start += 1
        while start < end and _is_silent(seen[end - 1]):
            end -= 1
        if start < end:
            found.append(Span(start, end))
    return tuple(found)


def _is_silent(character: str) -> bool:
    return character.isspace() or character in _MARKS


def fit(piece: Span, statements: Sequence[Span]) -> Fit:
    """How a piece of gold evidence lies to statements that are in order."""
    first = bisect_right(statements, piece.start, key=lambda span: span.end)
    last = bisect_left(statements, piece.end, key=lambda span: span.start)
    overlapped = statements[first:last]
    if not overlapped:
        return "none"
    start, end = overlapped[0].start, overlapped[-1].end
    if (start, end) == (piece.start, piece.end):
        return "one" if len(overlapped) == 1 else "run"
    return "inside" if len(overlapped) == 1 and start <= piece.start < piece.end <= end else "cut"


def boundaries(gold: GoldDocument) -> Boundaries:
    """The sentence boundaries of a document against those that its gold evidence tells.

    Evidence begins and ends with a sentence, and has no boundary inside but where other
    evidence begins or ends, and between its lines where it has several: then it is of a
    list or table. The beginning and the end of the text are left out.
    """
    seen = gold.seen
    found = {at for span in gold.statements for at in (span.start, _after(seen, span.end))}
    told = {at for span in gold.sentences for at in (span.start, _after(seen, span.end))}
    inside = {
        at
        for span in gold.sentences
        for at in found
        if span.start < at < span.end and "\n" not in _gap(seen, at)
    }
    edges = {_after(seen, 0), len(seen)}
    return Boundaries(
        right=tuple(sorted((told & found) - edges)),
        missed=tuple(sorted(told - found - edges)),
        false=tuple(sorted(inside - told - edges)),
    )


def _after(seen: str, offset: int) -> int:
    """Offset of the next character that counts, or the length of the text."""
    while offset < len(seen) and _is_silent(seen[offset]):
        offset += 1
    return offset


def _gap(seen: str, offset: int) -> str:
    """What does not count before ``offset``."""
    start = offset
    while start > 0 and _is_silent(seen[start - 1]):
        start -= 1
    return seen[start:offset]
