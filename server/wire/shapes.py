"""The JSON of requests and responses, except outcomes and passages (server.wire.outcome)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, computed_field

from rag.assistant import MAX_QUESTION_CHARACTERS
from rag.journal.base import (
    Conversation,
    FileOutcome,
    JobState,
    TurnRecord,
    Verdict,
)
from rag.settings import Composer
from rag.types import DocumentDate, Filters, Turn
from server.wire.filters import make_filters
from server.wire.outcome import OutcomeOut, outcome_out

# Each month has its days; only 29 February is left for the calendar to check.
_DATE_PATTERN = (
    r"^[1-9][0-9]{3}(-((0[13578]|1[02])(-(0[1-9]|[12][0-9]|3[01]))?"
    r"|(0[469]|11)(-(0[1-9]|[12][0-9]|30))?|02(-(0[1-9]|1[0-9]|2[0-9]))?))?$"
)
DateText = Annotated[
    str,
    Field(pattern=_DATE_PATTERN, description="YYYY, YYYY-MM or YYYY-MM-DD", examples=["2019-04"]),
]
QuestionText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_QUESTION_CHARACTERS,
        pattern=r"\S",
        examples=["When did LI Yong visit Huawei?"],
    ),
]
SourceText = Annotated[
    str,
    Field(
        min_length=1, max_length=500, description="a glob or a part of the source, ignoring case"
    ),
]
LanguageText = Annotated[str, Field(pattern="^[a-z]{2,3}$", examples=["en"])]


def _not_text_or_boolean(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("must be an integer")
    return value


# An integer as JSON Schema defines it: 9.0 is one, "9" and true are not.
_WHOLE = BeforeValidator(_not_text_or_boolean)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FiltersIn(_In):
    """Restricts the documents that may be used; empty means all."""

    sources: list[SourceText] = Field(default=[], max_length=20)
    since: DateText | None = Field(default=None, description="published on or after its first day")
    until: DateText | None = Field(default=None, description="published on or before its last day")
    language: LanguageText | None = None

    def filters(self) -> Filters:
        """The filters of the core. Raises FilterError: since is after until."""
        return make_filters(self.sources, self.since, self.until, self.language)


class TurnIn(_In):
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    text: str = Field(max_length=20_000)

    def turn(self) -> Turn:
        """The turn of the core."""
        return Turn(self.role, self.text)


class AskIn(_In):
    """A question, and which part of the archive to answer it from."""

    question: QuestionText
    filters: FiltersIn = FiltersIn()
    as_of: DateText | None = Field(
        None, description="answer as of the end of that day, month or year"
    )
    conversation_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="'new' starts a stored conversation, an id resumes one; absent stores nothing",
        examples=["new"],
    )
    history: list[TurnIn] = Field(
        default=[],
        max_length=200,
        description="earlier turns, for clients that store them; not with conversation_id",
    )
    top_k: Annotated[int, Field(ge=1, le=50), _WHOLE] | None = Field(
        default=None, description="number of passages to read for the answer"
    )
    composer: Composer | None = Field(
        default=None,
        description="how the answer is composed: 'quote' gives sentences of the archive as they "
        "are stored; 'write' is refused until written sentences can be verified",
    )
    explain: StrictBool = Field(
        default=False, description="include the receipt: every rank, score and verdict"
    )
    stream: StrictBool = Field(default=False, description="respond with server-sent events")


class SearchIn(_In):
    """A search."""

    query: QuestionText
    limit: Annotated[int, Field(ge=1, le=50), _WHOLE] = 10
    filters: FiltersIn = FiltersIn()
    as_of: DateText | None = None


class _Out(BaseModel):
    """A shape that is read from the attributes of a core type, or built by field names."""

    model_config = ConfigDict(from_attributes=True)


def _iso(value: DocumentDate | str | None) -> str | None:
    return value.isoformat() if isinstance(value, DocumentDate) else value


class _Document(_Out):
    id: str
    title: str
    sources: list[str]
    language: str
    published: Annotated[str | None, BeforeValidator(_iso)]


class DocumentListed(_Document):
    """A document of the list."""

    characters: int
    passages: int
    encoding_note: str | None = Field(
        description="that the encoding of its file was guessed, or that characters are lost"
    )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def permalink(self) -> str:
        """The path of its page."""
        return f"/documents/{self.id}"


class DocumentsOut(BaseModel):
    """A page of the list of documents, in the order they were added."""

    total: int
    limit: int
    offset: int
    documents: list[DocumentListed]


class DateOut(BaseModel):
    """A date at the precision known, its kind, and the span or field it was read from."""

    date: str
    kind: str
    origin: str
    start: int | None
    end: int | None


class SpanOut(BaseModel):
    """Characters of the text in code points, end exclusive."""

    start: int
    end: int
    quote: str


class BlockOut(BaseModel):
    """What a stretch of the text is; ranges are [start, end) in code points."""

    start: int
    end: int
    kind: str
    level: int = Field(description="of a heading, and the depth of an item or quotation; else 0")
    cells: list[tuple[int, int]] = Field(description="of a row or header, in order")
    hidden: list[tuple[int, int]] = Field(description="what a reader does not see inside it")


class DocumentOut(_Document):
    """A document exactly as stored."""

    text: str
    blocks: list[BlockOut] = Field(description="in order, together all but white space")
    content_hash: str
    dates: list[DateOut]
    metadata: dict[str, str]
    permalink: str
    changed: bool = Field(description="whether the text differs from the requested hash")
    span: SpanOut | None = Field(description="the requested span; null if it is outside the text")


class DocumentIn(_In):
    """A text to add; the extension of its name decides how it is read."""

    name: str = Field(min_length=1, max_length=200, examples=["note.md"])
    text: str = Field(min_length=1)
    replace: StrictBool = Field(
        default=False, description="replace the document that was uploaded under this name"
    )


class JobFileOut(_Out):
    """One file of an upload; ``outcome`` is null until it is processed."""

    name: str
    outcome: FileOutcome | None
    document_id: str | None
    reason: str | None = Field(
        description="why it failed, or how it was read: that its encoding was guessed"
    )


class JobOut(_Out):
    """An upload and its progress."""

    id: str
    state: JobState
    message: str
    created_at: str
    finished_at: str | None
    files: list[JobFileOut]


class _Conversation(_Out):
    id: str
    title: str
    created_at: str
    updated_at: str


class ConversationListed(_Conversation):
    """A conversation of the list; ``title`` is its first question, ``turns`` counts them."""

    turns: int


class ConversationsOut(BaseModel):
    """A page of conversations, newest first."""

    total: int
    conversations: list[ConversationListed]


class FiltersOut(_Out):
    """The filters of a question."""

    sources: list[str]
    since: date | None
    until: date | None
    language: str | None


class TurnOut(BaseModel):
    """A question with its outcome."""

    id: str
    question: str
    asked_at: str
    filters: FiltersOut
    as_of: date | None
    outcome: OutcomeOut


class ConversationOut(_Conversation):
    """A conversation, oldest turn first."""

    turns: list[TurnOut]


def conversation_out(conversation: Conversation) -> ConversationOut:
    """The wire shape of a stored conversation."""
    return ConversationOut(
        id=conversation.id,
        title=conversation.title,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        turns=[_turn_out(turn) for turn in conversation.turns],
    )


def _turn_out(turn: TurnRecord) -> TurnOut:
    return TurnOut(
        id=turn.id,
        question=turn.question.text,
        asked_at=turn.asked_at,
        filters=FiltersOut.model_validate(turn.question.filters),
        as_of=turn.question.as_of,
        outcome=outcome_out(turn.outcome),
    )


class FeedbackIn(_In):
    """A rating of an answer."""

    turn_id: str = Field(min_length=1, max_length=64)
    verdict: Verdict
    footnote: Annotated[int, Field(ge=1, le=1000), _WHOLE] | None = Field(
        default=None, description="number of the citation that is wrong"
    )
    note: str = Field(default="", max_length=4000)


class FeedbackOut(BaseModel):
    """Feedback that was stored."""

    id: str


class AboutOut(BaseModel):
    """Version, size and models of the archive, and what this caller may do."""

    version: str
    generation: str
    documents: int
    passages: int
    languages: list[str] = Field(description="languages of the documents, the most frequent first")
    models: dict[str, str]
    authentication: bool = Field(description="whether requests need an API key")
    writable: bool = Field(description="whether this caller may add and remove documents")
    max_question_characters: int
    max_upload_bytes: int
    suffixes: list[str] = Field(description="file extensions that can be read")
