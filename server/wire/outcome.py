"""The shapes that leave the process: documented, stable JSON for answers and passages.

Pydantic at the edge; the core's dataclasses never change to suit a client. ``version``
of an outcome grows when a field changes meaning or goes; new fields may appear any time.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from rag.types import (
    Abstention,
    AbstentionKind,
    AbstentionReason,
    Answer,
    Candidate,
    Citation,
    Claim,
    Hit,
    ModelIdentity,
    Outcome,
    Selection,
    StageScore,
)
from server.wire.footnotes import number_citations
from server.wire.permalink import permalink

__all__ = [
    "AbstentionOut",
    "AnswerOut",
    "CitationOut",
    "ClaimOut",
    "HitOut",
    "OutcomeOut",
    "StageOut",
    "citation_out",
    "claim_out",
    "hit_out",
    "outcome_out",
    "outcome_schema",
    "stage_out",
]


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
    permalink: str = Field(
        description="opens the viewer at the quote and says so when the document has changed"
    )


class ClaimOut(_Out):
    """One sentence of the answer. ``footnotes`` index the answer's citations, from 1."""

    text: str
    support: float = Field(ge=0, le=1, description="support score the gate judged")
    footnotes: list[int]
    context: list[CitationOut] = Field(
        description='what the sentence refers back to ("he", "the organisation"), for the reader'
    )


class StageOut(_Out):
    """A stage's rank (from 1) and its own kind of score."""

    rank: int
    score: float


class HitOut(_Out):
    """A passage with what each stage said of it (null where the stage did not see it)."""

    passage_id: str
    document_id: str
    title: str
    start: int
    end: int
    text: str = Field(description="search text: repaired for the indexes, not for quoting")
    dense: StageOut | None = Field(description="cosine")
    lexical: StageOut | None = Field(description="BM25")
    fused: StageOut | None = Field(description="fusion of both, comparable within one question")
    reranked: StageOut | None = Field(description="cross-encoder logit")


class SignsOut(_Out):
    """What the support score of a candidate was made from."""

    sentence_logit: float
    passage_logit: float
    margin: float
    prominence: float
    agreement: float
    sentence_coverage: float
    passage_coverage: float
    rare_coverage: float
    name_coverage: float
    number_coverage: float
    type_match: bool
    currency: float
    premise_stated: bool
    names_known: float
    similarity: float | None = Field(
        description="cosine, where only the encoder reads question and sentence"
    )


class CandidateOut(_Out):
    """A sentence that was considered; ``verdict`` is "kept" or why it was dropped."""

    document_id: str
    passage_id: str
    start: int
    end: int
    quote: str
    signs: SignsOut
    support: float
    verdict: str


class ModelOut(_Out):
    """A model that took part."""

    name: str
    revision: str


class SelectionOut(_Out):
    """What a language model chose among the stored statements that it was shown."""

    model: ModelOut
    prompt: str = Field(description="name, version and hash of the prompt")
    shown: int = Field(description="statements it was shown")
    chosen: list[int] = Field(
        description="places of the chosen statements among the receipt's candidates, from 1"
    )
    failure: str | None = Field(
        description="why its choice could not be had; the sentences were then chosen without it"
    )


class ReceiptOut(_Out):
    """How the outcome came about; present when asked for."""

    ranking: list[HitOut]
    candidates: list[CandidateOut]


class _OutcomeOut(_Out):
    version: Literal[2] = 2
    question: str = Field(description="as it was asked")
    standalone_question: str | None = Field(
        description="a follow-up as it was understood without its history, else null"
    )
    as_of: date | None = Field(
        description="the day it was asked from: nothing published later was used"
    )
    generation: str = Field(description="state of the archive that was asked")
    models: dict[str, ModelOut]
    timings_ms: dict[str, float]
    conversation_id: str | None = Field(default=None, description="the conversation that keeps it")
    turn_id: str | None = Field(default=None, description="names it in feedback, where it is kept")
    selection: SelectionOut | None = Field(
        default=None, description="of a language model, where one is configured"
    )
    receipt: ReceiptOut | None = None


