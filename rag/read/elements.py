"""The elements of a web page become drafts of blocks, in the order of the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from rag.read.blocks import names_speaker
from rag.read.grid import Cell, filled, spanned
from rag.read.layout.columns import is_unlike, names_columns
from rag.read.layout.dialogue import label_end
from rag.read.layout.parse import plain_blocks
from rag.read.raised import MARK_END, MARK_START, mark, raised
from rag.types import BlockKind, Span

# Characters that no text has stand in collected text for what is not text.
_BREAK, _CELL, _BOLD, _BOLD_END = "\ufdd2", "\ufdd3", "\ufdd4", "\ufdd5"
# Control characters, and what has no width.
_NOT_TEXT = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_SPACED_BREAK = re.compile(f" ?{_BREAK} ?")
_BLANK_LINE = re.compile(f"{_BREAK}[{_BREAK}{_BOLD}{_BOLD_END} ]*{_BREAK}")
_SENTINEL = re.compile(f"([{MARK_START}{MARK_END}{_CELL}])")
_BOLD_SIGN = re.compile(f"[{_BOLD}{_BOLD_END}]")
_MARKS_IN_A_ROW = re.compile(f"{MARK_END}(\\s*[,;–-]?\\s*){MARK_START}")
_LABEL = re.compile(f"{_BOLD}[^{_BOLD_END}]+{_BOLD_END}[:：]?|[^{_BREAK}]*[:：]{_BOLD_END}?")
_CLOSING = f"[\"'”’»)\\]{MARK_END}{_BOLD_END}]*$"
_SENTENCE_END = re.compile(f"[.!?…。！？।॥؟۔]{_CLOSING}")
_QUESTION_END = re.compile(f"[?？؟]{_CLOSING}")
_COLON_END = re.compile(f"[:：]{_CLOSING}")
# Shorter ones are abbreviations: "Tel."
_RUN_IN = re.compile(
    f"({_BOLD}[^{_BOLD}{_BOLD_END}{_BREAK}]{{4,80}}[.!?。！？؟]{_BOLD_END})[ {_BREAK}]?"
    f"(?=[^\\W{_BOLD}]|[\"'“«(])"
)
_ALL_BOLD = re.compile(f"{_BOLD}[^{_BOLD}{_BOLD_END}{_BREAK}]{{1,80}}{_BOLD_END}[:：]?")
_LABELLED = re.compile(r"[^\s:：][^:：]*[:：]\s*\S")
_FIELD_CHARACTERS = 100
_LEAD_CHARACTERS = 200
_CELL_CHARACTERS = 500


def names_of(words: str) -> frozenset[str]:
    """The words as a set."""
    return frozenset(words.split())


_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INTRODUCING = frozenset(("paragraph", "item", "field", "turn", "quotation", "note"))
_BELOW_HEADINGS = 7
# Inline elements that style may set apart.
_PARTS_OF_LINES = frozenset(("a", "span", "time", "small", "label"))
_LISTS = frozenset(("ul", "ol", "menu", "dir", "dl"))
# Parts of a page, each of them main text or not.
_SECTIONS = names_of("article aside body center div fieldset footer form header main section td th")
_BLOCKS = (
    _SECTIONS
    | _HEADINGS.keys()
    | _LISTS
    | names_of(
        "address blockquote caption dd details dt figcaption figure frameset hgroup hr "
        "html legend li noframes noscript p pre search summary table tbody tfoot thead "
        "tr"
    )
)
_SKIPPED = names_of(
    "annotation annotation-xml audio canvas embed head iframe object script style svg template "
    "title video"
)
_CODE = re.compile(r"code|highlight|lang|brush|syntax", re.IGNORECASE)
_NOTES = re.compile(
    r"(?:^|\s|doc-)(?:footnotes?|endnotes?|references|reflist|rearnotes?)(?=$|\s)", re.IGNORECASE
)
_NOTES_IN = names_of("aside dd div dl footer li ol p section ul")
_NOTE_ID = re.compile(r"(?:fn|ftn|cite_?note|footnote|endnote)[-_:.]?\w*?\d+$", re.IGNORECASE)
_NOTE_MARK = re.compile(
    r"noteref|footnote|fnref|cite_?ref|(?:^|[\s_-])(?:fn|note|reference)(?=$|[\s_-])", re.IGNORECASE
)
_BACK_LINK = re.compile(r"back-?(?:link|ref)|footnote-?back", re.IGNORECASE)
_MARK_TEXT = re.compile(r"\[?(?:\d{1,3}|[a-z]|[ivx]{1,5}|[*†‡§¶‖]{1,3})\]?", re.IGNORECASE)
_ANCHOR_SIGNS = frozenset(("¶", "#", "§", "🔗", "↩", "↩︎", "↑", "^", "⬆", "↵"))
_NUMBER = re.compile(r"-?\d{1,9}")
_DIGITS = re.compile(r"\d+")
_RAISED_STYLE = re.compile(r"vertical-align\s*:\s*super", re.IGNORECASE)
_MARKED_QUESTIONS = etree.XPath(
    "boolean(//button|//*[contains(@itemtype, '/Question') or contains(@class, 'faq')"
    " or contains(@class, 'FAQ')])"
)
_FAQ_CLASS = re.compile(r"faq\S*(question|answer)", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Section:
    """A part of the page, by what its markup calls it.

    ``beside`` is whether it stands beside the text; ``matched`` whether a block directly in
    it is known for main text, ``matched_names`` are the names of parts in it that hold one.
    """

    parent: Section | None
    name: tuple[str, str]
    beside: bool
    matched: bool = False
    matched_names: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Draft:
    """A block before its place in the text is known: offsets are those of its own text.

    ``group`` is the same for all blocks of a list, table or address; ``linked`` counts the
    characters of links.
    """

    kind: BlockKind
    text: str
    level: int
    context: tuple[Draft, ...]
    cells: tuple[tuple[int, int], ...]
    hidden: tuple[tuple[int, int], ...]
    section: Section
    group: object
    linked: int
    continues: bool = False
    bold: bool = False


class _State(NamedTuple):
    """What text at this place of the page becomes.

    ``context`` holds lists that may still be filled; ``labels`` is the one that the next
    block goes into. ``terms`` holds the one for what names the rest of a definition list or
    disclosure, ``number`` what the next block begins with, ``counter`` the number of the next
    item and the step to the one after it. ``figure`` and ``quotation`` count the drafts before it.
    """

    section: Section
    kind: BlockKind = "paragraph"
    level: int = 0
    context: tuple[list[Draft], ...] = ()
    labels: list[Draft] | None = None
    terms: list[list[Draft]] | None = None
    group: object = None
    number: list[str] | None = None
    counter: list[int] | None = None
    numbering: str = "1"
    depth: int = 0
    quoted: int = 0
    figure: int | None = None
    quotation: int | None = None
    within: bool = False
    pre: bool = False


def drafts_of(root: HtmlElement) -> list[Draft]:
    """The blocks below ``root`` in order, none of them empty."""
    walker = _Walker(_MARKED_QUESTIONS(root))
    state = _State(Section(None, ("", ""), beside=False))
    walker.walk(root, state)
    walker.flush(state)
    _tell_dialogue(walker.drafts)
    _tell_headings(walker.drafts)
    return walker.drafts


def _tell_headings(drafts: Sequence[Draft]) -> None:
    """Make headings of the paragraphs all in bold that stand above others.

    Those that ask or end as no sentence does: what is below is not understood without them.
    """
    for draft, below in pairwise(drafts):
        if not draft.bold or draft.kind != "paragraph" or draft.context:
            continue
        stands_above = below.section is draft.section and below.kind != "heading" and not below.bold
        asks = _QUESTION_END.search(draft.text) is not None
        if stands_above and (asks or not _SENTENCE_END.search(draft.text)):
            draft.kind, draft.level = "heading", _BELOW_HEADINGS


def _tell_dialogue(drafts: Sequence[Draft]) -> None:
    """Make questions and turns of the paragraphs whose labels tell of a dialogue."""
    said = [draft for draft in drafts if draft.kind in ("paragraph", "field")]
    if sum(1 for draft in said if label_end(draft.text)) < 2:
        return
    starts: dict[int, Draft] = {}
    length = 0
    for draft in said:
        starts[length] = draft
        length += len(draft.text) + 2
    text = "\n\n".join(" ".join(draft.text.split("\n")) for draft in said)
    for block in plain_blocks(text):
        turn = starts.get(block.span.start)
        if block.kind in ("question", "turn") and turn is not None:
            turn.kind = block.kind
            above = [starts[span.start] for span in block.context if span.start in starts]
            turn.context = tuple(each for each in above if each is not turn) or turn.context


class _Walker:
    """Goes through elements without recursion, however deep they are nested.

    Text is collected until a block begins or ends. ``_lines`` takes what would become
    blocks while the cell of a table is read.
    """

    def __init__(self, asks: bool) -> None:
        self._asks = asks
        self.drafts: list[Draft] = []
        self._text: list[str] = []
        self._links = self._linked = 0
        self._lines: list[str] | None = None
        # Whether the next line goes on with the last one, as a cell of a row in a cell does.
        self._joins = False
        # The last question of those that markup tells, and the id of what its button opens.
        self._question: list[Draft] = []
        self._opens = ""
        self._noted = False
        # The last item of each depth.
        self._items: dict[int, Draft] = {}
        # The quotation directly above.
        self._quoted: list[Draft] = []

    def walk(self, root: HtmlElement, state: _State) -> None:
        # What is left to do, last first: elements to enter, and those to leave.
        todo: list[tuple[HtmlElement, _State, _State | None]] = [(root, state, None)]
        while todo:
            element, outer, inner = todo.pop()
            if inner is not None:
                self._leave(element, inner, outer)
            elif (inner := self._enter(element, outer)) is not None:
                todo.append((element, outer, inner))
                if len(element):
                    todo += [(child, inner, None) for child in reversed(element)]
                continue
            if element is not root and element.tail:
                self._add(element.tail, outer)

    def _enter(self, element: HtmlElement, state: _State) -> _State | None:
        """The state inside an element; None where there is no more to read in it."""
        tag = element.tag
        if tag in _SKIPPED:
            return None
        if tag in _BLOCKS:
            self.flush(state)
            if tag == "table" and self._lines is None and (rows := _data_rows(element)):
                self._table(element, rows, state)
                return None
            state = self._block(element, tag, state)
        elif tag == "br":
            self._text.append(_BREAK)
        elif tag == "sup" or (tag == "span" and _RAISED_STYLE.search(element.get("style", ""))):
            self._raise(element, state)
            return None
        elif tag == "a":
            if self._note_link(element):
                return None
            self._links += 1
        elif tag in ("b", "strong"):
            self._text.append(_BOLD)
        elif tag == "q":
            self._text.append('"')
        elif tag == "msup" and len(element) > 1:
            element[1].tag = "sup"
        elif tag == "mfrac" and len(element) > 1:
            element[0].tail = "/"
        if self._asks and (role := self._faq_role(element, state)) is not None:
            state = self._faq(role, state)
        if element.text:
            self._add(element.text, state)
        return state

    def _leave(self, element: HtmlElement, state: _State, outer: _State) -> None:
        tag = element.tag
        if tag in _BLOCKS or state.kind != outer.kind:
            self.flush(state)
            if tag == "figure" and self.drafts and self.drafts[-1].kind == "caption":
                for draft in self.drafts[state.figure : -1]:
                    if draft.kind in ("row", "quotation"):
                        draft.context = (self.drafts[-1], *draft.context)
            elif tag == "blockquote":
                self._quoted = self.drafts[state.quotation :]
                self._attribute(self._quoted)
        elif tag in _PARTS_OF_LINES:
            if tag == "a":
                self._links -= 1
            before = self._text[-1][-1:] if self._text and not state.pre else ""
            if before.isalnum() and not element.tail and _is_glued(before, element):
                self._text.append(" ")
        elif tag in ("b", "strong"):
            self._text.append(_BOLD_END)
        elif tag == "q":
            self._text.append('"')

    def _add(self, text: str, state: _State) -> None:
        if state.pre:
            text = re.sub(r"\r\n?|\n", _BREAK, text).replace("\t", "    ")
        if self._links:
            self._linked += len(text)
        self._text.append(text)

    # --- Elements that are blocks ------------------------------------------------------

    def _block(self, element: HtmlElement, tag: str, state: _State) -> _State:
        if tag in ("td", "th", "tr"):
            self._joins = tag != "tr" and element.getprevious() is not None
        if tag in _SECTIONS:
            beside = state.section.beside or _stands_beside(element, tag, state)
            named = element.get("class") or _DIGITS.sub("", element.get("id", ""))
            section = Section(state.section, (tag, named), beside)
            within = state.within or tag in ("article", "main", "section")
            state = state._replace(section=section, within=within)
        if state.kind != "note" and _holds_notes(element):
            state = state._replace(kind="note")
        if tag in _HEADINGS:
            if state.kind not in ("question", "header"):
                state = state._replace(kind="heading", level=_HEADINGS[tag])
        elif tag in _LISTS:
            state = self._list(element, tag, state)
        elif tag == "li":
            state = _item(element, state)
        elif tag == "dt" and state.terms is not None:
            before = element.getprevious()
            # One that nothing closes holds the next.
            if state.kind != "header" and (before is None or before.tag != "dt"):
                state.terms[0] = []
            state = state._replace(kind="header", labels=state.terms[0])
        elif tag == "dd" and state.terms is not None:
            asked = any(term.kind == "question" for term in state.terms[0])
            # One that nothing closes holds the next.
            known = any(labels is state.terms[0] for labels in state.context)
            context = state.context if known else (*state.context, state.terms[0])
            state = state._replace(kind="turn" if asked else "field", context=context, labels=None)
        elif tag == "blockquote":
            quoted = state.quoted + 1
            state = self._introduced(state)._replace(
                kind="quotation", level=quoted, quoted=quoted, quotation=len(self.drafts)
            )
        elif tag in ("figcaption", "caption", "legend"):
            state = state._replace(kind="caption")
        elif tag == "figure":
            state = state._replace(figure=len(self.drafts))
        elif tag == "details" and element.find("summary") is not None:
            terms: list[Draft] = []
            state = state._replace(kind="turn", context=(*state.context, terms), terms=[terms])
        elif tag == "summary" and state.terms is not None:
            context = state.context[:-1]
            state = state._replace(kind="question", context=context, labels=state.terms[0])
        elif tag == "pre":
            kind = "code" if state.kind == "paragraph" and _is_code(element) else state.kind
            state = self._introduced(state)._replace(kind=kind, pre=True)
        return state

    def _introduced(self, state: _State) -> _State:
        """The state with the block above for context, where that ends with a colon."""
        last = self.drafts[-1] if self.drafts and self._lines is None else None
        if last is None or last.kind not in _INTRODUCING or not _COLON_END.search(last.text):
            return state
        if any(last in labels for labels in state.context):
            return state
        return state._replace(context=(*state.context, [last]))

    def _attribute(self, quoted: Sequence[Draft]) -> None:
        """Give what is quoted the last block of a quotation for context, if it names who is."""
        if len(quoted) < 2:
            return
        *said, last = quoted
        named = names_speaker(last.text) and not names_speaker(said[-1].text)
        if named or last.section.name[0] == "footer":
            for draft in said:
                if draft.context[-1:] != (last,):
                    draft.context = (*draft.context, last)

    def _list(self, element: HtmlElement, tag: str, state: _State) -> _State:
        context = state.context
        lead = self._lead_in(element)
        if state.depth and (above := element.getprevious()) is not None and above.tag == "li":
            # A list beside the items of another is of the item above it.
            lead = self._items.get(state.depth, lead)
        if lead is not None and not any(lead in labels for labels in context):
            context = (*context, [lead])
        group = element if state.group is None else state.group
        if tag == "dl":
            return state._replace(context=context, group=group, terms=[[]], labels=None)
        counter = _counter(element) if tag == "ol" else None
        return state._replace(
            context=context,
            group=group,
            counter=counter,
            numbering=element.get("type", "1"),
            depth=state.depth + 1,
        )

    def _lead_in(self, element: HtmlElement) -> Draft | None:
        """The block that introduces a list: one that ends with a colon or is no sentence, or
        a short paragraph right before it."""
        if self._lines is not None or not self.drafts:
            return None
        last = self.drafts[-1]
        if last.kind in ("heading", "caption", "code", "row", "header", "question"):
            return None
        if _COLON_END.search(last.text):
            return last
        if last.kind not in ("paragraph", "turn") or len(last.text) > _LEAD_CHARACTERS:
            return None
        before = element.getprevious()
        introduced = element.tag != "dl" and before is not None and before.tag == "p"
        return last if introduced else None

    def _faq_role(self, element: HtmlElement, state: _State) -> str | None:
        """Whether the markup calls it a "question" or an "answer"."""
        name = element.get("itemprop")
        if name in ("acceptedAnswer", "suggestedAnswer"):
            return "answer"
        if name == "name" and any(
            "/Question" in above.get("itemtype", "") for above in islice(element.iterancestors(), 8)
        ):
            return "question"
        if element.tag == "button" and state.kind == "paragraph":
            self._opens = element.get("aria-controls", "")
            return "question"
        if self._opens and element.get("id") == self._opens:
            return "answer"
        found = _FAQ_CLASS.search(element.get("class", ""))
        return found[1].lower() if found else None

    def _faq(self, role: str, state: _State) -> _State:
        self.flush(state)
        state = state._replace(level=0)
        if role == "question":
            self._question = []
            return state._replace(kind="question", labels=self._question)
        return state._replace(kind="turn", context=(*state.context, self._question), labels=None)

    # --- Tables ------------------------------------------------------------------------

    def _table(self, table: HtmlElement, rows: Sequence[_Row], state: _State) -> None:
        group = table if state.group is None else state.group
        state = state._replace(group=group, labels=None)
        last = self.drafts[-1] if self.drafts else None
        of_figure = state.figure is not None and len(self.drafts) > state.figure
        above: list[Draft] = []
        lead = last if of_figure and last and last.kind == "caption" else self._lead_in(table)
        known = lead is None or any(lead in labels for labels in state.context)
        if lead is not None and not known:
            # A table with a caption needs no more than what points to it.
            captioned = lead.kind == "paragraph" and table.find("caption") is not None
            above += [lead] if not captioned or _COLON_END.search(lead.text) else []
        for caption in table.iterchildren("caption"):
            begin = len(self.drafts)
            self.walk(caption, state)
            above += self.drafts[begin:]
        inner = _State(state.section)
        cells = [[self._cell(cell, inner) for cell in row.cells] for row in rows]
        heads = [
            _heads(row, line, first=not at)
            for at, (row, line) in enumerate(zip(rows, cells, strict=True))
        ]
        lines = filled(cells)
        if not any(heads):
            heads[0] = _names_columns(rows, lines)
        headers: list[Draft] = []
        part: list[Draft] = []
        named: list[Draft] = []
        in_body = False
        for at, line in enumerate(lines):
            if not any(line):
                continue
            followed = at + 1 < len(rows)
            context = (*state.context, above)
            if len(cells[at]) == 1 and cells[at][0].columns > 1 and len(set(line)) == 1:
                # One cell across the table: the title above its header, or of the rows below.
                kind: BlockKind = "header" if followed else "paragraph"
                draft = self._draft(line[0], state._replace(kind=kind, context=context))
                if followed and heads[at + 1]:
                    above = [*above, draft]
                # The last row may be one as well: a title, and what its picture shows.
                above_it = part if at and part and part[-1] is self.drafts[-2] else []
                part = [*above_it, draft] if followed and not heads[at + 1] else []
            elif heads[at]:
                if in_body:
                    headers, part, in_body = [], [], False
                headers.append(self._row("header", line, state._replace(context=context)))
            else:
                # An empty first cell says the same as the one above.
                same = named if not line[0] and in_body else []
                context = (*context, headers, part, same)
                row = self._row("row", line, state._replace(context=context))
                named = [row] if line[0] else named
                in_body = True

    def _row(self, kind: BlockKind, line: Sequence[str], state: _State) -> Draft:
        return self._draft(_CELL.join(line), state._replace(kind=kind, level=0))

    def _cell(self, cell: HtmlElement, state: _State) -> Cell:
        self._lines, self._joins = [], False
        self.walk(cell, state)
        self.flush(state)
        text = ""
        for line in self._lines:
            if not text:
                text = line
            elif cell.tag == "th" or text[-1] in ",;:/-–：":
                text += f" {line}"
            else:
                text += f"; {line}"
        self._lines = None
        rows, columns = cell.get("rowspan"), cell.get("colspan")
        return Cell(text, spanned(rows, rows=True), spanned(columns))

    # --- Text becomes blocks -----------------------------------------------------------

    def flush(self, state: _State) -> None:
        """Make blocks of the text that was collected."""
        if not self._text:
            return
        text = "".join(self._text)
        self._text.clear()
        if not text or text.isspace():
            return
        text = _NOT_TEXT.sub("", text)
        if MARK_END in text:
            text = _MARKS_IN_A_ROW.sub(r"\1", text)
        if state.pre:
            self._flush_pre(text, state)
            return
        text = " ".join(text.split())
        if _BREAK in text:
            text = _SPACED_BREAK.sub(_BREAK, text)
        if self._lines is not None:
            number = state.number.pop() if state.number else ""
            lines = [line for each in (number + text).split(_BREAK) if (line := each.strip())]
            if self._joins and self._lines and lines:
                self._lines[-1] += f" {lines.pop(0)}"
            self._joins = False
            self._lines += lines
            return
        if state.kind in ("heading", "caption", "question", "header"):
            text = text.replace(_BREAK, " ")
        first: list[Draft] = []
        for part in _BLANK_LINE.split(text):
            lines = [line for line in part.split(_BREAK) if _BOLD_SIGN.sub("", line).strip()]
            if len(lines) > 1 - len(first) and state.kind == "paragraph" and _are_fields(lines):
                self._fields(lines, state, first)
            elif len(lines) > 1 and state.kind == "quotation" and names_speaker(lines[-1]):
                self._draft("\n".join(lines[:-1]), state)
                self._draft(lines[-1], state)
            elif lines:
                self._said("\n".join(lines), state)

    def _said(self, text: str, state: _State) -> None:
        """A block, or two where it begins with a heading in bold: "<b>Tariff.</b> Ten euros"."""
        run_in = _RUN_IN.match(text) if state.kind in ("paragraph", "item") else None
        if run_in is None:
            draft = self._draft(text, state)
            draft.bold = state.kind == "paragraph" and _ALL_BOLD.fullmatch(text) is not None
            return
        group = object() if state.group is None else state.group
        label = self._draft(run_in[1], state._replace(group=group))
        context = state.context
        if state.kind == "paragraph":
            context = (*context, [label])
        rest = self._draft(text[run_in.end() :], state._replace(context=context, group=group))
        if _QUESTION_END.search(label.text):
            label.kind, rest.kind, label.level, rest.level = "question", "turn", 0, 0

    def _flush_pre(self, text: str, state: _State) -> None:
        text = text.replace(_BREAK, "\n")
        if self._lines is not None:
            self._lines += [" ".join(line.split()) for line in text.splitlines()]
            return
        text = text.strip("\n").rstrip()
        if state.kind != "paragraph":
            self._draft(text, state)
            return
        text = _without_sentinels(text, trim=False)[0]
        found: dict[Span, Draft] = {}
        for block in plain_blocks(text):
            draft = self._draft(block.span.of(text), state._replace(kind=block.kind, group=state))
            draft.level = block.level
            draft.context += tuple(found[span] for span in block.context if span in found)
            by = block.span.start
            draft.cells = tuple((cell.start - by, cell.end - by) for cell in block.cells)
            draft.hidden = tuple((each.start - by, each.end - by) for each in block.hidden)
            draft.continues = block.continues
            found[block.span] = draft

    def _fields(self, lines: Sequence[str], state: _State, first: list[Draft]) -> None:
        """One block a line: labels and values of an address and the like.

        ``first`` holds the line that names whose they are, once it is read.
        """
        label: list[Draft] = []
        state = state._replace(group=object() if state.group is None else state.group)
        for at, line in enumerate(lines):
            names_the_next = at + 1 < len(lines) and bool(_LABEL.fullmatch(line.strip()))
            context = (*state.context, first) if names_the_next else (*state.context, first, label)
            kind: BlockKind = "header" if names_the_next else "field"
            draft = self._draft(line, state._replace(kind=kind, context=context))
            if names_the_next:
                label = [draft]
            elif not at and not first and not _LABELLED.search(draft.text):
                first.append(draft)

    def _draft(self, text: str, state: _State) -> Draft:
        if state.number:
            number = state.number.pop()
            if not text.lstrip().startswith(number.strip()):
                text = number + text
        kind = state.kind
        if self._noted and kind in ("paragraph", "item"):
            kind = "note"
        elif kind == "header" and state.terms is not None and _QUESTION_END.search(text):
            kind = "question"
        text, cells, hidden = _without_sentinels(text, trim=not state.pre)
        context = tuple(draft for labels in state.context for draft in labels)
        draft = Draft(
            kind=kind,
            text=text,
            level=state.level,
            context=context,
            cells=cells,
            hidden=hidden,
            section=state.section,
            group=object() if state.group is None else state.group,
            linked=self._linked,
        )
        self._linked, self._noted = 0, False
        self.drafts.append(draft)
        if self._quoted and kind == "paragraph":
            self._attribute([*self._quoted, draft])
        self._quoted = []
        if kind == "item":
            self._items[state.level] = draft
        if state.labels is not None and (not state.labels or kind in ("header", "question")):
            state.labels.append(draft)
        return draft

    # --- Marks of notes ----------------------------------------------------------------

    def _raise(self, element: HtmlElement, state: _State) -> None:
        text = _plain(element)
        before = _BOLD_SIGN.sub("", "".join(self._text[-8:]))
        behind = element.tail or ""
        following = element.getnext()
        if behind.strip() in ("/", "⁄") and following is not None and following.tag == "sub":
            self._text.append(f" {text}" if before[-1:].isdigit() else text)
            element.tail = "/"
            return
        names = f"{element.get('class', '')} {element.get('id', '')} {element.get('role', '')}"
        noted = bool(_NOTE_MARK.search(names)) or element.find(".//a") is not None
        if not before.strip() and _MARK_TEXT.fullmatch(text) and (noted or behind[:1].isspace()):
            self._text.append(_bracketed(text))
            self._noted = True
        elif noted and text:
            self._text.append(mark(text))
        else:
            self._text.append(raised(text, before, behind))

    def _note_link(self, element: HtmlElement) -> bool:
        """Whether a link was read as the mark of a note, or leads back from one."""
        inside = element.get("href", "").startswith("#")
        role = f"{element.get('role', '')} {element.get('epub:type', '')}"
        names = f"{element.get('class', '')} {element.get('id', '')} {role}"
        marks = _NOTE_MARK.search(names) or "noteref" in role
        if not (inside or marks or _BACK_LINK.search(names)):
            return False
        text = _plain(element)
        if _BACK_LINK.search(names) or (inside and text in _ANCHOR_SIGNS):
            return True
        if not _MARK_TEXT.fullmatch(text):
            return False
        before = "".join(self._text[-4:])
        if not before.strip():
            if not marks and not text.startswith("["):
                return False
            self._text.append(_bracketed(text))
            self._noted = True
            return True
        if not (marks or text.startswith("[") or element.find(".//sup") is not None):
            return False
        self._text.append(mark(text))
        return True


# --- What elements are ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of a table's row, and whether it stands in the head of the table."""

    cells: list[HtmlElement]
    in_head: bool


