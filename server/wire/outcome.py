"""The documented, stable JSON of outcomes and passages, for every way in.

The core's dataclasses never change to suit a client. ``version`` of an outcome increases
when a field is removed or changes its meaning; new fields may be added at any time.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, AliasPath, BaseModel, ConfigDict, Field, TypeAdapter

from rag.types import (
    Abstention,
    AbstentionKind,
    AbstentionReason,
    Answer,
    Citation,
    Claim,
    Outcome,
)
from server.wire.footnotes import number_citations
from server.wire.permalink import permalink

if TYPE_CHECKING:
    from rag.assistant import SearchResult

_Milliseconds = Annotated[float, AfterValidator(lambda value: round(value, 1))]
_Rounded = Annotated[float, AfterValidator(lambda value: round(value, 3))]
_Support = Annotated[float, AfterValidator(lambda value: round(value, 4))]


class _Out(BaseModel):
    """A shape that is read from the attributes of a core type, or built by field names."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, from_attributes=True, validate_by_name=True
    )


class CitationOut(_Out):
    """Where a claim is supported. ``start``/``end`` are code points of the document's
    text as stored, end exclusive; ``quote`` is exactly that text."""

    document_id: str
    title: str
    source: str
    published: str | None = Field(description="ISO 8601 date at the precision known")
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    quote: str
    shown: str = Field(
        description="the quote as a reader sees it: without marks, a row's cells parted by bars"
    )
    permalink: str = Field(
        description="opens the viewer at the quote, which says if the document has changed"
    )
    encoding_note: str | None = Field(
        default=None,
        description="that the encoding of its file was guessed, or that characters are lost",
        examples=["encoding guessed: windows-1251"],
    )


class ClaimOut(_Out):
    """One statement of the answer. ``footnotes`` are numbers of the answer's citations, from 1."""

    text: str
    shown: str = Field(description="the text as a reader sees it, see CitationOut")
    support: _Support = Field(ge=0, le=1, description="support score of the sentence")
    footnotes: list[int]
    context: list[CitationOut] = Field(
        description="what the statement is not understood without: the header of its row, the "
        "lead-in of its item, what says who is meant"
    )


class StageOut(_Out):
    """A stage's rank (from 1) and score; scores of different stages do not compare."""

    rank: int
    score: float


class _Ranked(_Out):
    """The stages' ranks and scores of a passage; null where a stage did not see it."""

    dense: StageOut | None = Field(description="cosine")
    lexical: StageOut | None = Field(description="BM25")
    fused: StageOut | None = Field(description="fusion of both, comparable within one question")
    reranked: StageOut | None = Field(description="the reading model's relevance, a logit")


class HitOut(_Ranked):
    """A passage of the ranking."""

    passage_id: str = Field(validation_alias=AliasPath("passage", "id"))
    document_id: str = Field(validation_alias=AliasPath("passage", "document_id"))
    title: str = Field(validation_alias=AliasPath("passage", "title"))
    start: int = Field(validation_alias=AliasPath("passage", "span", "start"))
    end: int = Field(validation_alias=AliasPath("passage", "span", "end"))
    text: str = Field(
        validation_alias=AliasPath("passage", "search_text"),
        description="search text: repaired for the indexes, not for quoting",
    )


class SearchHit(_Ranked, CitationOut):
    """A passage that was found; ``quote`` is the stored text of its span, in code points."""

    passage_id: str


class SearchOut(_Out):
    """Passages, best first."""

    query: str
    generation: str
    hits: list[SearchHit]


class FeaturesOut(_Out):
    """What the support score of a candidate is computed from."""

    relevance: _Rounded = Field(description="logit: how much the passage is about the question")
    answers: _Rounded = Field(description="logit: something in the passage answers")
    evidence: _Rounded = Field(description="logit: this sentence answers")
    span: _Rounded = Field(description="by how many logits its short answer beats having none")
    coverage: _Rounded = Field(description="share of the question's words in the sentence")
    number_coverage: _Rounded
    currency: _Rounded


class CandidateOut(_Out):
    """A sentence that was considered; ``verdict`` is "kept" or why it was dropped."""

    document_id: str
    passage_id: str
    start: int = Field(validation_alias=AliasPath("span", "start"))
    end: int = Field(validation_alias=AliasPath("span", "end"))
    quote: str
    features: FeaturesOut
    support: _Support
    verdict: str


class ModelOut(_Out):
    """A model that was used."""

    name: str
    revision: str


class SelectionOut(_Out):
    """What a language model chose from the stored statements that it was shown."""

    model: ModelOut
    prompt: str = Field(description="name, version and hash of the prompt")
    shown: int = Field(description="number of statements it was shown")
    chosen: list[int] = Field(
        description="places of the chosen statements among the receipt's candidates, from 1"
    )
    failure: str | None = Field(
        description="why it made no choice; the sentences were then chosen without it"
    )


class ReceiptOut(_Out):
    """How the outcome came about; present when requested with ``explain``."""

    ranking: list[HitOut]
    candidates: list[CandidateOut]


