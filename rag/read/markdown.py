"""Markdown: the text is taken as it is, and its blocks tell what is what."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import unescape
from itertools import groupby, islice, pairwise, takewhile

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import EnvType
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from rag.read.base import MAX_TITLE_CHARACTERS, Content, Reader
from rag.read.blocks import names_speaker, trimmed
from rag.read.decode import decode
from rag.read.front_matter import FrontMatter, front_matter
from rag.read.inline import TracedInline, shown_of, with_hidden
from rag.read.layout.parse import plain_blocks
from rag.read.tags import markup_blocks
from rag.types import Block, BlockKind, Span

# A longer paragraph above a list or table leads in to it only where it ends with a colon.
_MAX_LEAD_IN = 200
_LINE_END = re.compile(r"\r\n?|\n")
_CONTAINERS = re.compile(
    r"(?:[ \t]*+(?:>|(?:[-+*]|[0-9]{1,9}[.)])(?=[ \t]|$)|[:~](?=[ \t])|\[\^[^\]\s]+\]:))*+[ \t]*+"
)
_CONTAINER_ENDS = frozenset(
    {"bullet_list_close", "ordered_list_close", "list_item_close", "blockquote_close"}
    | {"dl_close", "dd_close", "footnote_reference_close"}
)
_PIPE = re.compile(r"(?<!\\)\|")
_HEADING = re.compile(r"#{1,6}[ \t]+\S")
_LINK = re.compile(r"\[[^\[\]\r\n]{1,200}\]\((?:https?:/|mailto:|[#./])[^()\s]{1,500}\)")
# What a line of a conversation or a list of fields begins with.
_LABEL = re.compile(r"^[*_ \t]{0,4}[^\s:：][^:：\n]{0,40}[:：]", re.MULTILINE)
_SAID = frozenset(("paragraph", "field", "question", "turn", "hidden"))
# In what is hidden, text that is struck out: behind a mark alone stands nothing.
_STRUCK = re.compile(r"(?:~~|<(?:del|s|strike)\b[^<>]*>)[^<]", re.IGNORECASE)
# A line that is no sentence, or asks.
_NO_SENTENCE = re.compile(r"[^\r\n]*[^\r\n.!…。！।۔]")
_BELOW_HEADINGS, _MAX_HEADING = 7, 80
_END_OF_DETAILS = re.compile(r"\s*</details\b", re.IGNORECASE)
_CAPTION = re.compile(r"(?:Table)?:[ \t]")


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"inline_definitions": True}).enable("table")
    parser.inline = TracedInline()
    # Only blocks: shown_of parses what stands in them.
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser.use(deflist_plugin).use(footnote_plugin, inline=False, move_to_end=False)


def read_markdown(text: str) -> Content:
    """The text itself, its blocks, and what front matter says of it.

    The title is the front matter's, else the first heading of the highest level, else the
    first line, as shown, without marks. Metadata "left_out" says where text is struck out.
    """
    front = front_matter(text)
    blocks = _Walk(text, front.span.end if front else 0).blocks()
    if front is not None:
        blocks.insert(0, Block(front.span, "hidden"))
    metadata = {"author": front.author} if front and front.author else {}
    hidden = (span.of(text) for block in blocks for span in block.hidden)
    if any(_STRUCK.search(unseen) for unseen in hidden):
        metadata["left_out"] = "struck-out text"
    return Content(
        text=text,
        title=_title(text, blocks, front),
        blocks=tuple(blocks),
        dates=front.dates if front else (),
        metadata=metadata,
    )


def looks_like_markdown(text: str) -> bool:
    """Whether a plain text has the structure of Markdown.

    That is a heading between blank lines, one of the second or a lower level below one, a
    fence that is closed, a table with the line below its header, or a link.
    """
    lines = [line.strip() for line in _LINE_END.split(text)]
    fences = 0
    for above, line, below in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if not above and _HEADING.match(line) and (not below or line.startswith("##")):
            return True
        if "|" in above and "-" in line and set(line) <= set("|:- \t"):
            cells = [part.strip("| \t").count("|") for part in (above, line)]
            if cells[0] == cells[1]:
                return True
        fences += line.startswith(("```", "~~~"))
    return fences > 1 or _LINK.search(text) is not None


def _title(text: str, blocks: Sequence[Block], front: FrontMatter | None) -> str:
    stated = [front.title] if front else []
    headings = [
        block for block in blocks if block.kind == "heading" and block.level < _BELOW_HEADINGS
    ]
    lines = headings or [block for block in blocks if block.kind != "hidden"]
    if lines:
        first = min(lines, key=lambda block: block.level if headings else 0)
        shown = _shown_text(text, first).split("\n")
        stated.append(" ".join(map(str.strip, shown)) if headings else shown[0].strip())
    return next((title for title in stated if 0 < len(title) <= MAX_TITLE_CHARACTERS), "")


def _shown_text(text: str, block: Block) -> str:
    start, parts = block.span.start, []
    for hidden in (*block.hidden, Span(block.span.end, block.span.end)):
        parts.append(text[start : hidden.start])
        start = hidden.end
    return _LINE_END.sub("\n", unescape("".join(parts))).strip()


@dataclass(slots=True)
class _Frame:
    """A container that is open: what its paragraphs are, and what they are understood by.

    ``own`` is the first block of an item, ``above`` the paragraph directly above the next
    block, ``table`` which of the blocks found are the table directly above it; ``begin`` counts
    the blocks found before a quotation.
    """

    kind: BlockKind
    level: int
    context: tuple[Span, ...]
    own: Span | None = None
    above: Span | None = None
    table: range = range(0)
    begin: int = 0

    @property
    def within(self) -> tuple[Span, ...]:
        """What a block in it is understood by: what its item is, and the item itself."""
        return self.context if self.own is None else (*self.context, self.own)


class _Walk:
    """One walk over the parser's blocks, which know their lines, but not their characters."""

    def __init__(self, text: str, start: int) -> None:
        # As the parser reads it, one for one.
        self.text = text.replace("\0", "\ufffd")
        self.lines: list[Span] = []
        self.env: EnvType = {}
        self.tokens = iter(_parser().parse(text[start:], self.env))
        for match in _LINE_END.finditer(text, start):
            self.lines.append(Span(start, match.start()))
            start = match.end()
        self.lines.append(Span(start, len(text)))
        self.found: list[Block] = []
        self.frames = [_Frame("paragraph", 0, ())]
        # The first line of an item without text yet, and the numbers of such items.
        self.first_line: int | None = None
        self.numbers: list[tuple[int, str]] = []
        # Of the disclosures that are open.
        self.summaries: list[Span] = []

    def blocks(self) -> list[Block]:
        """The blocks in order; lines that no rule of the parser took are left out."""
        for token in self.tokens:
            match token.type:
                case "paragraph_open" | "heading_open" | "dt_open":
                    self._text(token, next(self.tokens).content)
                case "table_open":
                    self._table()
                case "fence" | "code_block":
                    self._code(token)
                case "html_block":
                    self._html(token)
                case "hr" | "definition":
                    self._hide(*_lines(token))
                case _ if token.nesting > 0:
                    self._open(token)
                case _ if token.type in _CONTAINER_ENDS:
                    self._close(token)
        found = sorted([*self.found, *self._bare_marks()], key=lambda block: block.span)
        said = [block for run in _stretches(found) for block in self._said(run)]
        return _with_bold_headings(self.text, said)

    def _said(self, run: Sequence[Block]) -> Sequence[Block]:
        """Paragraphs that stand below one another as questions and answers, turns or fields.

        Markdown has no marks for these, and they are told as in plain text.
        """
        span = Span(run[0].span.start, run[-1].span.end)
        if run[0].kind != "paragraph" or not _LABEL.search(self.text, span.start, span.end):
            return run
        told = plain_blocks(span.of(self.text))
        kinds = Counter(block.kind for block in told)
        if not (kinds["question"] or kinds["turn"] or kinds["field"] > 1) or kinds.keys() - _SAID:
            return run
        hidden = [each for block in run for each in block.hidden]
        return [_moved(self.text, block, span.start, hidden) for block in told]

    def _open(self, token: Token) -> None:
        frame = self.frames[-1]
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self.frames.append(_Frame("item", self._depth("item"), self._lead_in(frame)))
            case "list_item_open":
                self.frames.append(_Frame("item", frame.level, frame.context))
                first = _lines(token)[0]
                if self.first_line is None:
                    self.first_line = first
                if token.info:
                    self.numbers.append((first, token.info + token.markup))
            case "blockquote_open":
                depth = self._depth("quotation")
                begin = len(self.found)
                self.frames.append(_Frame("quotation", depth, self._introduced(frame), begin=begin))
            case "dl_open":
                self.frames.append(_Frame("header", 0, self._lead_in(frame)))
            case "dd_open":
                self.frames.append(_Frame("field", 0, self._lead_in(frame)))
            case "footnote_reference_open":
                self.frames.append(_Frame("note", 0, ()))

    def _depth(self, kind: BlockKind) -> int:
        return 1 + max((frame.level for frame in self.frames if frame.kind == kind), default=0)

    def _close(self, token: Token) -> None:
        frame = self.frames.pop()
        if token.type == "blockquote_close":
            self._attribute(frame.begin)
        if token.type != "dd_close":
            self.frames[-1].above = None
        self.first_line = None
        self.numbers.clear()

    def _lead_in(self, frame: _Frame) -> tuple[Span, ...]:
        """What a list or table in ``frame`` is understood by, the paragraph above it included."""
        return frame.within if frame.above in (None, frame.own) else (*frame.within, frame.above)

    def _introduced(self, frame: _Frame) -> tuple[Span, ...]:
        """What a quotation or code in ``frame`` is understood by: a colon leads in to it."""
        ends = frame.above.of(self.text).rstrip("*_ \t")[-1:] if frame.above else ""
        return self._lead_in(frame) if ends in (":", "：") else frame.within

    def _attribute(self, begin: int) -> None:
        """Give what is quoted, from block ``begin`` on, the last one for context if it names who
        is."""
        quoted = [block for block in self.found[begin:] if block.kind != "hidden"]
        ends = [names_speaker(_shown_text(self.text, block)) for block in quoted[-2:]]
        if ends != [False, True]:
            return
        last = quoted[-1]
        for at in range(begin, len(self.found)):
            block = self.found[at]
            if block is not last and block.kind != "hidden":
                self.found[at] = replace(block, context=(*block.context, last.span))

    def _text(self, opened: Token, content: str) -> None:
        """A paragraph, heading or term; where hard breaks part its lines, several."""
        frame = self.frames[-1]
        table = frame.table
        first, end = _lines(opened)
        span, mask = self._claim(first, max(end, first + 1))
        breaks = self._show(content, first, span, mask, closed=opened.markup.startswith("#"))
        above, _, last = content.rpartition("\n")
        if frame.kind == "quotation" and above and names_speaker(last):
            breaks = sorted({*breaks, self.lines[end - 1].start})
        heading = opened.type == "heading_open"
        if heading and len(self.frames) == 1:
            self._add(Block(span, "heading", int(opened.tag[1])), mask)
            frame.above = None
            return
        added: Block | None = None
        for start, stop in pairwise([span.start, *breaks, span.end]):
            part = Span(start, stop)
            part_mask = mask[start - span.start : stop - span.start]
            if frame.kind != "item":
                added = self._add(Block(part, frame.kind, frame.level, frame.context), part_mask)
            elif frame.own is None:
                added = self._add(Block(part, "item", frame.level, frame.context), part_mask)
                frame.own = added.span if added else None
            else:
                added = self._add(Block(part, "paragraph", 0, frame.within), part_mask)
        frame.above = None
        if added and not heading:
            self._caption(table, added)
            colon = _shown_text(self.text, added).endswith((":", "："))
            if colon or len(added.span) <= _MAX_LEAD_IN or opened.type == "dt_open":
                frame.above = added.span

    def _caption(self, rows: range, block: Block) -> None:
        """Make ``block`` the caption of the table above it, if it begins as one does."""
        if rows and _CAPTION.match(self.text, block.span.start):
            self.found[-1] = replace(block, kind="caption")
            before = len(self.found[rows.start].context)
            for number in rows:
                row = self.found[number]
                if row.kind == "hidden":
                    continue
                context = (*row.context[:before], block.span, *row.context[before:])
                self.found[number] = replace(row, context=context)

    def _claim(self, first: int, end: int) -> tuple[Span, bytearray]:
        """The span of lines that become blocks, and a mask of it with nothing shown.

        What stands above them of their item, its mark alone, is part of it; numbers of items
        are shown.
        """
        if self.first_line is not None:
            first, self.first_line = self.first_line, None
        span = Span(self.lines[first].start, self.lines[end - 1].end)
        mask = bytearray(len(span))
        place = span.start
        for line, number in self.numbers:
            start = self.text.find(number, max(place, self.lines[line].start), span.end)
            if start >= 0:
                place = start + len(number)
                mask[start - span.start : place - span.start] = b"\1" * len(number)
        self.numbers.clear()
        return span, mask

    def _show(
        self, content: str, line: int, span: Span, mask: bytearray, *, closed: bool
    ) -> list[int]:
        """Mark in the mask of ``span`` what is shown of the content of an inline token.

        Each of its lines ends a line of the text, from ``line`` on, but for white space, and
        but for number signs if it is ``closed`` by them. Returns where hard breaks part it.
        """
        shown = shown_of(_parser(), content, self.env)
        wanted = deque(shown.breaks)
        breaks: list[int] = []
        place = 0
        for part in content.split("\n"):
            # Its indent may be a part of a tab.
            bare = part.lstrip(" \t")
            indent = len(part) - len(bare)
            bare = bare.rstrip()
            while not (whole := self._bare(self.lines[line], closed=closed)).endswith(bare):
                line += 1
            end = self.lines[line].start + len(whole)
            start = end - len(bare)
            seen = shown.mask[place + indent : place + indent + len(bare)]
            mask[start - span.start : end - span.start] = seen
            while wanted and wanted[0] <= place + len(part):
                offset = wanted.popleft() - place
                within = min(start + offset - indent, end)
                breaks.append(within if offset else self.lines[line].start)
            place += len(part) + 1
            line += 1
        return breaks

    def _bare(self, line: Span, *, closed: bool) -> str:
        """A line without white space at its end and the number signs that close a heading."""
        whole = line.of(self.text).rstrip(" \t")
        bare = whole.rstrip("#")
        return (bare if closed and bare[-1:] in (" ", "\t") else whole).rstrip()

    def _table(self) -> None:
        frame = self.frames[-1]
        context = self._lead_in(frame)
        header: Span | None = None
        named: tuple[Span, ...] = ()
        first = len(self.found)
        line = 0
        titles: list[str] = []
        for token in self.tokens:
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                line = _lines(token)[0]
                if header is not None:
                    start = self._row_start(line)
                    above = (*context, header)
                    self._row(line, start, len(titles), "row", above)
                    row = self.found[-1]
                    if row.cells and row.cells[0]:
                        named = (row.span,)
                    elif row.cells:
                        # An empty first cell says the same as the one above.
                        self.found[-1] = replace(row, context=(*row.context, *named))
            elif token.type == "inline" and header is None:
                titles.append(token.content)
            elif token.type == "thead_close":
                start = self._header_start(line, titles)
                header = self._row(line, start, len(titles), "header", context)
                self._hide(line + 1, line + 2)
        frame.above = None
        frame.table = range(first, len(self.found))

    def _header_start(self, line: int, titles: Sequence[str]) -> int:
        """Where the header row of a table begins, below the marks of what it stands in."""
        row = self.lines[line].of(self.text).rstrip()
        first, *others = _PIPE.split(row)
        before_pipe = len(others) - (not others[-1]) == len(titles)
        title = 0 if before_pipe else len(titles[0]) + titles[0].count("|")
        return self.lines[line].start + len(first.rstrip() if title else first) - title

    def _row_start(self, line: int) -> int:
        """The same of another row, which only marks of quotations may stand before."""
        start = self.lines[line].start
        for _ in range(self._depth("quotation") - 1):
            start = self.text.index(">", start) + 1
        return start

    def _row(
        self, line: int, start: int, columns: int, kind: BlockKind, context: tuple[Span, ...]
    ) -> Span:
        """Add a row of a table, with as many cells as it has columns; where it stands."""
        span, mask = self._claim(line, line + 1)
        row = trimmed(self.text, Span(start, span.end)) or Span(start, start)
        mask[row.start - span.start : row.end - span.start] = b"\1" * len(row)
        pipes = [match.start() for match in _PIPE.finditer(self.text, row.start, row.end)]
        edges = [row.start - 1, *pipes, row.end]
        cells = [Span(left + 1, right) for left, right in pairwise(edges)]
        cells = cells[not cells[0] : -1 if len(cells) > 1 and not cells[-1] else None]
        cells = [trimmed(self.text, cell) or Span(cell.end, cell.end) for cell in cells[:columns]]
        cells += [Span(row.end, row.end)] * (columns - len(cells))
        for cell in cells:
            seen = self._cell(cell.of(self.text))
            mask[cell.start - span.start : cell.end - span.start] = seen
        block = Block(span, kind, context=context, cells=tuple(cells))
        self._add(block if any(cells) else Block(span, "hidden"), mask)
        return self.found[-1].span

    def _cell(self, content: str) -> bytearray:
        """What is shown of a cell; the backslash before a pipe is not."""
        mask = shown_of(_parser(), content.replace("\\|", "|"), self.env).mask
        first, *parts = content.split("\\|")
        seen, place = mask[: len(first)], len(first)
        for part in parts:
            end = place + 1 + len(part)
            seen += b"\0" + mask[place:end]
            place = end
        return seen

    def _code(self, token: Token) -> None:
        """Code, without its fences."""
        first, end = _lines(token)
        lines = token.content.split("\n")
        if token.type == "fence":
            self._hide(first, first + 1)
            first += 1
        stop = min(end, first + len(lines) - (not lines[-1]))
        if stop > first:
            span, mask = self._claim(first, stop)
            for line, content in zip(self.lines[first:stop], lines, strict=False):
                length = len(content.lstrip(" \t"))
                start = line.end - length - span.start
                mask[start : start + length] = b"\1" * length
            self._add(Block(span, "code", context=self._introduced(self.frames[-1])), mask)
        if end > stop:
            self._hide(stop, end)
        self.frames[-1].above = None

    def _html(self, token: Token) -> None:
        """Markup: its tags are hidden, and part it."""
        frame = self.frames[-1]
        first, end = _lines(token)
        span, _ = self._claim(first, end)
        lines = zip(self.lines[first:end], token.content.split("\n"), strict=False)
        marks = [Span(line.start, line.end - len(content.lstrip())) for line, content in lines]
        kind: BlockKind = "paragraph" if frame.kind == "item" and frame.own else frame.kind
        outer = Block(span, kind, frame.level, frame.within, hidden=tuple(marks))
        blocks, summary = markup_blocks(self.text, outer)
        if _END_OF_DETAILS.match(token.content) and self.summaries:
            self.summaries.pop()
        self.found += [self._disclosed(block) for block in blocks]
        if summary is not None:
            self.summaries.append(summary)
        frame.above, frame.table = None, range(0)

    def _disclosed(self, block: Block) -> Block:
        """The block with the summaries for context of the disclosures that it stands in."""
        if not self.summaries or block.kind == "hidden":
            return block
        kind = "turn" if block.kind == "paragraph" else block.kind
        return replace(block, kind=kind, context=(*self.summaries, *block.context))

    def _hide(self, first: int, end: int) -> None:
        span, _ = self._claim(first, end)
        self._add(Block(span, "hidden"))

    def _add(self, block: Block, mask: bytearray | None = None) -> Block | None:
        """Add a block, trimmed, and hide in it what the mask of its span does not show.

        None, and a hidden block, where that is all of it.
        """
        if (span := trimmed(self.text, block.span)) is None:
            return None
        first = span.start - block.span.start
        if span != block.span:
            block = replace(block, span=span)
        if block.kind != "hidden" and mask is not None:
            block = with_hidden(self.text, block, mask[first : first + len(span)])
        self.found.append(self._disclosed(block))
        self.frames[-1].table = range(0)
        return block if block.kind != "hidden" else None

    def _bare_marks(self) -> Iterator[Block]:
        """The lines that hold nothing but marks of containers, as hidden blocks."""
        spans = iter([*(block.span for block in self.found), Span(len(self.text), len(self.text))])
        span = next(spans)
        for line in self.lines:
            while span.end <= line.start and span.start < len(self.text):
                span = next(spans)
            bare = None if span.overlaps(line) else trimmed(self.text, line)
            if bare and _CONTAINERS.fullmatch(self.text, bare.start, bare.end):
                yield Block(bare, "hidden")