def _data_rows(table: HtmlElement) -> list[_Row]:
    """The rows of a table that holds data; none of one that only arranges the page."""
    if table.get("role") in ("presentation", "none"):
        return []
    rows: list[_Row] = []
    for child in table:
        for row in (child,) if child.tag == "tr" else child.iterchildren("tr"):
            cells = list(row.iterchildren("td", "th"))
            rows.append(_Row(cells, child.tag == "thead"))
    if max((len(row.cells) for row in rows), default=0) < 2:
        return []
    if any(row.in_head or any(cell.tag == "th" for cell in row.cells) for row in rows):
        return rows
    if table.find("caption") is not None:
        return rows
    inside = ("table", *_HEADINGS)
    paired = False
    for row in rows:
        said = 0
        for cell in row.cells:
            if next(cell.iterdescendants(*inside), None) is not None:
                return []
            text = cell.text_content().strip()
            if len(text) > _CELL_CHARACTERS:
                return []
            said += bool(text)
        paired |= said > 1
    return rows if paired else []


def _heads(row: _Row, line: Sequence[Cell], *, first: bool) -> bool:
    """Whether it is a header row: of header cells, or a first one of bold words."""
    if row.in_head or not row.cells:
        return row.in_head
    # What stands above a column of names may be empty.
    cells = row.cells[not line[0].text :] if len(row.cells) > 2 else row.cells
    if all(cell.tag == "th" for cell in cells):
        return True
    return first and all(not cell.text or _LABEL.fullmatch(cell.text) for cell in line)


