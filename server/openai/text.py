"""An outcome as the Markdown text of a chat message, and such a text as it was said.

Chat clients show Markdown. What documents say is escaped, so that it stays text there: an
image or a link in a document is never loaded or offered by a chat page. A footnote is the
Markdown link ``[[1]](url)``: it reads ``[1]`` everywhere, and Open WebUI, which makes a
source of each annotation and a button of each ``[1]``, finds the n-th source at the n-th
footnote (``[1](url)`` it would take apart).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.text.display import one_line
from server.wire.notes import notes_of, reads_chinese
from server.wire.outcome import AbstentionOut, AnswerOut, CitationOut, ClaimOut

__all__ = ["Composed", "Marker", "Piece", "compose", "said_in"]

# Every ASCII sign that Markdown or HTML may read something into, wherever it stands.
_ACTIVE = re.compile(r"[\\`*_\[\]<>~|]|!(?=\[)|&(?=#?\w+;)")
# What begins a list, a heading, a quote or a rule at the start of a line.
_OPENING = re.compile(r"(?:[#+=-]|(?<=\d)[.)](?=\s|$))")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

_LINK = re.compile(r" ?\[\[\d+\]\]\([^()\s]*\)")
_BARE_MARK = re.compile(r" ?\[\d{1,3}\]")
_SHORT = re.compile(r"\*\*(?:[^*\\]|\\.)*\*\*")
# No text of a document has a bare asterisk here.
_NOTE = re.compile(r"\*(?:[^*\\]|\\.)+\*")
_DATED = re.compile(r"\*\*[\d-]{4,10}:\*\* ")

# English, Chinese.
_DIFFER = (
    "The sources differ; newest first, undated last:",
    "来源说法不一，按时间从新到旧排列，没有日期的在最后：",
)
_MENTIONED = ("It does mention:", "档案中提到：")
_NEAREST = ("Nearest passages:", "最接近的段落：")
# A longer text said earlier is read from its start.
_MOST_SAID = 20_000


@dataclass(frozen=True, slots=True)
class Marker:
    """A footnote in the content: ``content[start:end]`` (code points) is its link."""

    start: int
    end: int
    number: int
    url: str
    citation: CitationOut


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the content that is sent at once, with the footnotes in it."""

    text: str
    markers: tuple[Marker, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """The text of a message. ``spans`` are the claims' places in it, without footnotes."""

    pieces: tuple[Piece, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def content(self) -> str:
        """The whole text."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def markers(self) -> list[Marker]:
        """All footnotes in reading order."""
        return [marker for piece in self.pieces for marker in piece.markers]


def compose(outcome: AnswerOut | AbstentionOut, base_url: str) -> Composed:
    """The outcome as Markdown, links from ``base_url``: a sentence a paragraph.

    An answer opens with its short answer, in bold. An abstention says that the archive does
    not say, and what it does mention. What went wrong with a language model stands at the
    end, in italics.
    """
    writer = _Writer(base_url.rstrip("/"), chinese=reads_chinese(outcome.question))
    if isinstance(outcome, AnswerOut):
        writer.write_answer(outcome)
    else:
        writer.write_abstention(outcome)
    return Composed(tuple(writer.pieces), tuple(writer.spans))


@dataclass(slots=True)
class _Writer:
    base_url: str
    chinese: bool
    pieces: list[Piece] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    length: int = 0

    def write_answer(self, answer: AnswerOut) -> None:
        if answer.short_answer:
            self._write(f"**{_escaped(answer.short_answer.quote)}**")
        if answer.conflict:
            self._write(_DIFFER[self.chinese])
        for claim in answer.claims:
            for context in claim.context:
                self._write(f"> {_escaped(context.quote)}")
            cited = [(number, answer.citations[number - 1]) for number in claim.footnotes]
            dated = cited[0][1].published if answer.conflict and cited else None
            self._write_claim(claim, f"**{dated}:** " if dated else "", cited)
        self._write_notes(answer)

    def _write_notes(self, outcome: AnswerOut | AbstentionOut) -> None:
        failure = outcome.selection.failure if outcome.selection else None
        for note in notes_of(failure, chinese=self.chinese):
            self._write(f"*{_escaped(note)}*")

    def _write_claim(
        self, claim: ClaimOut, opening: str, cited: Sequence[tuple[int, CitationOut]]
    ) -> None:
        text = _escaped(claim.text)
        start = self.length + len(self._gap) + len(opening)
        self.spans.append((start, start + len(text)))
        self._write(f"{opening}{text}", cited)

    def write_abstention(self, abstention: AbstentionOut) -> None:
        self._write(_escaped(abstention.explanation))
        if abstention.mentions:
            self._write(_MENTIONED[self.chinese])
            for number, citation in enumerate(abstention.mentions, start=1):
                self._write(f"- {_escaped(citation.quote)}", [(number, citation)])
        elif abstention.nearest:
            self._write(_NEAREST[self.chinese])
            for number, citation in enumerate(abstention.nearest, start=1):
                dated = f" ({citation.published})" if citation.published else ""
                self._write(f"- {_escaped(citation.title)}{dated}", [(number, citation)])
        self._write_notes(abstention)

    @property
    def _gap(self) -> str:
        return "\n\n" if self.pieces else ""

    def _write(self, text: str, cited: Sequence[tuple[int, CitationOut]] = ()) -> None:
        """One paragraph more, its footnotes behind it."""
        parts = [self._gap + text + (" " if cited else "")]
        at = self.length + len(parts[0])
        markers = []
        for number, citation in cited:
            url = self.base_url + citation.permalink
            link = f"[[{number}]]({url})"
            markers.append(Marker(at, at + len(link), number, url, citation))
            parts.append(link)
            at += len(link)
        self.pieces.append(Piece("".join(parts), tuple(markers)))
        self.length = at


def _escaped(text: str) -> str:
    """One line of Markdown that shows as this text, white space runs as one space."""
    line = _ACTIVE.sub(lambda match: "\\" + match[0], one_line(text))
    opening = re.match(r"\d{0,9}", line)
    assert opening is not None
    sign = _OPENING.match(line, opening.end())
    if sign is None:
        return line
    return f"{line[: sign.start()]}\\{line[sign.start() :]}"


def said_in(content: str) -> str:
    """What an assistant's message said, without short answer, notes, links and lists of
    sources.

    Of a text that `compose` wrote: its claims' sentences with a space between them, or the
    explanation of an abstention. Of another text: the text without footnote marks.
    """
    text = content[:_MOST_SAID]
    if not _LINK.search(text):
        return _BARE_MARK.sub("", text).strip()
    said: list[str] = []
    for position, paragraph in enumerate(text.split("\n\n")):
        if paragraph in _MENTIONED or paragraph in _NEAREST:
            break
        aside = paragraph.startswith("> ") or paragraph in _DIFFER
        if aside or _NOTE.fullmatch(paragraph) or (position == 0 and _SHORT.fullmatch(paragraph)):
            continue
        claim = _DATED.sub("", _LINK.sub("", paragraph), count=1)
        said.append(_ESCAPED.sub(r"\1", claim).strip())
    return " ".join(said)
