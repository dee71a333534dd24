"""The files of a run: what is written once a question is done, and read back later.

A run is a folder: ``run.json`` (a Manifest, written first), ``questions.jsonl`` (a
QuestionRecord a line, written as each question ends) and ``summary.json`` (a Summary,
written last). ``run.schema.json`` beside this file describes all three. Offsets are code
points of the stored text, ends exclusive; a document is named as its question set names it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "SCHEMA_VERSION",
    "ClaimRecord",
    "DraftRecord",
    "DraftSentenceRecord",
    "Estimate",
    "EvidenceRecord",
    "GoldRecord",
    "Machine",
    "Manifest",
    "ModelRecord",
    "QuestionRecord",
    "QuestionSetRecord",
    "SentenceRecord",
    "Summary",
    "TurnRecord",
    "run_schema",
]

# Grows when a field changes meaning or goes.
SCHEMA_VERSION = 1

Criterion = Literal["evidence", "answer", "document"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TurnRecord(_Record):
    """An earlier turn of the conversation that a question belongs to."""

    role: Literal["user", "assistant"]
    text: str


class EvidenceRecord(_Record):
    """Gold evidence: a quote of a document, with its place where it is known."""

    document: str
    start: int | None
    end: int | None
    quote: str


class GoldRecord(_Record):
    """What is known to be right. ``match`` "all": an answer must give every one of
    ``answers``; "any": one of them will do."""

    answers: list[str]
    match: Literal["any", "all"]
    documents: list[str]
    evidence: list[EvidenceRecord]


class SentenceRecord(_Record):
    """A sentence of a document, and the verdicts on it (null where gold cannot tell).

    ``before`` and ``after`` are the source's text around it, for showing. ``exact``:
    the quote is what the stored text says at the span.
    """

    document: str
    title: str
    source: str
    published: str | None
    start: int
    end: int
    quote: str
    before: str
    after: str
    exact: bool
    in_gold_evidence: bool | None
    in_gold_document: bool | None


class ClaimRecord(_Record):
    """A sentence of the answer with its support score in [0, 1]."""

    text: str
    support: float
    citations: list[SentenceRecord]


class DraftSentenceRecord(_Record):
    """A sentence that a language model wrote. ``verdict`` is the gate's: found or
    misattributed where it was said, else stitched, unsupported or uncited; ``reasons`` why."""

    text: str
    markers: list[int]
    verdict: str
    reasons: list[str]


class DraftRecord(_Record):
    """What became of a language model's draft. ``fallback`` says why the answer is not, or
    not the whole of, what it drafted."""

    sentences: list[DraftSentenceRecord]
    declined: bool = Field(description="the model said that the passages do not answer")
    fallback: str | None
    left_out: int = Field(description="passages for which its context had no room")


class QuestionRecord(_Record):
    """One question, its outcome and its verdicts.

    ``best`` is the sentence with the highest support score, said or not: what would have
    been said without the gate; ``decision_score`` is its support (0 without one) and
    ``best_right`` whether it is right, judged by ``criterion``: it overlaps gold
    evidence, holds a gold answer, or stands in a gold document, whichever the set allows,
    in this order. ``rankings`` are documents by stage, best first. ``measures`` are the
    per-question values of the metrics, null where one is not defined.
    """

    id: str
    question: str
    history: list[TurnRecord]
    standalone: str | None = Field(description="the question as understood, of a follow-up")
    language: str
    type: str
    attributes: dict[str, str] = Field(description="what --filter can name, type included")
    as_of: str | None
    answerable: bool
    gold: GoldRecord
    outcome: Literal["answered", "abstained", "searched", "failed"]
    reason: str | None = Field(description="reason of an abstention")
    kind: str | None = Field(
        default=None,
        description="of insufficient evidence: off_topic, missing_fact or premise; null in "
        "runs made before it was told",
    )
    explanation: str | None = Field(description="of an abstention, for people")
    error: str | None = Field(description="why asking failed")
    claims: list[ClaimRecord]
    composer: Literal["extractive", "generative"] | None = Field(
        default=None, description="of an answer; null in runs made before there were two"
    )
    draft: DraftRecord | None = Field(
        default=None, description="of a question for which a language model wrote"
    )
    nearest: list[SentenceRecord] = Field(description="what an abstention lists")
    best: SentenceRecord | None
    best_right: bool | None
    criterion: Criterion | None
    decision_score: float
    signs: dict[str, float] = Field(
        default_factory=dict, description="what the decision score was made from"
    )
    rankings: dict[str, list[str]]
    timings_ms: dict[str, float]
    tokens: dict[str, int] = Field(description="read: of the passages read; said: of the answer")
    measures: dict[str, float | None]


class ModelRecord(_Record):
    """A model by name and revision or weights hash."""

    name: str
    revision: str


class QuestionSetRecord(_Record):
    """What is asked of what. ``sha256`` is over the questions and the documents' texts."""

    name: str
    kind: Literal["bundled", "questions", "suite"]
    sha256: str
    documents: int
    questions: int = Field(description="in the file")
    selected: int = Field(description="after --filter and --limit")
    filters: dict[str, str]
    limit: int | None
    sample: int | None
    ignored_fields: dict[str, str] = Field(description="fields of the set not used, and why")
    left_out: dict[str, int] = Field(description="reason to number of questions dropped")


class Machine(_Record):
    """Where it ran."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str


class Manifest(_Record):
    """What a run is: two runs with the same ``identity`` ask the same in the same way."""

    schema_version: int
    identity: str
    footnote: str
    commit: str | None = Field(description="of a checkout; '+' at its end: with changes")
    code: str = Field(description="hash of the installed code that answers")
    mode: Literal["answers", "retrieval"]
    questions: QuestionSetRecord
    settings: dict[str, Any]
    models: dict[str, ModelRecord]
    prompts: list[str]
    packages: dict[str, str]
    seed: int
    machine: Machine
    started: str


class Estimate(_Record):
    """A metric over a run with its 95% interval; null where it is not defined.

    ``n`` is the number of questions it rests on.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


class Summary(_Record):
    """What a run came to. ``types`` holds the same metrics for each question type."""

    schema_version: int
    identity: str
    asked: int
    failed: int
    answerable: int
    unanswerable: int
    metrics: dict[str, Estimate]
    types: dict[str, dict[str, Estimate]]
    latency_ms: dict[str, dict[str, float]] = Field(
        description="by stage: p50, p95, p99 over the questions that had it"
    )
    tokens: dict[str, int]
    peak_memory_mib: float | None
    ingest_seconds: float | None
    seconds: float = Field(description="of asking, over all sittings")
    operating_point: dict[str, float | None] = Field(
        description="min_support, coverage and risk as the gate decided"
    )
    finished: str


def run_schema() -> dict[str, Any]:
    """JSON Schema of the three files, by file name."""
    return {
        "run.json": Manifest.model_json_schema(),
        "questions.jsonl": QuestionRecord.model_json_schema(),
        "summary.json": Summary.model_json_schema(),
    }


if __name__ == "__main__":
    import json
    import sys

    sys.stdout.write(json.dumps(run_schema(), indent=2, ensure_ascii=False) + "\n")