def _names_columns(rows: Sequence[_Row], lines: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns of a table without header cells."""
    if len(rows) < 3 or any(len(line) != len(lines[0]) for line in lines):
        return False
    if any(cell.tag == "th" for row in rows for cell in row.cells):
        return False
    head, body = lines[0], lines[1:]
    # A header is no answer: a row that is wrongly taken for one would be lost.
    return names_columns(head, body) and (not head[0] or is_unlike(head, body))


def _stands_beside(element: HtmlElement, tag: str, state: _State) -> bool:
    if tag == "header":
        # One with the page's navigation; another is the beginning of the text.
        return bool(element.get("role") == "banner")
    return tag == "aside" or (tag == "footer" and not (state.quoted or state.within))


def _is_glued(end: str, element: HtmlElement) -> bool:
    """Whether no space parts it from the next element, which begins as no word goes on."""
    following = element.getnext()
    if following is None or following.tag not in _PARTS_OF_LINES or not following.text:
        return False
    begin = str(following.text[0])
    if not begin.isalnum() or element.getparent().tag == "code":
        return False
    return end.isdigit() != begin.isdigit() or (end.islower() and begin.isupper())


def _holds_notes(element: HtmlElement) -> bool:
    if element.tag not in _NOTES_IN or not element.attrib:
        return False
    named = (element.get(name, "") for name in ("class", "role", "epub:type"))
    return any(map(_NOTES.search, named)) or bool(_NOTE_ID.match(element.get("id", "")))


def _item(element: HtmlElement, state: _State) -> _State:
    number = None
    if state.counter is not None:
        value = element.get("value", "").strip()
        if _NUMBER.fullmatch(value):
            state.counter[0] = int(value)
        number = [f"{_numeral(state.counter[0], state.numbering)}. "]
        state.counter[0] += state.counter[1]
    own: list[Draft] = []
    return state._replace(
        kind="note" if state.kind == "note" else "item",
        level=max(1, state.depth),
        context=(*state.context, own),
        labels=own,
        number=number,
        terms=None,
    )


def _counter(element: HtmlElement) -> list[int]:
    """The number of the first item of a list, and the step to the next."""
    start = element.get("start", "").strip()
    if element.get("reversed") is not None:
        count = sum(1 for _ in element.iterchildren("li"))
        return [int(start) if _NUMBER.fullmatch(start) else count, -1]
    return [int(start) if _NUMBER.fullmatch(start) else 1, 1]


def _numeral(number: int, numbering: str) -> str:
    if numbering in ("a", "A") and 1 <= number <= 26:
        return chr(ord(numbering) + number - 1)
    if numbering in ("i", "I") and 1 <= number < 40:
        roman = (
            "x" * (number // 10)
            + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[number % 10]
        )
        return roman.upper() if numbering == "I" else roman
    return str(number)


def _is_code(element: HtmlElement) -> bool:
    if _CODE.search(element.get("class", "")) or element.get("lang"):
        return True
    parent = element.getparent()
    if parent is not None and _CODE.search(parent.get("class", "")):
        return True
    return next(element.iterdescendants("code", "kbd", "samp"), None) is not None


def _are_fields(lines: Sequence[str]) -> bool:
    """Whether lines stand each for itself: short, and no sentence that runs through them."""
    if all(_LABELLED.search(line) for line in lines):
        return True
    if lines[-1][:1].islower() and _COLON_END.search(lines[-1]):
        return False
    if any(len(line) > _FIELD_CHARACTERS for line in lines):
        return False
    ended = [bool(_SENTENCE_END.search(line)) for line in lines]
    return 2 * sum(ended) < len(lines) and (not ended[-1] or bool(_LABEL.fullmatch(lines[0])))


# --- Text ----------------------------------------------------------------------------------


def _plain(element: HtmlElement) -> str:
    return " ".join(_NOT_TEXT.sub("", element.text_content()).split())


def _bracketed(label: str) -> str:
    return label if label.startswith("[") else f"[{label}]"


def _without_sentinels(
    text: str, *, trim: bool
) -> tuple[str, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """The text as it is written, and where its cells and what is unseen stand in it."""
    if _BOLD in text or _BOLD_END in text:
        text = _BOLD_SIGN.sub("", text)
        text = re.sub(" {2,}", " ", text) if trim else text
    if trim:
        text = "\n".join(line.strip() for line in text.split("\n"))
    in_cells = _CELL in text
    if not in_cells and MARK_START not in text and MARK_END not in text:
        return text, (), ()
    cells: list[tuple[int, int]] = []
    hidden: list[tuple[int, int]] = []
    written: list[str] = []
    length = begin = mark_begin = 0
    for piece in _SENTINEL.split(text):
        if piece == _CELL:
            cells.append((begin, length))
            piece = " | " if length else "| "
            begin = length + len(piece)
        elif piece == MARK_START:
            mark_begin, piece = length, ""
        elif piece == MARK_END:
            hidden.append((mark_begin, length))
            piece = ""
        written.append(piece)
        length += len(piece)
    if in_cells:
        cells.append((begin, length))
        length = len("".join(written).rstrip())
        cells = [(min(start, length), min(end, length)) for start, end in cells]
    return "".join(written)[:length], tuple(cells), tuple(hidden)
