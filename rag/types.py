"""The nouns of Footnote: frozen, slotted dataclasses with no input or output.

Offsets everywhere are Unicode code points of ``Document.text``. Scores do not mix:
cosine, BM25, RRF, rerank and support scores are different quantities, each named.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

# Begins the source of a document that was handed over rather than found: "upload:note.md".
UPLOAD_PREFIX = "upload:"

# In a document's metadata: what is to be said of how its bytes were read (rag/read/decode.py).
ENCODING_NOTE = "encoding_note"

DateKind = Literal["published", "event", "ingested"]
AbstentionReason = Literal[
    "empty_archive", "nothing_asked", "no_match", "insufficient_evidence", "none_chosen"
]

# "premise" stands in conversations that an earlier version stored.
AbstentionKind = Literal["off_topic", "missing_fact", "premise"]

BlockKind = Literal[
    "heading",
    "paragraph",
    "item",
    "header",
    "row",
    "field",
    "question",
    "turn",
    "code",
    "quotation",
    "caption",
    "note",
    "furniture",
    "hidden",
]
"""What a block of a document is.

item       an item of a list, without the items below it
header     the header row of a table; row: another row
field      a label with its value: "Extent: 48 metres"
question   of questions and answers: a question; turn: an answer, or what a speaker says
note       a footnote or endnote
furniture  a running header or footer, navigation: shown, never searched or quoted
hidden     what nobody who looks at the document sees: markup, comments
"""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range [start, end) of Unicode code points in Document.text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"span [{self.start}, {self.end}) is not a range")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """The characters of ``text`` in this span."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Whether the two ranges share at least one code point."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class DocumentDate:
    """A date as far as it is known, and where it was read.

    Unknown parts are None and are never guessed: "5 July" with no year has
    ``year=None``. ``span`` is where in Document.text it was read; ``origin`` says
    in words where it came from ("dateline", "html metadata", "file name", ...).
    """

    year: int | None
    month: int | None
    day: int | None
    kind: DateKind
    origin: str
    span: Span | None = None

    def interval(self) -> tuple[date, date] | None:
        """First and last day this date may mean, or None when the year is unknown."""
        if self.year is None:
            return None
        if self.month is None:
            return date(self.year, 1, 1), date(self.year, 12, 31)
        if self.day is None:
            last = monthrange(self.year, self.month)[1]
            return date(self.year, self.month, 1), date(self.year, self.month, last)
        day = date(self.year, self.month, self.day)
        return day, day

    def isoformat(self) -> str:
        """ISO 8601 at the precision known; an unknown year is written ``--``."""
        parts = [f"{self.year:04d}" if self.year is not None else "-"]
        if self.month is not None:
            parts.append(f"{self.month:02d}")
            if self.day is not None:
                parts.append(f"{self.day:02d}")
        return "-".join(parts)


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a document's text, and what it is.

    The blocks of a document cover all of its text but white space, in order, and never
    overlap; each begins and ends with a character that is no white space. ``level`` is that
    of a heading, and how deep an item or a quotation is nested, from 1; else 0.

    ``context`` are stretches of the same text without which it is not understood, outermost
    first: the lead-in of an item and the items above it, the caption and the header row of a
    row, the question of an answer, what a field is of. ``cells`` are those of a row or
    header, in order, an empty one empty. ``hidden`` are stretches inside the block, in order,
    that a reader does not see: marks of emphasis, the target of a link, text struck out.
    ``continues`` is whether it goes on in the middle of a sentence of the block before it,
    furniture not counted.
    """

    span: Span
    kind: BlockKind
    level: int = 0
    context: tuple[Span, ...] = ()
    cells: tuple[Span, ...] = ()
    hidden: tuple[Span, ...] = ()
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """What is judged and quoted as one: a sentence, an item, a row, a field, an answer.

    ``span`` is what is quoted, of a block of this ``kind``; ``context`` is what a reader
    needs beside it, as in Block; ``headings`` are those above it, outermost first.
    """

    span: Span
    kind: BlockKind
    context: tuple[Span, ...]
    headings: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One text of the archive, exactly as read.

    ``blocks`` tell what each part of the text is (see Block).

    ``id`` is derived from ``content_hash`` (sha256 of the text in UTF-8), so the same
    text under two paths is one document with two ``sources``, the first one read first.
    ``language`` is an ISO 639-1 code or "und". ``metadata`` is for display only (media
    type, encoding, author, ...); no code decides by it.
    """

    id: str
    sources: tuple[str, ...]
    title: str
    text: str
    content_hash: str
    language: str
    dates: tuple[DocumentDate, ...]
    metadata: Mapping[str, str]
    blocks: tuple[Block, ...]

    @property
    def published(self) -> DocumentDate | None:
        """The first publication date that was found, or None."""
        return next((d for d in self.dates if d.kind == "published"), None)

    @property
    def encoding_note(self) -> str | None:
        """That its encoding was guessed, or that characters are lost; else None."""
        return self.metadata.get(ENCODING_NOTE)


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrievable stretch of one document.

    ``id`` is "<document id>:<start>-<end>". ``search_text`` is the repaired text made
    from the span for the indexes only; what is shown and cited is the span itself.
    ``title`` is the document's, kept as context for the models.
    """

    id: str
    document_id: str
    span: Span
    headings: tuple[str, ...]
    title: str
    search_text: str


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A word to look for, as the index holds it; any of ``alternatives`` is as good.

    Its BM25 score is multiplied by ``weight``: 1 for a word that the question says, less
    for one that it may mean besides.
    """

    word: str
    alternatives: tuple[str, ...]
    weight: float


