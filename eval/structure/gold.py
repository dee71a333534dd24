"""Gold evidence of a suite beside the statements of its documents.

Edges are compared as a reader sees them: white space, what a block hides, and marks such as
a bullet, a bar or the number of an item at the edge of either do not count. Where sentences
end, quotation marks and brackets do not count either: evidence is often given without them.
"""

from __future__ import annotations

import json
import re
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
_ITEM_NUMBER = re.compile(r"\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]\s")
_QUOTES = frozenset("\"'“”„‟‘’‚«»‹›「」『』()[]（）［］【】")
_SENTENCE_ENDS = frozenset(".!?…。！？")
_EMPHASIS = frozenset("*_")
_CJK = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
_SHORT_NUMBER = re.compile(r"(?<!\d)\d{1,2}\.$")
_ORDINAL_STOP = ("de",)


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A document of a suite with its gold.

    ``seen`` is its text with a blank for each character that no reader sees. ``statements``
    are the spans that a reader sees, in order. ``evidence`` is that of questions;
    ``sentences`` besides that of claims. Each holds a span once, in order.
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
        start, end = _begin(seen, span.start), span.end
        while start < end and _is_silent(seen[end - 1]):
            end -= 1
        if start < end:
            found.append(Span(start, end))
    return tuple(found)


def _begin(seen: str, offset: int) -> int:
    """Offset of the next character that counts, or the length of the text."""
    while offset < len(seen):
        if _is_silent(seen[offset]):
            offset += 1
        elif _begins_line(seen, offset) and (number := _ITEM_NUMBER.match(seen, offset)):
            offset = number.end()
        else:
            break
    return offset


def _is_silent(character: str) -> bool:
    return character.isspace() or character in _MARKS


def _begins_line(seen: str, offset: int) -> bool:
    start = offset
    while start > 0 and seen[start - 1] != "\n" and _is_silent(seen[start - 1]):
        start -= 1
    return start == 0 or seen[start - 1] == "\n"


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

    Evidence tells of a boundary at an edge that stands beside the end of a line or behind an
    end mark; elsewhere it begins or ends amid a sentence. It tells that there is none inside
    it, but where other evidence has an edge, between lines of evidence that has several,
    and where the program that cut evidence to sentences does not look: at an end mark within
    emphasis or with no space behind it, and behind one or two digits, which in German alone
    are an ordinal. The beginning and the end of the text are left out.
    """
    seen = gold.seen
    found = {at for span in gold.statements for at in _edges(seen, span)}
    told = {at for span in gold.sentences for at in _edges(seen, span) if _is_end(seen, at)}
    inside = {
        at
        for span in gold.sentences
        for at in found
        if span.start < at < span.end and not _is_unsaid(gold, at)
    }
    ends = {_next(seen, 0), len(seen)}
    return Boundaries(
        right=tuple(sorted((told & found) - ends)),
        missed=tuple(sorted(told - found - ends)),
        false=tuple(sorted(inside - told - ends)),
    )


def _edges(seen: str, span: Span) -> tuple[int, int]:
    """Where a sentence begins and where what follows it begins."""
    return _next(seen, span.start), _next(seen, span.end)


def _next(seen: str, offset: int) -> int:
    """Offset of the next character that counts, quotation marks and brackets left out."""
    while (at := _begin(seen, offset)) < len(seen) and seen[at] in _QUOTES:
        offset = at + 1
    return at


def _before(seen: str, offset: int) -> int:
    """Where what does not count before ``offset`` begins, the number of an item aside."""
    while offset > 0 and (_is_silent(seen[offset - 1]) or seen[offset - 1] in _QUOTES):
        offset -= 1
    return offset


def _opens_line(seen: str, offset: int) -> bool:
    """Whether nothing but the number of an item stands before it in its line."""
    line = seen.rfind("\n", 0, offset) + 1
    return _begin(seen, line) >= _before(seen, offset)


def _is_end(seen: str, offset: int) -> bool:
    return _opens_line(seen, offset) or seen[_before(seen, offset) - 1] in _SENTENCE_ENDS


def _is_unsaid(gold: GoldDocument, offset: int) -> bool:
    """Whether gold does not tell if a sentence begins here."""
    seen, end = gold.seen, _before(gold.seen, offset)
    return (
        _opens_line(seen, offset)
        or gold.document.text[end] in _EMPHASIS
        or (
            not any(map(str.isspace, gold.document.text[end:offset]))
            and not _CJK.match(seen, offset)
        )
        or (
            gold.document.language not in _ORDINAL_STOP
            and _SHORT_NUMBER.search(seen, max(0, end - 4), end) is not None
        )
    )
