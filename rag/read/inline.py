"""Which characters of a Markdown paragraph a reader sees: markdown-it's inline parser, traced."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import compress, pairwise
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline, backtick
from markdown_it.token import Token
from markdown_it.utils import EnvType

from rag.read.blocks import trimmed
from rag.read.raised import MARK_START, raised
from rag.types import Block, Span

# Elements whose content is not read: struck out, readings of ruby, scripts.
UNSEEN_TAGS = frozenset({"del", "s", "strike", "rt", "rp", "script", "style", "template"})
# What begins a line in a cell or paragraph.
_LINE_BREAK = re.compile(r"<(?:br|li|p|div)\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_HIDDEN = re.compile(r"<\w[^<>]*\shidden(?=[\s=/>])", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(
    r"\sstyle\s*=[^<>]{0,300}?(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE
)
_WITHOUT_CONTENT = ("br", "hr", "img", "input", "source", "wbr")
# No operator of a formula.
_TAG_BEHIND = re.compile(r"<[!/A-Za-z].*", re.DOTALL)
TAG_NAME = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")

_DELIMITERS = frozenset(
    {"text", "em_open", "em_close", "strong_open", "strong_close", "s_open", "s_close"}
)
_SHOWN = "shown"
_SEEN_BEFORE = 100
# Without any of these all of a paragraph is shown, on one line: most are.
_MARK = re.compile(r"[\\`*_~<\[]| {2}\n")


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a text is seen: 1 for each character that is, else 0, and where lines are parted.

    ``breaks`` are offsets of the characters that follow a hard break, in order.
    """

    mask: bytearray
    breaks: tuple[int, ...] = ()


def shown_of(markdown: MarkdownIt, content: str, env: EnvType) -> Shown:
    """What is seen of ``content``, the text of one inline token of a parser with TracedInline.

    Marks of emphasis, targets and titles of links, tags, and what is struck out are not seen;
    of an image its description is, and entities are as they are written.
    """
    if _MARK.search(content) is None:
        return Shown(bytearray(b"\1") * len(content))
    markdown.inline.parse(content, markdown, env, [])
    shown: Shown = env.pop(_SHOWN)
    return shown


def with_hidden(text: str, block: Block, mask: bytearray) -> Block:
    """``block`` with what ``mask`` says is not seen of its span as hidden.

    Where that is all of it, it is a hidden block. A line break of HTML begins a stretch of
    its own, so that it can be told.
    """
    hidden: list[Span] = []
    seen = False
    first = block.span.start
    end = 0
    while (start := mask.find(0, end)) >= 0:
        seen = seen or not (start == end or text[first + end : first + start].isspace())
        end = mask.find(1, start)
        end = len(mask) if end < 0 else end
        if (run := trimmed(text, Span(first + start, first + end))) is not None:
            hidden += _parted(text, run)
    seen = seen or bool(text[first + end : block.span.end].strip())
    if not seen:
        return Block(block.span, "hidden")
    return replace(block, hidden=tuple(hidden)) if hidden else block


def _parted(text: str, run: Span) -> list[Span]:
    if "<" not in run.of(text):
        return [run]
    breaks = (match.start() for match in _LINE_BREAK.finditer(text, run.start, run.end))
    edges = [run.start, *(place for place in breaks if place > run.start), run.end]
    return [Span(*edge) for edge in pairwise(edges)]


def hides(tag: str, name: str) -> bool:
    """Whether what stands in the element that ``tag`` begins is not shown."""
    if name in _WITHOUT_CONTENT or tag.endswith("/>"):
        return False
    return _HIDDEN_STYLE.search(tag) is not None or bool(_HIDDEN.match(_QUOTED.sub("", tag)))


def raised_in(text: str, before: str, behind: str) -> Literal["mark", "power", "text"]:
    """What stands between <sup> and </sup>: the mark of a note, which is not seen, a power or
    the part of a fraction, which is only told by its tags, or text."""
    text, behind = text.strip(), _TAG_BEHIND.sub("", behind)
    if behind[:1] in ("/", "⁄") and before[-1:].isdigit():
        return "power"
    written = raised(text, before, behind)
    if MARK_START in written:
        return "mark"
    return "text" if written == text else "power"


class TracedInline(ParserInline):
    """The inline rules of Markdown, GitHub's strike-out among them, that leave a trace."""

    def __init__(self) -> None:
        super().__init__()
        self.ruler.at("backticks", _backtick)

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """The inline tokens of ``src``; what of it is shown is left in ``env``."""
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        rules = self.ruler2.getRules("")
        for rule in rules[:-1]:
            rule(state)
        # Before the last one joins neighbouring tokens, and their places are lost.
        env[_SHOWN] = state.shown()
        rules[-1](state)
        return state.tokens