def passage_id(document_id: str, span: Span) -> str:
    """The id of the passage that covers ``span`` of a document."""
    return f"{document_id}:{span.start}-{span.end}"


def parse_passage_id(identifier: str) -> tuple[str, Span]:
    """The document id and the span that make a passage id. Raises KeyError for other text."""
    document_id, _, span = identifier.rpartition(":")
    start, _, end = span.partition("-")
    if not (document_id and start.isdecimal() and end.isdecimal() and int(start) <= int(end)):
        raise KeyError(identifier)
    return document_id, Span(int(start), int(end))


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents a question may use. Empty means all of them.

    ``sources``: a document passes when any of its sources matches any of these, either
    as a glob (when it has ``*``, ``?`` or ``[``) or as a case-insensitive substring, in any
    Unicode normal form.
    ``since``/``until``: inclusive; a document passes when its publication date, at the
    precision known, overlaps the range; one without a publication date does not pass.
    ``as_of``: what was published later does not pass, that is, when the first day its
    publication date may mean is after it; one without a publication date passes.
    """

    sources: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    language: str | None = None
    as_of: date | None = None

    def __bool__(self) -> bool:
        return bool(self.sources or self.since or self.until or self.language or self.as_of)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said earlier in a conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and of which part of the archive.

    ``history`` is the conversation before it, oldest turn first; empty for a question
    that begins one. ``as_of`` is the day it is asked from: documents published later are
    not used, and "last year" is the year before it. None asks of the whole archive.
    ``shortened_from`` is how many characters the message had that it was taken from.
    """

    text: str
    filters: Filters = Filters()
    history: tuple[Turn, ...] = ()
    as_of: date | None = None
    shortened_from: int | None = None

    @property
    def scope(self) -> Filters:
        """Its filters, as of its day."""
        return self.filters if self.as_of is None else replace(self.filters, as_of=self.as_of)


@dataclass(frozen=True, slots=True)
class StageScore:
    """What one stage said of a passage: its rank (from 1) and its own kind of score."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage with what each stage said of it; None where it was not seen.

    ``dense`` holds a cosine, ``lexical`` a BM25 score, ``fused`` a score that orders the
    passages of one question and ``reranked`` the reading model's relevance, whose rank is the
    passage's place in the end. A ranking is ``list[Hit]``, best first.
    """

    passage: Passage
    dense: StageScore | None
    lexical: StageScore | None
    fused: StageScore | None
    reranked: StageScore | None


@dataclass(frozen=True, slots=True)
class Citation:
    """The characters that support a claim: ``document.text[span] == quote`` always.

    ``shown`` is what a reader sees of the quote: marks of emphasis and links left out, the
    cells of a row parted by bars. ``content_hash`` is that of the document's text as it was
    cited, ``encoding_note`` that of the document.
    """

    document_id: str
    content_hash: str
    title: str
    source: str
    published: str | None
    span: Span
    quote: str
    shown: str
    encoding_note: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of an answer with at least one verified citation.

    ``text`` is its quote, ``shown`` that as a reader sees it (see Citation). ``support`` is
    the support score in [0, 1] that the gate judged. ``context`` cites what the statement is
    not understood without, outermost first: the header of a row, the lead-in of an item, the
    sentence or heading that says who is meant.
    """

    text: str
    shown: str
    citations: tuple[Citation, ...]
    support: float
    context: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of one sentence as an answer to one question.

    The reading model's logits: ``relevance``, how much the passage is about the question;
    ``answers``, that something in it answers; ``evidence``, that this statement does;
    ``span``, how much likelier its best short answer is than none.

    The coverages are shares in [0, 1], 1 when the question has none of the kind:
    ``coverage`` of its content words found in the statement or what it is not understood
    without, ``number_coverage`` of its numbers found there, in the passage or the title.
    ``currency`` in [0, 1] is whether the statement held on the day asked from.
    """

    relevance: float
    answers: float
    evidence: float
    span: float
    coverage: float
    number_coverage: float
    currency: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A statement the answer layer considered, and why it was kept or dropped.

    ``quote`` is its text as stored, ``answer`` where in its document the likeliest short answer
    within it stands, None where it can have none. ``support`` in [0, 1] is what the gate
    judges, made from ``features``. ``verdict`` is "kept" or the reason it was dropped.
    """

    document_id: str
    passage_id: str
    statement: Statement
    quote: str
    answer: Span | None
    features: Features
    support: float
    verdict: str

    @property
    def span(self) -> Span:
        """Where it stands in its document."""
        return self.statement.span


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model did something: its name and the revision or weights hash."""

    name: str
    revision: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What a language model chose among the statements that it was shown.

    ``shown`` counts the statements, numbered from 1; ``chosen`` are the numbers it gave, in
    its order. None chosen without a ``failure`` means that it found no statement that
    answers. ``failure`` says why its choice could not be had; then the archive's rules chose.
    """

    model: ModelIdentity
    prompt: str
    shown: int
    chosen: tuple[int, ...]
    failure: str | None = None

    @property
    def declined(self) -> bool:
        """Whether the model said that no statement answers."""
        return not self.chosen and self.failure is None


@dataclass(frozen=True, slots=True)
class Answer:
    """Claims, each with verified citations, and everything they rest on.

    ``standalone`` is how a follow-up was understood without its history, None where the
    question was used as asked. ``timings_ms`` maps stage name to wall time in milliseconds.
    ``short_answer`` cites the characters of the first claim that name the thing asked for
    (a date, a number, a person, ...); None where they cannot be told exactly. ``counted``
    is how many items the claims quote where a list is given to a question that asks how
    many; None for every other answer.
    ``conflict`` is whether documents give different values for what is asked; the first
    claims then give each, newest first. ``composer`` "quote" means that every claim is a
    stored sentence; ``selection`` tells which of them a language model chose, None without
    one. An answer that is not ``sure`` quotes statements that may answer, best first, and has
    no short answer, count or conflict.
    """

    question: Question
    standalone: str | None
    claims: tuple[Claim, ...]
    ranking: tuple[Hit, ...]
    candidates: tuple[Candidate, ...]
    models: Mapping[str, ModelIdentity]
    generation: str
    timings_ms: Mapping[str, float]
    short_answer: Citation | None = None
    counted: int | None = None
    conflict: bool = False
    composer: Literal["quote"] = "quote"
    selection: Selection | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Abstention:
    """The archive does not say: why, and what lies nearest. A result, not an error.

    ``standalone`` is how a follow-up was understood, as in Answer. ``kind`` tells of
    insufficient evidence (None for another ``reason``) whether the archive hardly speaks
    of what is asked about ("off_topic") or speaks of it without the fact asked for
    ("missing_fact").
    ``mentions`` are sentences of what it does say of the subject. The reason "none_chosen"
    is a language model's, which ``selection`` tells of: it found no statement that answers.
    """

    question: Question
    standalone: str | None
    reason: AbstentionReason
    kind: AbstentionKind | None
    explanation: str
    mentions: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    ranking: tuple[Hit, ...]
    candidates: tuple[Candidate, ...]
    models: Mapping[str, ModelIdentity]
    generation: str
    timings_ms: Mapping[str, float]
    selection: Selection | None = None


Outcome = Answer | Abstention


@dataclass(frozen=True, slots=True)
class Understood:
    """The first event of a question: ``text`` is what is looked up, the question itself or,
    of a follow-up, the question that stands alone."""

    text: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """Passages were found, best first; none where nothing matches."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The sentences of the best passages were judged, best first."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A language model is at work; told some times a second, so that whoever consumes the
    events can close them."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim of the answer, verified; in the order of the answer, which is ``sure`` or not."""

    claim: Claim
    sure: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event: the outcome as a whole."""

    outcome: Outcome


Event = Understood | Ranked | Read | Waiting | Claimed | Finished
