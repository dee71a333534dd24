"""Plain text to blocks: one pass over its lines, each reading takes the lines that it knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.read.layout.columns import Table
from rag.read.layout.dialogue import label_end
from rag.read.layout.headings import CAPTION, HASHES, heading_at
from rag.read.layout.lines import (
    FIELD,
    NO_GAP,
    PAGE,
    REACH,
    Line,
    asks,
    ended,
    is_rule,
    label_of,
    leads_in,
    width,
)
from rag.read.layout.marks import lead_of
from rag.read.layout.survey import survey
from rag.types import Block, BlockKind, Span

_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])[^*\n\r]+(?<=[^\s*])(\*{1,3})(?![\w*])")
# A heading in bold at the begin of its paragraph.
_RUN_IN = re.compile(r"(\*\*?|__?)((?=[^\s*_])(?:[^*_]{1,80}[.。]|\d{1,3})\1)\s+(?=\S)")
_QUOTED = re.compile(r"(?:>[ \t]?)+")
_LAST_SENTENCE = re.compile(r"[.!?。！？؟][\"'”’»)\]]*\s+|[。！？]")
# Of what leads in no more is context than its last sentence, where it is longer.
_LONG_LEAD = 200
_LONG_LINE = 40
_SHORT = 80
# Columns between what is set left and what is set right.
_FAR = 8
_DEEPEST = 8
_UNSEEN = ("furniture", "hidden")
_FLOWING = ("paragraph", "item", "field", "turn", "quotation", "note")


def plain_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a plain text in order; together they cover all but white space."""
    return tuple(_Parser(text).blocks())


