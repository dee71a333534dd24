"""The records in the files of a run.

A run is a folder: ``run.json`` (a Manifest, written first), ``questions.jsonl`` (one
QuestionRecord per line, written as each question ends) and ``summary.json`` (a Summary,
written last). ``run.schema.json`` beside this file describes all three. Offsets are code
points of the stored text, ends exclusive; documents are named as in the question set.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

# Incremented when a field changes its meaning or is removed.
SCHEMA_VERSION = 2

Criterion = Literal["evidence", "answer", "document"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TurnRecord(_Record):
    """An earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    text: str


class EvidenceRecord(_Record):
    """Gold evidence: a quote of a document, with its offsets if they are known."""

    document: str
    start: int | None
    end: int | None
    quote: str


class GoldRecord(_Record):
    """The right answer. ``match`` "all": an answer must contain all of ``answers``; "any":
    one of them."""

    answers: list[str]
    match: Literal["any", "all"]
    documents: list[str]
    evidence: list[EvidenceRecord]


class SentenceRecord(_Record):
    """A sentence of a document, and whether it is gold (null without gold to compare with).

    ``before`` and ``after`` are the text around it, for display. ``exact``: the quote is
    the stored text at these offsets.
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


class ModelRecord(_Record):
    """A model by name and revision or weights hash."""

    name: str
    revision: str


class SelectionRecord(_Record):
    """What a language model chose of the numbered statements that it was shown."""

    model: ModelRecord
    prompt: str
    shown: int = Field(description="statements, numbered from 1")
    chosen: list[int] = Field(description="their numbers, in the model's order")
    declined: bool = Field(description="the model found no statement that answers")
    failure: str | None = Field(description="why there is no choice; then rules chose")
    seconds: float | None


class QuestionRecord(_Record):
    """One question, its outcome and its metrics.

    ``best`` is the sentence with the highest support score, shown or not; ``decision_score``
    is its support (0 without one) and ``best_right`` whether it is right by ``criterion``:
    it overlaps gold evidence, contains a gold answer, or is in a gold document, the first
    of these that the set allows. ``rankings`` are documents by stage, best first.
    ``measures`` are the per-question values of the metrics, null if undefined.
    """

    id: str
    question: str
    history: list[TurnRecord]
    standalone: str | None = Field(description="a follow-up rewritten without its history")
    language: str
    type: str
    attributes: dict[str, str] = Field(description="the fields for --filter")
    as_of: str | None
    answerable: bool
    gold: GoldRecord
    outcome: Literal["answered", "uncertain", "abstained", "searched", "failed"] = Field(
        description="answered: with a sure answer"
    )
    reason: str | None = Field(description="reason of an abstention")
    kind: str | None = Field(description="of insufficient evidence: off_topic or missing_fact")
    explanation: str | None = Field(description="of an abstention, for people")
    error: str | None = Field(description="why asking failed")
    claims: list[ClaimRecord]
    short: str | None = Field(default=None, description="the short answer given")
    composer: str | None = Field(description="of an answer")
    selection: SelectionRecord | None = Field(description="where a language model was asked")
    nearest: list[SentenceRecord] = Field(description="what an abstention lists")
    best: SentenceRecord | None
    best_right: bool | None
    criterion: Criterion | None
    decision_score: float
    features: dict[str, float] = Field(description="what the decision score is made from")
    rankings: dict[str, list[str]]
    timings_ms: dict[str, float]
    tokens: dict[str, int] = Field(
        description="context: of the passages read; answer: of the answer"
    )
    measures: dict[str, float | None]

    @property
    def sure_claims(self) -> list[ClaimRecord]:
        """The sentences of a sure answer; empty without one."""
        return [] if self.outcome == "uncertain" else self.claims


class QuestionSetRecord(_Record):
    """The questions and documents. ``sha256`` is over both."""

    name: str
    kind: Literal["bundled", "questions", "suite"]
    sha256: str
    documents: int
    questions: int = Field(description="in the file")
    selected: int = Field(description="after --filter and --limit")
    filters: dict[str, str]
    limit: int | None
    sample: int | None
    ignored_fields: dict[str, str] = Field(description="unused fields of the set, with the reason")
    left_out: dict[str, int] = Field(description="reason to number of questions dropped")


class Machine(_Record):
    """The machine that made the run."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str


class Manifest(_Record):
    """What a run is: runs with the same ``identity`` ask the same in the same way."""

    schema_version: int
    identity: str
    footnote: str
    commit: str | None = Field(description="of a checkout; with '+' if files were changed")
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
    """A metric over ``n`` questions with its 95% interval; null if undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Summary(_Record):
    """The metrics of a run. ``types`` are the main metrics by question type."""

    schema_version: int
    identity: str
    asked: int
    failed: int
    answerable: int
    unanswerable: int
    metrics: dict[str, Estimate]
    types: dict[str, dict[str, Estimate]]
    latency_ms: dict[str, dict[str, float]] = Field(
        description="by stage: p50, p95, p99 over the questions that have it"
    )
    tokens: dict[str, int]
    peak_memory_mib: float | None
    ingest_seconds: float | None
    seconds: float = Field(description="of asking, over all sessions")
    operating_point: dict[str, float | None] = Field(
        description="min_support and the coverage and risk it led to"
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
