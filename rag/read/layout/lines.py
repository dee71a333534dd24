"""Lines of a plain text: how they are set, how they end, where they go on in the next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.types import Span

NO_GAP, BLANK, PAGE = 0, 1, 2

_CONTENT = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_LINE_END = re.compile(r"\r*\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_PAGE_END = re.compile(r"[\f\u2029]")
_WIDE = re.compile(
    r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]+"
)
_RULE = re.compile(r"(?:[-=_~*.·─━═—–+|:#^┌┬┐├┼┤└┴┘│╔╦╗╠╬╣╚╩╝║\s]{3,}|--)")
_CLOSERS = "\"'”’»)]）］」』】*_"
_ENDS = tuple(".!?…。！？．؟۔।॥։;：:")
_ASKS = ("?", "？", "؟", "⁇", "՞", "፧", "\u037e")
_NEVER_FIRST = ",;.)]}»”、，。；）」"
_WORD = re.compile(r"\S+")

# The label of a field, in emphasis or brackets maybe, and the space behind it.
FIELD = re.compile(
    r"(?:[(\[][^)\]\n]{1,6}[)\]]\s*)?(?:\*\*|__|\*)?([^\W_][^:：?!;|｜。！？，、；《]{0,47}?)\s?"
    r"(?:\*\*|__|\*)?[:：｜](?:\*\*|__|\*)?(?=\s|$|(?<=[：｜]))\s*|[【［]([^】］]{1,20})[】］]\s*"
)
_END_IN_LABEL = re.compile(r"[^\W\d_]{5,}\.\s")
_LABEL_WORDS = 5
_LABEL_END, _LABEL_REACH = re.compile(r"[:：｜】］]"), 70
# What begins a line is told by so many of its characters.
REACH = 200
# A term, and behind a dash, an arrow or a wide gap what it means.
DEFINED = re.compile(
    r"[^\W_*][^.!?:;。]{0,39}?(?:\*\*)?\s[-–—=]\s+\S|[^\W_][^→]{0,59}?\s?(?:→|->|=>|⇒)\s?\S"
    r"|[^\W_](?:\S|\s\S){0,38}(?:\s{3,}|\u3000+|\t+)\S|\*\*[^*]{1,40}\*\*\s\S"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text without the white space around it; never empty.

    ``indent`` is counted in columns; ``gap`` says what parts it from the line before:
    NO_GAP, BLANK for blank lines and the begin of the text, PAGE for the end of a page.
    """

    start: int
    end: int
    text: str
    indent: int
    gap: int

    @property
    def span(self) -> Span:
        """Where it stands in the text."""
        return Span(self.start, self.end)


def read_lines(text: str) -> list[Line]:
    """The lines that hold something, in order."""
    found: list[Line] = []
    end = 0
    for match in _CONTENT.finditer(text):
        raw = match[0]
        content = raw.strip()
        if not content:
            continue
        start = match.start() + len(raw) - len(raw.lstrip())
        between = text[end : match.start()]
        gap = NO_GAP
        if between not in ("\n", "\r\n"):
            if _PAGE_END.search(between):
                gap = PAGE
            elif not found or len(_LINE_END.findall(between)) > 1:
                gap = BLANK
        indent = width(raw[: start - match.start()].expandtabs(8))
        end = start + len(content)
        found.append(Line(start, end, content, indent, gap))
    return found


def stanzas(lines: Sequence[Line]) -> Iterator[range]:
    """The numbers of lines that no gap parts."""
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or lines[at].gap:
            yield range(start, at)
            start = at


def width(text: str) -> int:
    """How many columns the text takes where each character of CJK takes two."""
    return len(text) if text.isascii() else len(text) + sum(map(len, _WIDE.findall(text)))


def is_rule(text: str) -> bool:
    """Whether a line only parts or underlines others."""
    return not text[0].isalnum() and _RULE.fullmatch(text) is not None


def ended(text: str) -> bool:
    """Whether the text ends as a sentence does, or what leads in to something."""
    return text.rstrip(_CLOSERS).endswith(_ENDS)


def asks(text: str) -> bool:
    """Whether the text ends as a question does, in any script."""
    return text.rstrip(_CLOSERS).endswith(_ASKS)


def leads_in(text: str) -> bool:
    """Whether the text ends with a colon."""
    return text.rstrip("*_ ").endswith((":", "：", ":-", "︰"))


def label_of(text: str) -> str:
    """The label of the field that the line begins; empty where it begins none."""
    match = FIELD.match(text, 0, REACH) if _LABEL_END.search(text, 0, _LABEL_REACH) else None
    if match is None or match[2]:
        return match[2] if match else ""
    wordy = len(match[1].split()) > _LABEL_WORDS or _END_IN_LABEL.search(match[1])
    return "" if wordy else match[1]


