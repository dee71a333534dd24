"""What requests and the answers to them look like, outcomes aside (those are in wire.py)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from rag.assistant import MAX_QUESTION_CHARACTERS
from rag.journal.base import (
    Conversation,
    FileOutcome,
    JobRecord,
    JobState,
    TurnRecord,
    Verdict,
)
from rag.settings import Composer
from rag.types import Filters, Turn
from server.wire.filters import make_filters
from server.wire.outcome import OutcomeOut, StageOut, outcome_out

__all__ = [
    "AboutOut",
    "AskIn",
    "ConversationListed",
    "ConversationOut",
    "ConversationsOut",
    "DateOut",
    "DateText",
    "DocumentIn",
    "DocumentListed",
    "DocumentOut",
    "DocumentsOut",
    "FeedbackIn",
    "FeedbackOut",
    "FiltersIn",
    "FiltersOut",
    "JobFileOut",
    "JobOut",
    "LanguageText",
    "QuestionText",
    "SearchHit",
    "SearchIn",
    "SearchOut",
    "SourceText",
    "SpanOut",
    "TurnIn",
    "TurnOut",
    "conversation_out",
    "job_out",
]

# Months have the days they can have; only 29 February is left to be checked by the calendar.
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
        min_length=1, max_length=500, description="a glob, or a part of the source, case ignored"
    ),
]
LanguageText = Annotated[str, Field(pattern="^[a-z]{2,3}$", examples=["en"])]


def _no_text_or_truth(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("write a whole number")
    return value


# A whole number as JSON Schema means it: 9.0 is one, "9" and true are not.
_WHOLE = BeforeValidator(_no_text_or_truth)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FiltersIn(_In):
    """Which documents may be used; empty means all."""

    sources: list[SourceText] = Field(default=[], max_length=20)
    since: DateText | None = Field(default=None, description="published on its first day or later")
    until: DateText | None = Field(default=None, description="published on its last day or before")
    language: LanguageText | None = None

    def filters(self) -> Filters:
        """As the core takes them. Raises FilterError: since is after until."""
        return make_filters(self.sources, self.since, self.until, self.language)


class TurnIn(_In):
    """What was said before."""

    role: Literal["user", "assistant"]
    text: str = Field(max_length=20_000)

    def turn(self) -> Turn:
        """As the core takes it."""
        return Turn(self.role, self.text)


class AskIn(_In):
    """A question, and of which part of the archive it is asked."""

    question: QuestionText
    filters: FiltersIn = FiltersIn()
    as_of: DateText | None = Field(
        None, description="answer as the archive stood at the end of that day, month or year"
    )
    conversation_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="'new' begins a conversation, its id goes on with it; absent keeps nothing",
        examples=["new"],
    )
    history: list[TurnIn] = Field(
        default=[],
        max_length=200,
        description="the turns before, for clients that keep them; not with conversation_id",
    )
    top_k: Annotated[int, Field(ge=1, le=50), _WHOLE] | None = Field(
        default=None, description="passages read sentence by sentence"
    )
    composer: Composer | None = Field(
        default=None,
        description="how the answer is composed: 'quote' gives sentences of the archive as they "
        "are stored; 'write' is refused until written sentences can be verified",
    )
    explain: StrictBool = Field(
        default=False, description="with the receipt: every rank, score and verdict"
    )
    stream: StrictBool = Field(default=False, description="as server-sent events")


class SearchIn(_In):
    """What to look for."""

    query: QuestionText
    limit: Annotated[int, Field(ge=1, le=50), _WHOLE] = 10
    filters: FiltersIn = FiltersIn()
    as_of: DateText | None = None


class SearchHit(BaseModel):
    """A passage; ``quote`` is the stored text of its span, in code points."""

    document_id: str
    passage_id: str
    title: str
    source: str
    published: str | None
    start: int
    end: int
    quote: str
    permalink: str
    dense: StageOut | None = Field(description="cosine")
    lexical: StageOut | None = Field(description="BM25")
    fused: StageOut | None = Field(description="fusion of both, comparable within one query")
    reranked: StageOut | None = Field(description="cross-encoder logit")


class SearchOut(BaseModel):
    """Passages, best first."""

    query: str
    generation: str
    hits: list[SearchHit]


class DocumentListed(BaseModel):
    """A document of the list."""

    id: str
    title: str
    sources: list[str]
    published: str | None
    language: str
    characters: int
    passages: int
    permalink: str


class DocumentsOut(BaseModel):
    """A page of the documents, in the order they were added."""

    total: int
    limit: int
    offset: int
    documents: list[DocumentListed]


class DateOut(BaseModel):
    """A date as far as it is known, its kind, and the span or field it was read from."""

    date: str
    kind: str
    origin: str
    start: int | None
    end: int | None


class SpanOut(BaseModel):
    """Characters of the text, end exclusive, in code points."""

    start: int
    end: int
    quote: str


class DocumentOut(BaseModel):
    """A document exactly as stored."""

    id: str
    title: str
    sources: list[str]
    text: str
    content_hash: str
    language: str
    published: str | None
    dates: list[DateOut]
    metadata: dict[str, str]
    permalink: str
    changed: bool = Field(description="the hash asked for is another one: the text has changed")
    span: SpanOut | None = Field(description="of the span asked for; null where it is outside")


class DocumentIn(_In):
    """A text to add; the ending of its name decides how it is read."""

    name: str = Field(min_length=1, max_length=200, examples=["note.md"])
    text: str = Field(min_length=1)
    replace: StrictBool = Field(
        default=False, description="take the place of what was uploaded by this name"
    )


class JobFileOut(BaseModel):
    """One file of an upload; ``outcome`` is null until it was dealt with."""

    name: str
    outcome: FileOutcome | None
    document_id: str | None
    reason: str | None


class JobOut(BaseModel):
    """An upload on its way into the archive."""

    id: str
    state: JobState
    message: str
    created_at: str
    finished_at: str | None
    files: list[JobFileOut]


class ConversationListed(BaseModel):
    """A conversation of the list; ``title`` is its first question, ``turns`` their number."""

    id: str
    title: str
    created_at: str
    updated_at: str
    turns: int


class ConversationsOut(BaseModel):
    """A page of conversations, newest first."""

    total: int
    conversations: list[ConversationListed]


class FiltersOut(BaseModel):
    """The filters that a question was asked with."""

    sources: list[str]
    since: date | None
    until: date | None
    language: str | None


class TurnOut(BaseModel):
    """A question with the outcome that was given."""

    id: str
    question: str
    asked_at: str
    filters: FiltersOut
    as_of: date | None
    outcome: OutcomeOut


class ConversationOut(BaseModel):
    """A conversation, oldest turn first."""

    id: str
    title: str
    created_at: str
    updated_at: str
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
    question = turn.question
    filters = question.filters
    return TurnOut(
        id=turn.id,
        question=question.text,
        asked_at=turn.asked_at,
        filters=FiltersOut(
            sources=list(filters.sources),
            since=filters.since,
            until=filters.until,
            language=filters.language,
        ),
        as_of=question.as_of,
        outcome=outcome_out(turn.outcome),
    )


class FeedbackIn(_In):
    """What a reader says of an answer."""

    turn_id: str = Field(min_length=1, max_length=64)
    verdict: Verdict
    footnote: Annotated[int, Field(ge=1, le=1000), _WHOLE] | None = Field(
        default=None, description="the citation that is wrong"
    )
    note: str = Field(default="", max_length=4000)


class FeedbackOut(BaseModel):
    """Feedback that was kept."""

    id: str


class AboutOut(BaseModel):
    """What serves here, and what this caller may do."""

    version: str
    generation: str
    documents: int
    passages: int
    languages: list[str] = Field(description="of the documents, the most frequent first")
    models: dict[str, str]
    authentication: bool = Field(description="whether keys are needed")
    writable: bool = Field(description="whether this caller may add and remove documents")
    max_question_characters: int
    max_upload_bytes: int
    suffixes: list[str] = Field(description="endings of the files that can be read")


def job_out(job: JobRecord) -> JobOut:
    """The wire shape of a job."""
    return JobOut(
        id=job.id,
        state=job.state,
        message=job.message,
        created_at=job.created_at,
        finished_at=job.finished_at,
        files=[
            JobFileOut(
                name=file.name,
                outcome=file.outcome,
                document_id=file.document_id,
                reason=file.reason,
            )
            for file in job.files
        ],
    )
