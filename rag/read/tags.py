"""HTML inside Markdown: its tags are hidden, and tell what the text between them is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.read.blocks import trimmed
from rag.read.inline import UNSEEN_TAGS, hides, raised_in, with_hidden
from rag.types import Block, BlockKind, Span

# A tag ends at the next bracket, so that many that nothing closes take linear time.
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^<>]*>?|<(/?)([A-Za-z][A-Za-z0-9-]*)[^<>]*>", re.DOTALL)
_SEEN_BEFORE = 100
_MOST_ROWS = 100
_SCRIPTS = frozenset(("script", "style", "template"))
_KINDS: dict[str, BlockKind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("caption", "figcaption"), "caption"),
    "li": "item",
    "dt": "header",
    "dd": "field",
    "blockquote": "quotation",
    "summary": "question",
    "pre": "code",
}
_CELLS = ("td", "th")
_ROWS = re.compile(r"\browspan\s*=\s*[\"']?(\d+)", re.IGNORECASE)
# Other elements that begin a block, or a line.
_PARTS = frozenset(
    (
        *("address", "article", "aside", "body", "br", "center", "details", "div", "dl", "figure"),
        *("footer", "form", "header", "hr", "html", "legend", "main", "nav", "ol", "p"),
        *("section", "table", "tbody", "tfoot", "thead", "tr", "ul"),
    )
)


def markup_blocks(text: str, outer: Block) -> tuple[list[Block], Span | None]:
    """The blocks of the markup that ``outer`` covers: all of it but white space, in order.

    Text that is in no list, table or the like is of its kind and level. All have its context,
    and what is hidden in it is hidden in them. With them the summary that what follows the
    markup is the rest of.
    """
    markup = _Markup(text, outer)
    return list(markup.blocks()), markup.summary


class _Markup:
    def __init__(self, text: str, outer: Block) -> None:
        self.text = text
        self.outer = outer
        self.mask = bytearray(b"\1") * len(outer.span)
        for hidden in outer.hidden:
            self._hide(hidden.start, hidden.end)
        self.start = outer.span.start
        # What the tag says that this part stands behind, and how deep it is in lists.
        self.name = ""
        self.depth = 0
        self.cells: list[Span] = []
        self.heads = True
        # Blocks that those below them are understood by.
        self.items: list[Span] = []
        self.header: Span | None = None
        self.caption: Span | None = None
        self.term: Span | None = None
        self.summary: Span | None = None
        # Cells that reach into rows below: how many more, and where they stand.
        self.rows: list[int] = []
        self.reaching: list[tuple[int, Span]] = []

    def blocks(self) -> Iterator[Block]:
        """All blocks in order."""
        unseen, unseen_from, deep, nests = "", 0, 0, False
        row = False
        sup: tuple[int, int] | None = None
        for match in _TAG.finditer(self.text, self.start, self.outer.span.end):
            start, end = match.span()
            closes, name = bool(match[1]), (match[2] or "").lower()
            self._hide(start, end)
            if unseen:
                deep += (-1 if closes else nests) if name == unseen else 0
                if not deep:
                    self._hide(unseen_from, end)
                    unseen = ""
            elif not closes and (name in UNSEEN_TAGS or hides(match[0], name)):
                unseen, unseen_from, deep = name, start, 1
                nests = name not in UNSEEN_TAGS
            elif name == "sup" and not closes:
                sup = match.span()
            elif name == "sup" and sup is not None:
                self._raise(sup, match.span())
                sup = None
            elif row and name in _CELLS:
                self._cell(name, start, end, closes=closes)
            elif name in _KINDS or name in _PARTS:
                if row and name not in ("tr", "table", "tbody", "thead"):
                    continue
                yield from self._part(end if closes or name == "br" else start)
                row = name == "tr" and not closes
                self._tag(name, closes=closes)
        if unseen in _SCRIPTS:
            self._hide(unseen_from, self.outer.span.end)
        yield from self._part(self.outer.span.end)

    def _raise(self, opened: tuple[int, int], closed: tuple[int, int]) -> None:
        """Hide the mark of a note between two tags, show the tags around a power."""
        text = self.text
        before = text[max(self.start, opened[0] - _SEEN_BEFORE) : opened[0]]
        raised = _TAG.sub("", text[opened[1] : closed[0]])
        kind = raised_in(raised, _TAG.sub("", before), text[closed[1] : closed[1] + 3])
        if kind == "mark":
            self._hide(opened[0], closed[1])
        elif kind == "power":
            first = self.outer.span.start
            for start, end in (opened, closed):
                self.mask[start - first : end - first] = b"\1" * (end - start)

    def _hide(self, start: int, end: int) -> None:
        first = self.outer.span.start
        self.mask[start - first : end - first] = bytes(end - start)

    def _tag(self, name: str, *, closes: bool) -> None:
        """Note what the text behind a tag is."""
        if name in ("ul", "ol"):
            self.depth = max(0, self.depth + (-1 if closes else 1))
            del self.items[self.depth :]
        elif name in ("table", "dl"):
            self.header = self.caption = self.term = None
            self.reaching = []
        elif name == "details":
            self.summary = None
        if closes:
            self.name = ""
        elif name in _KINDS or name == "tr" or not self.name:
            self.name = name

    def _cell(self, name: str, start: int, end: int, *, closes: bool) -> None:
        if self.cells and not self.cells[-1]:
            self.cells[-1] = Span(self.cells[-1].start, start)
        if not closes:
            self.cells.append(Span(end, end))
            rows = _ROWS.search(self.text, start, end)
            self.rows.append(min(int(rows[1][:6]), _MOST_ROWS) if rows else 1)
            self.heads = self.heads and name == "th"

    def _part(self, end: int) -> Iterator[Block]:
        """The block that ends here; none where there is only white space."""
        span = trimmed(self.text, Span(self.start, end))
        cells, heads, rows, self.start = self.cells, self.heads, self.rows, end
        self.cells, self.heads, self.rows = [], True, []
        if span is None:
            return
        kind, level = _KINDS.get(self.name, self.outer.kind), self.outer.level
        above: list[Span | None] = []
        if cells:
            cells[-1] = cells[-1] or Span(cells[-1].start, end)
            kind, level = "header" if heads else "row", 0
            reaching = [cell for _, cell in self.reaching]
            above = [self.caption, *(() if heads else (self.header, *reaching))]
        elif kind == "heading":
            level = int(self.name[1])
        elif kind == "item":
            level = max(1, self.depth)
            above = [*self.items[: level - 1]]
        elif kind == "field":
            above = [self.term]
        elif kind == "quotation":
            level = max(1, level)
        elif not self.name:
            above = [*self.items]
        if self.summary is not None:
            above.insert(0, self.summary)
            kind = "turn" if kind == "paragraph" else kind
        first = span.start - self.outer.span.start
        block = Block(
            span,
            kind,
            level,
            context=(*self.outer.context, *(each for each in above if each)),
            cells=tuple(trimmed(self.text, each) or Span(each.end, each.end) for each in cells),
        )
        if cells and not heads:
            pairs = [*self.reaching, *zip(rows, block.cells, strict=True)]
            self.reaching = [(left - 1, cell) for left, cell in pairs if left > 1]
        block = with_hidden(self.text, block, self.mask[first : first + len(span)])
        yield block
        if block.kind == "item":
            self.items = [*self.items[: level - 1], span]
            # What follows in it is more of it, and no other item.
            self.name = ""
        elif block.kind == "header":
            self.header, self.term = span, span
        elif block.kind == "question":
            self.summary, self.name = span, ""
        elif block.kind == "caption":
            self.caption = span
