"""The report's questions: each with its gold, grouped by grade, failures first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.measure.metrics import contains_answer
from eval.records import ClaimRecord, EvidenceRecord, QuestionRecord, SentenceRecord
from eval.report.grades import GRADES, Grade, evidence_covered, first_gold_rank, grade_of
from eval.report.tables import split_retrieval

# How much of an answer the line of a closed question shows.
PEEK_CHARACTERS = 140


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage's result for a question: rank of the first gold document, and measures."""

    stage: str
    rank: int | None
    measures: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as the page shows it.

    ``number`` is its position in the run, from 1. ``claims`` pairs each sentence with the
    numbers of its ``notes``, the citations. Gold is paired with whether the answer
    covers it, None where there is no answer to judge.
    """

    number: int
    record: QuestionRecord
    grade: Grade
    peek: str
    claims: tuple[tuple[ClaimRecord, tuple[int, ...]], ...]
    notes: tuple[SentenceRecord, ...]
    answers: tuple[tuple[str, bool | None], ...]
    evidence: tuple[tuple[EvidenceRecord, bool | None], ...]
    measures: tuple[tuple[str, float], ...]
    stage_measures: tuple[str, ...]
    stages: tuple[StageView, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Questions of one grade, the highest support score first."""

    grade: Grade
    questions: tuple[QuestionView, ...]


def group_questions(records: Sequence[QuestionRecord], *, mode: str) -> tuple[Group, ...]:
    """Every question once, in groups by grade, failures first; no group is empty.

    Within a group the highest score comes first: confident mistakes teach most.
    """
    found: dict[str, list[QuestionView]] = {key: [] for key in GRADES}
    for number, record in enumerate(records, 1):
        grade = grade_of(record, mode=mode)
        found[grade.key].append(_view(number, record, grade))
    return tuple(
        Group(
            GRADES[key],
            tuple(sorted(views, key=lambda view: -view.record.decision_score)),
        )
        for key, views in found.items()
        if views
    )


def _view(number: int, record: QuestionRecord, grade: Grade) -> QuestionView:
    claims, notes = _footnotes(record.claims)
    said = " ".join(claim.text for claim in record.claims)
    answered = bool(record.claims)
    names, stages = _stages(record)
    return QuestionView(
        number=number,
        record=record,
        grade=grade,
        peek=_peek(record),
        claims=claims,
        notes=notes,
        answers=tuple(
            (answer, contains_answer(said, [answer], match="any") if answered else None)
            for answer in record.gold.answers
        ),
        evidence=tuple(
            (piece, evidence_covered(piece, notes) if answered else None)
            for piece in record.gold.evidence
        ),
        measures=tuple(
            (name, value)
            for name, value in record.measures.items()
            if value is not None and split_retrieval(name) is None
        ),
        stage_measures=names,
        stages=stages,
    )


def _footnotes(
    claims: Sequence[ClaimRecord],
) -> tuple[tuple[tuple[ClaimRecord, tuple[int, ...]], ...], tuple[SentenceRecord, ...]]:
    """Claims with the numbers of their citations, counted through the answer from 1."""
    notes: list[SentenceRecord] = []
    numbered = []
    for claim in claims:
        first = len(notes) + 1
        notes.extend(claim.citations)
        numbered.append((claim, tuple(range(first, len(notes) + 1))))
    return tuple(numbered), tuple(notes)


def _peek(record: QuestionRecord) -> str:
    """The result on one line, for a question that is not opened."""
    text = record.error or (record.claims[0].text if record.claims else "")
    line = " ".join(text.split())
    return line if len(line) <= PEEK_CHARACTERS else line[: PEEK_CHARACTERS - 1] + "…"


def _stages(record: QuestionRecord) -> tuple[tuple[str, ...], tuple[StageView, ...]]:
    """Names of the retrieval measures that have a value, and each stage's values."""
    if not record.gold.documents:
        return (), ()
    values = _by_stage(record.measures)
    names = tuple(dict.fromkeys(name for stage in values.values() for name in stage))
    stages = tuple(
        StageView(
            stage,
            first_gold_rank(ranking, record.gold.documents),
            tuple(values.get(stage, {}).get(name) for name in names),
        )
        for stage, ranking in record.rankings.items()
        if ranking
    )
    return names, stages


def _by_stage(measures: Mapping[str, float | None]) -> dict[str, dict[str, float]]:
    values: dict[str, dict[str, float]] = {}
    for name, value in measures.items():
        parts = split_retrieval(name)
        if parts and value is not None:
            values.setdefault(parts[0], {})[parts[1]] = value
    return values