def _stretches(blocks: Sequence[Block]) -> Iterator[Sequence[Block]]:
    """The blocks in order: paragraphs that stand for themselves together, others alone."""
    keys = (block.kind == "paragraph" and not block.context for block in blocks)
    for together, pairs in groupby(zip(keys, blocks, strict=True), key=lambda pair: pair[0]):
        run = [block for _, block in pairs]
        yield from [run] if together else ([block] for block in run)


def _with_bold_headings(text: str, blocks: Sequence[Block]) -> list[Block]:
    """The blocks, paragraphs all in bold that stand above others as headings below all others.

    Those that ask or end as no sentence does.
    """
    heads = [_is_bold(text, block) for block in blocks]
    found = list(blocks)
    seen = [at for at, block in enumerate(blocks) if block.kind != "hidden"]
    for at, below in pairwise(seen):
        if heads[at] and not heads[below] and blocks[below].kind != "heading":
            found[at] = replace(blocks[at], kind="heading", level=_BELOW_HEADINGS)
    return found


def _is_bold(text: str, block: Block) -> bool:
    """Whether it is one short line, all of it in bold, that is no sentence or asks."""
    if block.kind != "paragraph" or block.context or len(block.hidden) != 2:
        return False
    first, last = block.hidden
    if first.start != block.span.start or last.end != block.span.end:
        return False
    within = text[first.end : last.start]
    marked = first.of(text) == last.of(text) and first.of(text) in ("**", "__")
    return marked and len(within) <= _MAX_HEADING and _NO_SENTENCE.fullmatch(within) is not None


def _moved(text: str, block: Block, offset: int, hidden: Sequence[Span]) -> Block:
    """A block of the text from ``offset`` on as one of the whole text, in which is hidden."""
    span = _later(block.span, offset)
    first = bisect_right(hidden, span.start, key=lambda each: each.end)
    inside = tuple(
        Span(max(each.start, span.start), min(each.end, span.end))
        for each in takewhile(lambda each: each.start < span.end, islice(hidden, first, None))
    )
    if sum(map(len, inside)) == len(span):
        return Block(span, "hidden")
    context = tuple(_later(each, offset) for each in block.context)
    return replace(block, span=span, context=context, hidden=inside)


def _later(span: Span, offset: int) -> Span:
    return Span(span.start + offset, span.end + offset)


def _lines(token: Token) -> tuple[int, int]:
    """The first line of a token, and the line after its last."""
    assert token.map is not None
    return token.map[0], token.map[1]


def _read(data: bytes, source: str) -> Content:
    decoded = decode(data, source)
    content = read_markdown(decoded.text)
    return replace(content, metadata={**decoded.metadata, **content.metadata})


MARKDOWN = Reader("text/markdown", (".md", ".markdown"), _read)