class _State(StateInline):
    """Where tokens began, and which characters became text."""

    def __init__(self, src: str, md: MarkdownIt, env: EnvType, out_tokens: list[Token]) -> None:
        super().__init__(src, md, env, out_tokens)
        self.mask = bytearray(len(src))
        self.runs: list[tuple[int, int]] = []

    def append_pending(self, text: str) -> None:
        self.mask[self.pos : self.pos + len(text)] = b"\1" * len(text)
        super().append_pending(text)

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        token = super().push(ttype, tag, nesting)
        token.meta["at"] = self.pos
        if ttype == "image":
            token.meta["shown"] = self.env.pop(_SHOWN)
        return token

    def shown(self) -> Shown:
        """The trace, once it is known which delimiters are marks and which are text."""
        run = place = -1
        open_tags: list[tuple[str, int]] = []
        unseen: set[str] = set()
        breaks: list[int] = []
        sup: Span | None = None
        for token in self.tokens:
            start = token.meta.get("at")
            if start is None:
                continue
            if token.type in _DELIMITERS and self.src[start] in "*_~":
                # Those of one run all began at its first character.
                if start != run:
                    run = place = start
                start, place = place, place + (len(token.content) or len(token.markup))
                if token.type == "text":
                    self._show(start, place)
                elif token.type == "s_open":
                    open_tags.append(("~~", start))
                elif token.type == "s_close":
                    self._strike(open_tags, "~~", place)
            elif token.type == "text_special":
                escaped = token.info == "escape" and len(token.content) < len(token.markup)
                self._show(start + escaped, start + len(token.markup))
            elif token.type == "image":
                alt: Shown = token.meta["shown"]
                self.mask[start + 2 : start + 2 + len(alt.mask)] = alt.mask
            elif token.type == "link_open" and token.markup == "autolink":
                self._show(start + 1, self.src.index(">", start))
            elif token.type == "hardbreak":
                breaks.append(self.src.index("\n", start) + 1)
            elif token.type == "html_inline" and (tag := TAG_NAME.match(token.content)):
                name, end = tag[2].lower(), start + len(token.content)
                if name == "br":
                    breaks.append(end)
                elif name == "sup" and not tag[1]:
                    sup = Span(start, end)
                elif name == "sup" and sup is not None:
                    self._raise(sup, Span(start, end))
                    sup = None
                elif tag[1] and name in unseen:
                    self._strike(open_tags, name, end)
                elif not tag[1] and (name in UNSEEN_TAGS or hides(token.content, name)):
                    open_tags.append((name, start))
                    unseen.add(name)
        return Shown(self.mask, tuple(breaks))

    def _show(self, start: int, end: int) -> None:
        self.mask[start:end] = b"\1" * (end - start)

    def _raise(self, opened: Span, closed: Span) -> None:
        """Hide the mark of a note between two tags, show the tags around a power."""
        before = self._seen(max(0, opened.start - _SEEN_BEFORE), opened.start)
        kind = raised_in(
            self._seen(opened.end, closed.start), before, self.src[closed.end : closed.end + 3]
        )
        if kind == "mark":
            self.mask[opened.start : closed.end] = bytes(closed.end - opened.start)
        elif kind == "power":
            self._show(opened.start, opened.end)
            self._show(closed.start, closed.end)

    def _seen(self, start: int, end: int) -> str:
        return "".join(compress(self.src[start:end], self.mask[start:end]))

    def _strike(self, open_tags: list[tuple[str, int]], name: str, end: int) -> None:
        """Hide from the last open ``name`` to ``end``; one that none opened strikes nothing."""
        if not any(opened == name for opened, _ in open_tags):
            return
        while open_tags:
            opened, start = open_tags.pop()
            if opened == name:
                self.mask[start:end] = bytes(end - start)
                return


def _backtick(state: StateInline, silent: bool) -> bool:
    """The rule for code, which shows what stands between the ticks."""
    start, count = state.pos, len(state.tokens)
    found = backtick(state, silent)
    if isinstance(state, _State) and len(state.tokens) > count:
        token = state.tokens[-1]
        spaces = state.pos - start - 2 * len(token.markup) - len(token.content)
        start += len(token.markup) + spaces // 2
        state.mask[start : start + len(token.content)] = b"\1" * len(token.content)
    return found