@dataclass(frozen=True, slots=True)
class _Item:
    """An item that others may be nested in: how its mark stands, and its block's span."""

    indent: int
    style: str
    value: int
    span: Span


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.known = survey(text)
        self.lines = self.known.lines
        self.found: list[Block] = []
        self.items: list[_Item] = []
        self.lead: tuple[Span, ...] = ()
        self.record: tuple[Span, ...] = ()
        self.question: tuple[Span, ...] = ()
        self.open = False
        self.asker = False
        self.ranked = False
        self.columns: tuple[int, tuple[Span, ...]] = (0, ())
        self.last_role = max(self.known.roles, default=-1)

    def blocks(self) -> list[Block]:
        """All blocks, in order."""
        readings = (
            self._furniture,
            self._code,
            self._rest_of_sentence,
            self._table,
            self._rule,
            self._quotation,
            self._note,
            self._said,
            self._question_and_answer,
            self._more_said,
            self._heading,
            self._item,
            self._rest_of_item,
            self._field,
            self._paragraph,
        )
        at = 0
        while at < len(self.lines):
            if self.lines[at].gap:
                self.record = ()
            at = next(after for reading in readings if (after := reading(at)) > at)
        return self.found

    # --- Where lines begin and end -------------------------------------------------

    def _begins(self, at: int) -> bool:
        """Whether another block begins on a line."""
        line, known = self.lines[at], self.known
        if (
            line.gap
            or at in known.furniture
            or at in known.code
            or at in known.tables
            or at in known.roles
            or at in known.notes
            or at in known.questions
            or line.text[0] == ">"
            or is_rule(line.text)
            or HASHES.match(line.text)
        ):
            return True
        mark = known.marks[at]
        if known.goes_on[at]:
            if mark is None:
                return False
            near = (*known.marks[max(0, at - 3) : at], *known.marks[at + 1 : at + 4])
            alike = any(other is not None and other.style == mark.style for other in near)
            return alike or leads_in(self.lines[at - 1].text)
        return (
            mark is not None
            or at in known.series
            or at in known.defined
            or self._set_apart(at)
            or bool(label_of(line.text))
            or heading_at(known, at) is not None
        )

    def _set_apart(self, at: int) -> bool:
        """Whether a line is set elsewhere than the one directly above it, or that one greets
        or ends a member of an enumeration."""
        line, before = self.lines[at], self.lines[at - 1]
        if abs(line.indent - before.indent) >= _FAR:
            return True
        if before.text[-1] in ";；":
            return not line.text[0].islower()
        return bool(before.gap or leads_in(before.text)) and _greets(before.text, line.text)

    def _end(self, at: int) -> int:
        """The last line of the text that goes on from line ``at``."""
        while at + 1 < len(self.lines) and not self._begins(at + 1):
            at += 1
        return at

    def _end_hung(self, at: int) -> int:
        """The same, where lines belong only if set deeper or broken to the width."""
        last, indent = at, self.lines[at].indent
        while (
            last + 1 < len(self.lines)
            and not self._begins(last + 1)
            and (self.known.goes_on[last + 1] or self.lines[last + 1].indent > indent)
        ):
            last += 1
        return last

    def _span(self, first: int, last: int) -> Span:
        return Span(self.lines[first].start, self.lines[last].end)

    def _line(self, at: int) -> Line | None:
        return self.lines[at] if at < len(self.lines) else None

    # --- What stands above ---------------------------------------------------------

    def _add(
        self,
        kind: BlockKind,
        span: Span,
        context: tuple[Span, ...] = (),
        *,
        level: int = 0,
        hidden: tuple[Span, ...] = (),
    ) -> Block:
        if kind not in ("code", *_UNSEEN):
            hidden = tuple(sorted({*hidden, *self._emphasis(span)}))
        self.found.append(Block(span, kind, level, context, hidden=hidden))
        return self.found[-1]

    def _emphasis(self, span: Span) -> Iterator[Span]:
        """The marks of emphasis inside a span."""
        if self.text.find("*", span.start, span.end) < 0:
            return
        for match in _EMPHASIS.finditer(self.text, span.start, span.end):
            if match[1] == match[2]:
                yield Span(*match.span(1))
                yield Span(*match.span(2))

    def _above(self) -> Block | None:
        """The last block that is seen."""
        return next((block for block in self.found[:-7:-1] if block.kind not in _UNSEEN), None)

    def _lead_in(self, at: int, *, fragment: bool = False) -> tuple[Span, ...]:
        """What leads in to line ``at``, with its own context: what stands directly above it,
        or above a blank line ends with a colon; for a ``fragment`` any line that may."""
        above = self.found[-1] if self.found else None
        if above is None or above.kind in ("heading", "row", "header", "code", *_UNSEEN):
            return ()
        said = above.span.of(self.text)
        if not leads_in(said):
            adjacent = self.lines[at].gap == NO_GAP
            if above.kind not in ("paragraph", "turn", "question") or self.lines[at].gap == PAGE:
                return ()
            if not adjacent and not (fragment and len(said) <= _LONG_LEAD):
                return ()
        start = above.span.start
        if len(said) > _LONG_LEAD:
            ends = [end.end() for end in _LAST_SENTENCE.finditer(said) if end.end() < len(said)]
            start += ends[-1] if ends else 0
        return (*above.context, Span(start, above.span.end))

    # --- Readings: each returns the line after those it took ------------------------

    def _furniture(self, at: int) -> int:
        if at not in self.known.furniture:
            return at
        self._add("furniture", self.lines[at].span)
        return at + 1

    def _code(self, at: int) -> int:
        last = self.known.code.get(at)
        if last is None:
            return at
        self._add("hidden", self.lines[at].span)
        if last > at + 1:
            self._add("code", self._span(at + 1, last - 1))
        if last > at:
            self._add("hidden", self.lines[last].span)
        return last + 1

    def _rest_of_sentence(self, at: int) -> int:
        """What follows furniture or a page's end, where the sentence before goes on."""
        said = self._above()
        after_page = self.lines[at].gap == PAGE or (
            bool(self.found) and self.found[-1].kind == "furniture"
        )
        if said is None or not after_page or said.kind not in _FLOWING:
            return at
        if at in self.known.tables or at in self.known.roles or at in self.known.notes:
            return at
        before = self.text[max(said.span.start, said.span.end - _LONG_LEAD) : said.span.end]
        first = self.lines[at].text[0]
        uncased = first.isalpha() and first.lower() == first.upper()
        long = width(before.splitlines()[-1]) >= _LONG_LINE
        goes_on = uncased or before[-1] in ",-–" or self._is_text(said, at)
        if ended(before) or not (first.islower() or (long and goes_on)):
            return at
        last = self._end(at)
        rest = self._add("paragraph", self._span(at, last), said.context)
        self.found[-1] = replace(rest, continues=True)
        return last + 1

    def _is_text(self, said: Block, at: int) -> bool:
        """Whether what follows a paragraph behind furniture may be running text too."""
        text = said.kind == "paragraph" and self.found[-1].kind == "furniture"
        return text and not self._begins_other(at)

    def _begins_other(self, at: int) -> bool:
        line, known = self.lines[at], self.known
        marked = known.marks[at] is not None or at in known.series or at in known.defined
        return marked or bool(label_of(line.text)) or heading_at(known, at) is not None

    def _table(self, at: int) -> int:
        table = self.known.tables.get(at)
        if table is None:
            return at
        context = self._lead_in(at)
        above = self.found[-1] if self.found else None
        if above is not None and above.kind in ("paragraph", "field"):
            said = above.span.of(self.text)
            if len(said.splitlines()) == 1 and (context or CAPTION.match(said)):
                self.found[-1] = replace(above, kind="caption")
                context = (*above.context, above.span)
        self._rows(table, context)
        self._close_list()
        return table.last + 1

    def _rows(self, table: Table, context: tuple[Span, ...]) -> None:
        columns = max(len(row or ()) for row in table.rows)
        above = self._above()
        # A table that a blank line or a page's end parts has one header.
        if not table.headers and not context and above is not None and above.kind == "row":
            context = self.columns[1] if self.columns[0] == columns else ()
        label: tuple[Span, ...] = ()
        named: tuple[Span, ...] = ()
        for offset, (cells, part) in enumerate(zip(table.rows, table.parts, strict=True)):
            span = self.lines[table.first + offset].span
            if cells is None:
                self._add("hidden", span)
                continue
            header = offset < table.headers
            if part == "rest":
                row = self.found.pop()
                span = Span(row.span.start, span.end)
                cells = (*row.cells, *filter(len, cells))
                self.found.append(replace(row, span=span, cells=cells))
                continue
            if part == "label":
                label, named = (), ()
            told = (*context, *label, *(() if any(map(len, cells[:1])) else named))
            row = self._add("header" if header or part == "label" else "row", span, told)
            self.found[-1] = replace(row, cells=cells)
            if header:
                context = (*context, span)
            elif part == "label":
                label = (span,)
            elif any(map(len, cells[:1])):
                named = (span,)
        self.columns = columns, context

    def _rule(self, at: int) -> int:
        if not is_rule(self.lines[at].text):
            return at
        self._add("hidden", self.lines[at].span)
        return at + 1

    def _quotation(self, at: int) -> int:
        marks = _QUOTED.match(self.lines[at].text)
        if marks is None:
            return at
        level = marks[0].count(">")
        context = self._quoted_above(level) or self._lead_in(at)
        hidden: list[Span] = []
        last = at
        while True:
            line, end = self.lines[last], marks.end()
            hidden.append(Span(line.start, line.start + end))
            if end == len(line.text):
                self._add("hidden", line.span)
                return last + 1
            below = self._line(last + 1)
            following = _QUOTED.match(below.text) if below and below.gap < PAGE else None
            if below is None or following is None or following[0].count(">") != level:
                break
            words = below.text[following.end() :]
            above = line.text[end:]
            if not words or label_of(words) or label_of(above) or _greets(above, words):
                break
            last, marks = last + 1, following
        self._add("quotation", self._span(at, last), context, level=level, hidden=tuple(hidden))
        return last + 1

    def _quoted_above(self, level: int) -> tuple[Span, ...]:
        """What led in to the quotation that goes on, and its last line if that leads in."""
        for block in self.found[:-9:-1]:
            if block.kind not in ("quotation", *_UNSEEN):
                break
            if block.kind == "quotation" and block.level <= level:
                leads = leads_in(block.span.of(self.text))
                return (*block.context, block.span) if leads else block.context
        return ()

    def _note(self, at: int) -> int:
        if at not in self.known.notes:
            return at
        last = self._end(at)
        self._add("note", self._span(at, last))
        self._close_list()
        return last + 1

    # --- Questions, answers, speakers ----------------------------------------------

    def _said(self, at: int) -> int:
        role = self.known.roles.get(at)
        if role is None:
            return at
        last = self._end(at)
        span = self._span(at, last)
        if role == "question":
            self.question = (self._add("question", span).span,)
        elif role == "answer":
            self._add("turn", span, self.question)
        else:
            self._add("turn", span, self._asked(prompted=self.lines[at].gap == NO_GAP))
        self.asker = role == "asker"
        self._close_list()
        return last + 1

    def _asked(self, *, prompted: bool) -> tuple[Span, ...]:
        """What was said before, where it asks, or, ``prompted``, what stands directly above."""
        before = self._above()
        if before is None or before.kind not in ("turn", "question", "paragraph"):
            return ()
        prompts = self.asker if before.kind == "turn" else prompted
        return (before.span,) if prompts or asks(before.span.of(self.text)) else ()

    def _more_said(self, at: int) -> int:
        """A paragraph between the turns: what was said goes on."""
        before = self.found[-1] if self.found else None
        if before is None or before.kind != "turn" or at >= self.last_role:
            return at
        below = self.known.roles.get(at + 1, "question")
        prompts = below != "question" and self.lines[at + 1].gap == NO_GAP
        if prompts or self.known.marks[at] or heading_at(self.known, at):
            return at
        last = self._end(at)
        context = before.context
        if not self.question and (end := label_end(before.span.of(self.text))):
            context = (Span(before.span.start, before.span.start + end),)
        self._add("turn", self._span(at, last), context)
        return last + 1

    def _question_and_answer(self, at: int) -> int:
        """A question on a line of its own, in bold or labelled, its answer behind or below."""
        end = self.known.questions.get(at)
        if end is None:
            return at
        line = self.lines[at]
        question = self._add(
            "question", Span(line.start, line.start + len(line.text[:end].rstrip()))
        )
        self._close_list()
        first = at
        if end == len(line.text):
            first = at + 1
            if self._line(first) is None or not self._is_answer(first):
                return first
            end = 0
        last = self._end(first)
        answer = Span(self.lines[first].start + end, self.lines[last].end)
        self._add("turn", answer, (question.span,))
        return last + 1

    def _is_answer(self, at: int) -> bool:
        """Whether a line is running text: no row, item, quotation, heading or question."""
        known = self.known
        other = at in known.tables or at in known.code or at in known.furniture
        return not (
            other
            or at in known.roles
            or at in known.questions
            or known.marks[at] is not None
            or self.lines[at].text[0] == ">"
            or is_rule(self.lines[at].text)
            or heading_at(known, at) is not None
        )

    # --- Headings and lists --------------------------------------------------------

    def _heading(self, at: int) -> int:
        heading = heading_at(self.known, at)
        if heading is None:
            return at
        level, marked = heading
        line = self.lines[at]
        hashes = HASHES.match(line.text)
        hidden = (Span(line.start, line.start + hashes.end()),) if hashes else ()
        self._add("heading", line.span, level=level + (self.ranked and not marked), hidden=hidden)
        self.ranked |= marked and level > 1
        self.items, self.record, self.question = [], (), ()
        self._close_list()
        return at + 1

    def _close_list(self) -> None:
        """What follows is no continuation of the items above, unless it counts on."""
        self.open = False

    def _item(self, at: int) -> int:
        line, mark = self.lines[at], self.known.marks[at]
        if mark is None and at not in self.known.series:
            return at
        style, value = (mark.style, mark.value) if mark else (lead_of(line.text) or "0", 0)
        last = self._end_hung(at)
        if last > at and self._stands(at):
            last = at
        self._nest(at, style, value)
        kind, context = "item", (*self.lead, *(item.span for item in self.items))
        if style in "–—" and self._speaks(at, last):
            kind, context = "turn", self._asked(prompted=False)
        span = self._add("item", self._span(at, last), context, level=len(self.items) + 1).span
        if kind == "turn":
            self.found[-1] = replace(self.found[-1], kind="turn", level=0)
        if len(self.items) < _DEEPEST:
            self.items.append(_Item(line.indent, style, value, span))
        self.open = True
        return last + 1

    def _stands(self, at: int) -> bool:
        """Whether a short line heads what is set deeper below it, and does not go on there."""
        text = self.lines[at].text
        short = width(text) < _LONG_LINE and not ended(text) and text[-1] not in ",，、-–"
        return short and not self.known.goes_on[at + 1]

    def _speaks(self, at: int, last: int) -> bool:
        """Whether a dash begins direct speech: what is asked behind one, one answers."""
        if self.found and self.found[-1].kind == "turn":
            return True
        below = self.known.marks[last + 1] if self._line(last + 1) else None
        return asks(self.lines[last].text) and below is not None and below.style in "–—"

    def _nest(self, at: int, style: str, value: int) -> None:
        """Leave of the items above those that the one at ``at`` is nested in."""
        line = self.lines[at]
        alike = [
            place
            for place, item in enumerate(self.items)
            if item.style == style and (not value or value == item.value + 1 or "1.1" in style)
        ]
        if not self.open and not (alike and value > 1):
            self._new_list(at, value)
            return
        while self.items and self.items[-1].indent > line.indent:
            self.items.pop()
        if not self.items:
            return
        level = self.items[-1].indent
        near = [
            p for p in alike if p < len(self.items) and abs(self.items[p].indent - line.indent) < 2
        ]
        if near:
            del self.items[near[-1] :]
        elif level == line.indent and line.gap and not self._leads_to(line):
            self._new_list(at, value)

    def _leads_to(self, line: Line) -> bool:
        """Whether the item above leads in to the line, or goes on in what commas part."""
        last_words = self.items[-1].span.of(self.text)[-8:]
        return leads_in(last_words) or (line.text[-1] in ",;，；" and not ended(last_words))

    def _new_list(self, at: int, value: int) -> None:
        line = self.lines[at]
        parted = line.text[-1] in ";；" or not ended(line.text)
        fragment = self.known.marks[at] is not None and value < 2 and parted
        self.items, self.lead = [], self._lead_in(at, fragment=fragment)

    def _rest_of_item(self, at: int) -> int:
        """A paragraph or a field set below an item's words, or directly below a numbered one."""
        if not self.items or not self.open or heading_at(self.known, at):
            return at
        line = self.lines[at]
        while self.items and self.items[-1].indent + 1 >= line.indent and len(self.items) > 1:
            self.items.pop()
        item = self.items[-1]
        label = label_of(line.text)
        inside = line.indent > item.indent + 1
        if not inside and (label or not self._heads(at, item)):
            return at
        last = self._end_hung(at) if label else self._end(at)
        context = (*self.lead, *(above.span for above in self.items))
        self._add("field" if label else "paragraph", self._span(at, last), context)
        self.open = inside
        return last + 1

    def _heads(self, at: int, item: _Item) -> bool:
        """Whether a numbered item, with none like it directly above, heads the line below it."""
        above = self.found[-2:]
        sibling = len(above) > 1 and above[0].kind == "item" and above[0].level == above[1].level
        last = bool(above) and above[-1].span == item.span
        return item.value > 0 and last and not sibling and self.lines[at].gap == NO_GAP

    # --- Fields and paragraphs -----------------------------------------------------

    def _field(self, at: int) -> int:
        line = self.lines[at]
        label = "" if self.known.goes_on[at] else label_of(line.text)
        if not label and at not in self.known.defined:
            return at
        last = self._end_hung(at)
        empty = label and len(line.text) <= REACH and FIELD.fullmatch(line.text) is not None
        if empty and last == at:
            # The value stands below its label, or what is below is a list.
            below = self._line(at + 1)
            if below is None or self._begins(at + 1):
                return at
            if below.indent <= line.indent and width(below.text) > _SHORT:
                return at
            last = self._end_hung(at + 1)
        span = self._add("field", self._span(at, last), self.record).span
        if not self.record and label in self.known.records:
            self.record = (span,)
        self._close_list()
        return last + 1

    def _paragraph(self, at: int) -> int:
        line, last = self.lines[at], self._end(at)
        hung = last > at and self.lines[at + 1].indent > line.indent + 1
        if hung and (leads_in(line.text) or not ended(line.text)) and width(line.text) < _SHORT:
            return self._hung(at, last)
        start = line.start
        context: tuple[Span, ...] = ()
        if run_in := _RUN_IN.match(line.text, 0, REACH):
            start += run_in.end()
            context = (self._add("paragraph", Span(line.start, line.start + run_in.end(2))).span,)
        span = self._add("paragraph", Span(start, self.lines[last].end), context).span
        below = self._line(last + 1)
        names = at == last and width(line.text) <= _SHORT and not ended(line.text)
        if names and below is not None and below.gap == NO_GAP and label_of(below.text):
            self.record = (span,)
        self._close_list()
        return last + 1

    def _hung(self, at: int, last: int) -> int:
        """A short line with others set deeper below it, which it leads in to."""
        lead = self._add("paragraph", self.lines[at].span).span
        first = at + 1
        while first <= last:
            end = first
            while end < last and self.known.goes_on[end + 1]:
                end += 1
            deep = self.lines[first].indent > self.lines[at].indent + 1
            if deep:
                self._add("item", self._span(first, end), (lead,), level=1)
            else:
                self._add("paragraph", self._span(first, end))
            first = end + 1
        self._close_list()
        return last + 1


def _greets(text: str, below: str) -> bool:
    """Whether a short line above a longer one ends as a greeting does, or leads in to it."""
    ends = text[-1:] in tuple(",，،!！") or leads_in(text)
    return bool(ends) and width(text) <= _LONG_LINE < width(below)