# --- Lines that go on ---------------------------------------------------------------

_SHORT, _WIDEST = 40, 140
# What begins a line of its own: a bullet, a time, a number, a bar, a label.
_OWN = re.compile(
    r"[-*•+>|·]\s|[(\[]\d{1,4}[:./-]\d\d|[(\[]?\w{1,3}[.)\]]\s|第|[^\W_][^:：｜!?]{0,30}[:：｜](?:\s|(?<=[：｜]))"
)
# A bullet or number alone.
_MARKED = re.compile(r"[-–—*•+▪◦·□☐]\s|[(（\[]?\w{1,4}[.)）\]、]\s?")


def lines_that_go_on(lines: Sequence[Line]) -> list[bool]:
    """For each line whether it goes on with the line before it, which was only broken.

    Told by the width that the text is set in, else by a small letter after a long line.
    """
    limit = _wrapped_at(lines)
    found = [False] * len(lines)
    for stanza in stanzas(lines):
        for at in (*_wrapped_in_list(lines, stanza), *_below_value(lines, stanza)):
            found[at] = True
    for at in range(1, len(lines)):
        line, before = lines[at], lines[at - 1]
        own = _OWN.match(line.text) and (ended(before.text) or _OWN.match(before.text))
        if line.gap or own or found[at]:
            continue
        length = before.indent + width(before.text)
        small = line.text[0].islower() or line.text[0] in _NEVER_FIRST
        if limit is None:
            terms = DEFINED.match(line.text, 0, REACH) and DEFINED.match(before.text, 0, REACH)
            found[at] = small and not terms and length >= _SHORT and not ended(before.text)
        elif length + 1 + _first_word(line.text) > limit:
            found[at] = length >= _SHORT
        else:
            found[at] = small and length > 0.6 * limit and not ended(before.text)
    return found


def _wrapped_in_list(lines: Sequence[Line], stanza: range) -> Iterator[int]:
    """Lines that go on with an item: the line before has no room for their first word, or they
    begin with a small letter, for sure where they are set deeper or have an item below them.

    The room is that of the list, whose lines may be far shorter than the text's.
    """
    marked = [at for at in stanza if _MARKED.match(lines[at].text)]
    if not marked:
        return
    room = max(lines[at].indent + width(lines[at].text) for at in range(marked[0], stanza.stop))
    item = lines[marked[0]].indent
    for at in range(marked[0] + 1, stanza.stop):
        line, before = lines[at], lines[at - 1]
        if _MARKED.match(line.text):
            item = line.indent
            continue
        own = _OWN.match(line.text) or DEFINED.match(line.text, 0, REACH)
        if line.indent < item or own or leads_in(before.text):
            continue
        full = before.indent + width(before.text) + 1 + _first_word(line.text) > room
        small = line.text[0].islower()
        if line.indent > item:
            goes_on = full or (small and not ended(before.text))
        elif at < marked[-1]:
            goes_on = (full or small) and not ended(before.text)
        else:
            goes_on = full and small and not ended(before.text)
        if goes_on:
            yield at


def _below_value(lines: Sequence[Line], stanza: range) -> Iterator[int]:
    """Lines that begin where the value of the field above begins: its further lines."""
    column = 0
    for at in stanza:
        line = lines[at]
        label = FIELD.match(line.text, 0, REACH) if label_of(line.text) else None
        if label is not None:
            column = line.indent + width(label[0]) if label.end() < len(line.text) else 0
        elif column and line.indent == column and not _OWN.match(line.text):
            yield at
        else:
            column = 0


def _first_word(text: str) -> int:
    if _WIDE.match(text):
        return 4
    word = _WORD.match(text)
    return len(word[0]) if word else 0


def _wrapped_at(lines: Sequence[Line]) -> float | None:
    """The width that most line breaks keep to; None where lines are not broken to a width."""
    long = sum(len(line.text) > _WIDEST for line in lines)
    breaks = [
        (before.indent + width(before.text), _first_word(line.text))
        for before, line in pairwise(lines)
        if line.gap == NO_GAP
        and _SHORT <= len(before.text) + before.indent <= _WIDEST
        and not _OWN.match(line.text)
    ]
    if len(breaks) < 4 or long > 0.1 * len(lines):
        return None
    limit = 0.92 * sorted(length for length, _ in breaks)[int(0.9 * (len(breaks) - 1))]
    tight = sum(length + 1 + word > limit for length, word in breaks)
    return limit if tight >= 0.7 * len(breaks) else None
