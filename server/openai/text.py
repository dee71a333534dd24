"""An outcome as the Markdown text of a chat message, and back to its plain sentences.

Chat clients render Markdown. The text of documents is escaped, so that an image or a link
in a document is never loaded or shown by a chat page. A footnote is the Markdown link
``[[1]](url)``: it shows as ``[1]`` everywhere, and Open WebUI, which makes a source of each
annotation and a button of each ``[1]``, matches the n-th source with the n-th footnote
(it would break ``[1](url)``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.text.display import one_line
from server.wire.notes import MAY_SAY, counted_note, notes_of, reads_chinese, shortened_note
from server.wire.outcome import AbstentionOut, AnswerOut, CitationOut, ClaimOut

# ASCII characters that mean something in Markdown or HTML anywhere in a line.
_ACTIVE = re.compile(r"[\\`*_\[\]<>~|]|!(?=\[)|&(?=#?\w+;)")
# What starts a list, a heading or a rule at the beginning of a line.
_OPENING = re.compile(r"(?:[#+=-]|(?<=\d)[.)](?=\s|$))")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

_LINK = re.compile(r" ?\[\[\d+\]\]\([^()\s]*\)")
_BARE_MARK = re.compile(r" ?\[\d{1,3}\]")
_SHORT = re.compile(r"\*\*(?:[^*\\]|\\.)*\*\*")
# Asterisks of a document's text are escaped.
_NOTE = re.compile(r"\*(?:[^*\\]|\\.)+\*")
_DATED = re.compile(r"\*\*[\d-]{4,10}:\*\* ")

# English, Chinese.
_DIFFER = (
    "The sources differ; newest first, undated last:",
    "来源说法不一，按时间从新到旧排列，没有日期的在最后：",
)
_MENTIONED = ("It does mention:", "档案中提到：")
_NEAREST = ("Nearest passages:", "最接近的段落：")
# Of a longer earlier message only the beginning is read.
_MAX_CHARACTERS = 20_000


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
    """A paragraph of the content, sent as one chunk, with its footnotes."""

    text: str
    markers: tuple[Marker, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """The text of a message. ``spans`` are the positions of the claims, without footnotes."""

    pieces: tuple[Piece, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def content(self) -> str:
        """The whole text."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def markers(self) -> list[Marker]:
        """All footnotes in order."""
        return [marker for piece in self.pieces for marker in piece.markers]


def compose(outcome: AnswerOut | AbstentionOut, base_url: str) -> Composed:
    """The outcome as Markdown, one paragraph per sentence, with links under ``base_url``.

    An answer starts with its short answer, in bold; one that is not sure, with a line that
    says so. An abstention says that the archive does
    not say, and what it does mention. If the language model failed, a note in italics at the
    end says so.
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
        if not answer.sure:
            self._write(MAY_SAY[self.chinese])
        if answer.short_answer:
            self._write(f"**{_escaped(answer.short_answer.shown)}**")
        if answer.conflict:
            self._write(_DIFFER[self.chinese])
        if answer.counted is not None:
            self._write(f"**{counted_note(answer.counted, chinese=self.chinese)}**")
        for claim in answer.claims:
            for context in claim.context:
                self._write(f"> {_escaped(context.shown)}")
            cited = [(number, answer.citations[number - 1]) for number in claim.footnotes]
            dated = cited[0][1].published if answer.conflict and cited else None
            self._write_claim(claim, f"**{dated}:** " if dated else "", cited)
        self._write_notes(answer, answer.citations)

    def _write_notes(
        self, outcome: AnswerOut | AbstentionOut, cited: Sequence[CitationOut]
    ) -> None:
        if outcome.shortened_from is not None:
            said = shortened_note(outcome.question, outcome.shortened_from, chinese=self.chinese)
            self._write(f"*{_escaped(said)}*")
        noted = {(cite.title, cite.encoding_note) for cite in cited if cite.encoding_note}
        for title, note in sorted(noted):
            self._write(f"*{_escaped(f'{title}: {note}')}*")
        failure = outcome.selection.failure if outcome.selection else None
        for note in notes_of(failure, chinese=self.chinese):
            self._write(f"*{_escaped(note)}*")

    def _write_claim(
        self, claim: ClaimOut, opening: str, cited: Sequence[tuple[int, CitationOut]]
    ) -> None:
        text = _escaped(claim.shown)
        start = self.length + len(self._gap) + len(opening)
        self.spans.append((start, start + len(text)))
        self._write(f"{opening}{text}", cited)

    def write_abstention(self, abstention: AbstentionOut) -> None:
        self._write(_escaped(abstention.explanation))
        if abstention.mentions:
            self._write(_MENTIONED[self.chinese])
            for number, citation in enumerate(abstention.mentions, start=1):
                self._write(f"- {_escaped(citation.shown)}", [(number, citation)])
        elif abstention.nearest:
            self._write(_NEAREST[self.chinese])
            for number, citation in enumerate(abstention.nearest, start=1):
                dated = f" ({citation.published})" if citation.published else ""
                self._write(f"- {_escaped(citation.title)}{dated}", [(number, citation)])
        self._write_notes(abstention, abstention.mentions or abstention.nearest)

    @property
    def _gap(self) -> str:
        return "\n\n" if self.pieces else ""

    def _write(self, text: str, cited: Sequence[tuple[int, CitationOut]] = ()) -> None:
        """Add a paragraph and its footnotes."""
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
    """One line of Markdown that renders as this text, with single spaces."""
    line = _ACTIVE.sub(lambda match: "\\" + match[0], one_line(text))
    opening = re.match(r"\d{0,9}", line)
    assert opening is not None
    sign = _OPENING.match(line, opening.end())
    if sign is None:
        return line
    return f"{line[: sign.start()]}\\{line[sign.start() :]}"


def said_in(content: str) -> str:
    """The sentences of an assistant's message, without short answer, notes, links and lists.

    Of a text by `compose`: the sentences of its claims, separated by spaces, or the
    explanation of an abstention. Of another text: the text without footnote marks.
    """
    text = content[:_MAX_CHARACTERS]
    if not _LINK.search(text):
        return _BARE_MARK.sub("", text).strip()
    said: list[str] = []
    for position, paragraph in enumerate(text.split("\n\n")):
        if paragraph in _MENTIONED or paragraph in _NEAREST:
            break
        aside = paragraph.startswith("> ") or paragraph in (*_DIFFER, *MAY_SAY)
        if aside or _NOTE.fullmatch(paragraph) or (position == 0 and _SHORT.fullmatch(paragraph)):
            continue
        claim = _DATED.sub("", _LINK.sub("", paragraph), count=1)
        said.append(_ESCAPED.sub(r"\1", claim).strip())
    return " ".join(said)