class _OutcomeOut(_Out):
    version: Literal[3] = 3
    question: str = Field(description="as it was asked")
    shortened_from: int | None = Field(
        default=None,
        description="number of characters of the message, when only its question was asked",
    )
    standalone_question: str | None = Field(
        description="a follow-up as it was understood without its history, else null"
    )
    as_of: date | None = Field(
        description="the day as of which it was asked: nothing published later was used"
    )
    generation: str = Field(description="the state of the archive that was searched")
    models: dict[str, ModelOut]
    timings_ms: dict[str, _Milliseconds]
    conversation_id: str | None = Field(
        default=None, description="the conversation that it is stored in"
    )
    turn_id: str | None = Field(default=None, description="its id for feedback, when it is stored")
    selection: SelectionOut | None = Field(
        default=None, description="of the language model, when one is configured"
    )
    receipt: ReceiptOut | None = None


class AnswerOut(_OutcomeOut):
    """The archive answers, or may answer: every claim has at least one footnote."""

    outcome: Literal["answered"] = "answered"
    sure: bool = Field(
        description="whether the claims answer the question; otherwise they may, best first, and "
        "must be shown as uncertain"
    )
    short_answer: CitationOut | None = Field(
        description="the part of the first claim that names what is asked for; null when unclear"
    )
    counted: int | None = Field(
        description="how many items the claims quote, where their number is asked for"
    )
    conflict: bool = Field(
        description="whether documents give different values for what is asked; the first "
        "claims then give each, newest first"
    )
    composer: Literal["quote"] = Field(
        default="quote", description="every claim is a sentence of the archive, as stored"
    )
    claims: list[ClaimOut]
    citations: list[CitationOut]


class AbstentionOut(_OutcomeOut):
    """The archive does not say; ``nearest`` lists the closest passages."""

    outcome: Literal["abstained"] = "abstained"
    reason: AbstentionReason
    kind: AbstentionKind | None = Field(
        description="of insufficient evidence: the archive says almost nothing about the "
        "subject (off_topic) or covers it without this fact (missing_fact)"
    )
    explanation: str = Field(description="for people, in English or Chinese like the question")
    mentions: list[CitationOut] = Field(description="what the archive says about the subject")
    nearest: list[CitationOut]


OutcomeOut = Annotated[AnswerOut | AbstentionOut, Field(discriminator="outcome")]


def outcome_out(outcome: Outcome, *, explain: bool = False) -> AnswerOut | AbstentionOut:
    """The wire shape of an outcome; with ``explain``, its receipt too."""
    common: dict[str, Any] = {
        "question": outcome.question.text,
        "shortened_from": outcome.question.shortened_from,
        "standalone_question": outcome.standalone,
        "as_of": outcome.question.as_of,
        "generation": outcome.generation,
        "models": outcome.models,
        "timings_ms": outcome.timings_ms,
        "selection": outcome.selection,
        "receipt": ReceiptOut.model_validate(outcome) if explain else None,
    }
    match outcome:
        case Answer():
            citations = number_citations(outcome.claims)
            return AnswerOut(
                **common,
                sure=outcome.sure,
                short_answer=citation_out(outcome.short_answer) if outcome.short_answer else None,
                counted=outcome.counted,
                conflict=outcome.conflict,
                composer=outcome.composer,
                claims=[claim_out(claim, citations) for claim in outcome.claims],
                citations=[citation_out(citation) for citation in citations],
            )
        case Abstention():
            return AbstentionOut(
                **common,
                reason=outcome.reason,
                kind=outcome.kind,
                explanation=outcome.explanation,
                mentions=[citation_out(citation) for citation in outcome.mentions],
                nearest=[citation_out(citation) for citation in outcome.nearest],
            )


def citation_out(citation: Citation) -> CitationOut:
    """The wire shape of a citation."""
    return CitationOut(
        document_id=citation.document_id,
        title=citation.title,
        source=citation.source,
        published=citation.published,
        start=citation.span.start,
        end=citation.span.end,
        quote=citation.quote,
        shown=citation.shown,
        permalink=permalink(citation.document_id, citation.content_hash, citation.span),
        encoding_note=citation.encoding_note,
    )


def claim_out(claim: Claim, citations: list[Citation]) -> ClaimOut:
    """The wire shape of a claim; ``citations`` are the answer's, in the order numbered."""
    return ClaimOut(
        text=claim.text,
        shown=claim.shown,
        support=claim.support,
        footnotes=[citations.index(citation) + 1 for citation in claim.citations],
        context=[citation_out(citation) for citation in claim.context],
    )


def search_out(query: str, found: SearchResult) -> SearchOut:
    """The wire shape of what a search found."""
    hits = [
        SearchHit(
            **dict(citation_out(citation)),
            passage_id=hit.passage.id,
            **dict(_Ranked.model_validate(hit)),
        )
        for hit, citation in zip(found.hits, found.citations, strict=True)
    ]
    return SearchOut(query=query, generation=found.generation, hits=hits)


def outcome_schema() -> dict[str, object]:
    """JSON Schema of what ``footnote ask --json`` prints."""
    return TypeAdapter(OutcomeOut).json_schema(mode="serialization")
