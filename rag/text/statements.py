"""Statements: what a text says piece by piece, and how a reader sees it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.text.hyphens import line_break_hyphens
from rag.text.sentences import sentences_of
from rag.types import Block, Span, Statement

# Nothing in them is said by the document.
SILENT = frozenset(("furniture", "hidden"))
# Quoted whole, however many sentences they hold.
_WHOLE = frozenset(("heading", "header", "row", "question", "caption"))
# Of these a later sentence is not understood without the first one, which has the label.
_LABELLED = frozenset(("field", "turn"))
# The lines of these belong together, whatever each says.
_FLOWING = frozenset(("item", "field"))
_LABEL_CHARACTERS = 60
_CELL_BORDER = " | "
# Tags that begin a line.
_LINE_BREAK = re.compile(r"<(?:br|li|p|div)\b", re.IGNORECASE)


def find_statements(
    text: str, blocks: Sequence[Block], language: str, within: Span | None = None
) -> list[Statement]:
    """The statements of a text in order; those that reach into ``within``, where it is given.

    They do not overlap, and cover what is neither furniture nor hidden, white space
    aside. ``blocks`` are all of the document's; without any the whole text is one.
    """
    if within is None:
        within = Span(0, len(text))
    blocks = blocks or (Block(Span(0, len(text)), "paragraph"),)
    first = _begin_of_run(blocks, _block_at(blocks, within.start))
    headings = _headings_above(blocks, first)
    found: list[Statement] = []
    for run in _runs(blocks, first):
        if run[0].span.start >= within.end:
            break
        if run[0].kind == "heading":
            headings = [above for above in headings if above.level < run[0].level]
        path = tuple(above.span for above in headings)
        found += _of_run(text, run, path, language)
        if run[0].kind == "heading":
            headings.append(run[0])
    return [statement for statement in found if statement.span.overlaps(within)]


def visible_text(text: str, span: Span, blocks: Sequence[Block], language: str) -> str:
    """What a reader sees of ``span``: without marks, furniture and what is hidden.

    Bars part the cells of a row, a line break the blocks; words that a line end parts are
    joined. Other white space is the text's.
    """
    blocks = blocks or (Block(Span(0, len(text)), "paragraph"),)
    shown: list[str] = []
    for block in blocks[_block_at(blocks, span.start) :]:
        if block.span.start >= span.end:
            break
        part = _common(block.span, span)
        if block.kind in SILENT or part is None:
            continue
        if block.cells and part == block.span:
            cells = (_seen(text, cell, block.hidden).strip() for cell in block.cells)
            seen = _CELL_BORDER.join(cells)
        else:
            hyphens = _hyphens(text, part, block, language)
            seen = _seen(text, part, sorted((*block.hidden, *hyphens)))
        if seen := seen.strip():
            shown.append((" " if block.continues else "\n") + seen)
    return "".join(shown)[1:]


def _hyphens(text: str, part: Span, block: Block, language: str) -> list[Span]:
    """What no reader reads of the words of ``part`` that line ends part, quoted ones too."""
    if block.kind == "code":
        return []
    if block.kind != "quotation" or not block.hidden:
        return line_break_hyphens(text, language, part)
    # The marks of the quotation begin its lines.
    found = line_break_hyphens(_blanked(text, part, block.hidden), language, of=text)
    return [Span(part.start + each.start, part.start + each.end) for each in found]


def text_in_place(text: str, span: Span, blocks: Sequence[Block]) -> str:
    """The characters of ``span``, blanks for those that a reader does not see, so that offsets
    hold."""
    blocks = blocks or (Block(Span(0, len(text)), "paragraph"),)
    unseen: list[Span] = []
    for block in blocks[_block_at(blocks, span.start) :]:
        if block.span.start >= span.end:
            break
        hidden = (block.span,) if block.kind in SILENT else block.hidden
        unseen += (part for each in hidden if (part := _common(each, span)) is not None)
    return _blanked(text, span, unseen)


def _seen(text: str, span: Span, hidden: Sequence[Span]) -> str:
    """The characters of ``span`` without those of the hidden stretches, which are in order."""
    pieces: list[str] = []
    at = span.start
    for each in hidden:
        if (inside := _common(each, Span(at, span.end))) is None:
            continue
        pieces.append(text[at : inside.start])
        if _LINE_BREAK.match(text, inside.start):
            pieces.append("\n")
        at = inside.end
    return "".join(pieces) + text[at : span.end]


def _common(one: Span, other: Span) -> Span | None:
    """The stretch that both have in common, None where there is none."""
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Span(start, end) if start < end else None


# --- Blocks in order ---------------------------------------------------------------


def _block_at(blocks: Sequence[Block], offset: int) -> int:
    """Position of the first block that ends behind ``offset``."""
    return bisect_right(blocks, offset, key=lambda block: block.span.end)


def _begin_of_run(blocks: Sequence[Block], at: int) -> int:
    """Position of the block whose sentences reach the one at ``at``."""
    while 0 < at < len(blocks) and (blocks[at].continues or blocks[at].kind in SILENT):
        at -= 1
    return at


def _headings_above(blocks: Sequence[Block], at: int) -> list[Block]:
    """The headings that stand above the block at ``at``, outermost first."""
    found: list[Block] = []
    for block in reversed(blocks[:at]):
        if block.kind == "heading" and (not found or block.level < found[-1].level):
            found.append(block)
            if block.level <= 1:
                break
    return found[::-1]


def _runs(blocks: Sequence[Block], first: int) -> Iterator[list[Block]]:
    """Blocks that sentences run through, furniture between them left out."""
    run: list[Block] = []
    for block in blocks[first:]:
        if block.kind in SILENT:
            continue
        if run and block.continues:
            run.append(block)
            continue
        if run:
            yield run
        run = [block]
    if run:
        yield run


# --- Sentences of blocks -----------------------------------------------------------


def _of_run(
    text: str, run: Sequence[Block], headings: tuple[Span, ...], language: str
) -> Iterator[Statement]:
    block = run[0]
    spans = [Span(block.span.start, run[-1].span.end)]
    if block.kind == "code":
        spans = _stanzas(text, spans[0])
    elif block.kind not in _WHOLE:
        spans = _sentences(text, run, language)
    labelled = block.kind in _LABELLED or (
        len(spans) > 1 and (_is_label(text, spans[0], block) or _asks(text, spans[0], block))
    )
    for span in spans:
        context = block.context
        if labelled and span != spans[0]:
            context = (*context, spans[0])
        yield Statement(span, block.kind, context, headings)


def _sentences(text: str, run: Sequence[Block], language: str) -> list[Span]:
    """The sentences of blocks that go on in one another, marks at their ends included."""
    start, end = run[0].span.start, run[-1].span.end
    unseen = [hidden for block in run for hidden in block.hidden]
    between = [Span(one.span.end, other.span.start) for one, other in pairwise(run)]
    seen = _blanked(text, Span(start, end), [*unseen, *between])
    local = sentences_of(seen, language, flowing=run[0].kind in _FLOWING)
    found = [Span(start + span.start, start + span.end) for span in local]
    return _with_marks(found, unseen)


def _stanzas(text: str, span: Span) -> list[Span]:
    """The runs of lines that blank lines part."""
    found: list[Span] = []
    goes_on = False
    offset = span.start
    for line in span.of(text).splitlines(keepends=True):
        if bare := line.strip():
            start = offset + line.index(bare)
            begin = found.pop().start if goes_on else start
            found.append(Span(begin, start + len(bare)))
        goes_on = bool(bare)
        offset += len(line)
    return found


def _is_label(text: str, span: Span, block: Block) -> bool:
    """Whether a block's first sentence is set off by marks and short: "**Tariff.** Ten euros".

    A number may stand before it, as of an item.
    """
    begin = block.hidden[0].start if block.hidden else span.end
    begins = begin < span.end and not any(map(str.isalpha, text[span.start : begin]))
    ends = any(each.end == span.end for each in block.hidden)
    return begins and ends and len(span) <= _LABEL_CHARACTERS


def _asks(text: str, span: Span, block: Block) -> bool:
    """Whether a block begins with a question, which what follows in it may answer."""
    return _seen(text, span, block.hidden).rstrip("\"'”’»)] ").endswith(("?", "？", "؟"))


def _blanked(text: str, span: Span, unseen: Sequence[Span]) -> str:
    """The characters of ``span``, blanks for those that are not seen, so that offsets hold."""
    if not unseen:
        return span.of(text)
    pieces: list[str] = []
    end = span.start
    for each in sorted(unseen):
        if each.end > end:
            start = max(end, each.start)
            pieces += text[end:start], " " * (each.end - start)
            end = each.end
    return "".join(pieces) + text[end : span.end]


def _with_marks(spans: Sequence[Span], hidden: Sequence[Span]) -> list[Span]:
    """Each span with the hidden marks that touch it: those of emphasis around a sentence."""
    if not hidden:
        return list(spans)
    begins = {each.end: each.start for each in hidden}
    ends = {each.start: each.end for each in hidden}
    found: list[Span] = []
    end_before = 0
    for span in spans:
        start, end = span.start, span.end
        while begins.get(start, -1) >= end_before and begins[start] < start:
            start = begins[start]
        while ends.get(end, end) > end:
            end = ends[end]
        found.append(Span(start, end))
        end_before = end
    return found