class AnswerOut(_OutcomeOut):
    """The archive answers: every claim has at least one footnote."""

    outcome: Literal["answered"] = "answered"
    short_answer: CitationOut | None = Field(
        description="where the first claim names the thing asked for; null where that is not clear"
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
    """The archive does not say; ``nearest`` lists the passages that come closest."""

    outcome: Literal["abstained"] = "abstained"
    reason: AbstentionReason
    kind: AbstentionKind | None = Field(
        description="of insufficient evidence: the archive hardly speaks of the subject "
        "(off_topic), speaks of it without this fact (missing_fact), or does not state what "
        "the question takes for granted, or states it otherwise (premise)"
    )
    explanation: str = Field(description="for people, in English or Chinese like the question")
    mentions: list[CitationOut] = Field(description="sentences it does say of the subject")
    nearest: list[CitationOut]


OutcomeOut = Annotated[AnswerOut | AbstentionOut, Field(discriminator="outcome")]


def outcome_out(outcome: Outcome, *, explain: bool = False) -> AnswerOut | AbstentionOut:
    """The wire shape of an outcome; with ``explain``, its receipt too."""
    receipt = _receipt(outcome) if explain else None
    models = {role: _model_out(model) for role, model in outcome.models.items()}
    selection = _selection_out(outcome.selection) if outcome.selection else None
    timings = {stage: round(ms, 1) for stage, ms in outcome.timings_ms.items()}
    match outcome:
        case Answer():
            citations = number_citations(outcome.claims)
            return AnswerOut(
                question=outcome.question.text,
                standalone_question=outcome.standalone,
                as_of=outcome.question.as_of,
                generation=outcome.generation,
                models=models,
                timings_ms=timings,
                selection=selection,
                receipt=receipt,
                short_answer=citation_out(outcome.short_answer) if outcome.short_answer else None,
                conflict=outcome.conflict,
                composer=outcome.composer,
                claims=[claim_out(claim, citations) for claim in outcome.claims],
                citations=[citation_out(citation) for citation in citations],
            )
        case Abstention():
            return AbstentionOut(
                question=outcome.question.text,
                standalone_question=outcome.standalone,
                as_of=outcome.question.as_of,
                generation=outcome.generation,
                models=models,
                timings_ms=timings,
                selection=selection,
                receipt=receipt,
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
        permalink=permalink(citation.document_id, citation.content_hash, citation.span),
    )


def hit_out(hit: Hit) -> HitOut:
    """The wire shape of a hit."""
    return HitOut(
        passage_id=hit.passage.id,
        document_id=hit.passage.document_id,
        title=hit.passage.title,
        start=hit.passage.span.start,
        end=hit.passage.span.end,
        text=hit.passage.search_text,
        dense=stage_out(hit.dense),
        lexical=stage_out(hit.lexical),
        fused=stage_out(hit.fused),
        reranked=stage_out(hit.reranked),
    )


def outcome_schema() -> dict[str, object]:
    """JSON Schema of what ``footnote ask --json`` prints."""
    return TypeAdapter(OutcomeOut).json_schema(mode="serialization")


def claim_out(claim: Claim, citations: list[Citation]) -> ClaimOut:
    """The wire shape of a claim; ``citations`` are the answer's, in the order numbered."""
    return ClaimOut(
        text=claim.text,
        support=round(claim.support, 4),
        footnotes=[citations.index(citation) + 1 for citation in claim.citations],
        context=[citation_out(citation) for citation in claim.context],
    )


def _receipt(outcome: Outcome) -> ReceiptOut:
    return ReceiptOut(
        ranking=[hit_out(hit) for hit in outcome.ranking],
        candidates=[_candidate_out(candidate) for candidate in outcome.candidates],
    )


def _selection_out(selection: Selection) -> SelectionOut:
    return SelectionOut(
        model=_model_out(selection.model),
        prompt=selection.prompt,
        shown=selection.shown,
        chosen=list(selection.chosen),
        failure=selection.failure,
    )


def _candidate_out(candidate: Candidate) -> CandidateOut:
    signs = candidate.signs
    return CandidateOut(
        document_id=candidate.document_id,
        passage_id=candidate.passage_id,
        start=candidate.span.start,
        end=candidate.span.end,
        quote=candidate.quote,
        signs=SignsOut.model_validate(
            {
                name: round(value, 3) if isinstance(value, float) else value
                for name, value in asdict(signs).items()
            }
        ),
        support=round(candidate.support, 4),
        verdict=candidate.verdict,
    )


def stage_out(stage: StageScore | None) -> StageOut | None:
    """The wire shape of what a stage said."""
    return StageOut(rank=stage.rank, score=stage.score) if stage else None


def _model_out(model: ModelIdentity) -> ModelOut:
    return ModelOut(name=model.name, revision=model.revision)
