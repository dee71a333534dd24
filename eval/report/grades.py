"""The grade of each question, and which of its gold was found.

A grade is about the best-supported sentence of the answer: its first claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.measure.metrics import overlaps
from eval.records import EvidenceRecord, QuestionRecord, SentenceRecord

# Retrieval-only runs: a gold document within this rank counts as found.
FOUND_WITHIN = 10


@dataclass(frozen=True, slots=True)
class Grade:
    """One kind of result. ``key`` names it in the page, ``label`` on a badge."""

    key: str
    label: str
    heading: str


# In the order in which they are shown: failures first.
GRADES = {
    grade.key: grade
    for grade in (
        Grade("failed", "failed", "Failed: asking ended in an error"),
        Grade("overreached", "should have abstained", "Answered an unanswerable question"),
        Grade("wrong", "wrong", "Wrong answers"),
        Grade("uncertain", "uncertain", "Uncertain answers"),
        Grade("missed", "missed", f"No gold document among the first {FOUND_WITHIN}"),
        Grade(
            "wrongly-abstained", "wrongly abstained", "Abstained, though the archive has an answer"
        ),
        Grade("unjudged", "not judged", "Answered; there is no gold to judge by"),
        Grade("right", "right", "Right answers"),
        Grade("found", "found", f"A gold document among the first {FOUND_WITHIN}"),
        Grade("none", "nothing to find", "No gold document to find"),
        Grade("rightly-abstained", "rightly abstained", "Rightly abstained"),
    )
}


def grade_of(record: QuestionRecord, *, mode: str) -> Grade:
    """The grade of a question of a run in this mode ("answers" or "retrieval")."""
    return GRADES[_key(record, mode)]


def _key(record: QuestionRecord, mode: str) -> str:
    if record.outcome == "failed":
        return "failed"
    if mode == "retrieval":
        return _retrieval_key(record)
    if record.outcome == "uncertain":
        return "uncertain"
    if record.outcome == "abstained":
        return "wrongly-abstained" if record.answerable else "rightly-abstained"
    if not record.answerable:
        return "overreached"
    first = record.measures.get("answer.first_right")
    right = record.best_right if first is None else first > 0
    if right is None:
        return "unjudged"
    return "right" if right else "wrong"


def _retrieval_key(record: QuestionRecord) -> str:
    if not record.gold.documents:
        return "none"
    last = list(record.rankings.values())[-1:]
    rank = first_gold_rank(last[0] if last else [], record.gold.documents)
    return "found" if rank is not None and rank <= FOUND_WITHIN else "missed"


def first_gold_rank(ranking: Sequence[str], documents: Sequence[str]) -> int | None:
    """Rank (from 1) of the first gold document, or None where none was ranked."""
    gold = set(documents)
    return next((rank for rank, name in enumerate(ranking, 1) if name in gold), None)


def evidence_covered(evidence: EvidenceRecord, cited: Sequence[SentenceRecord]) -> bool:
    """Whether a citation overlaps the evidence, or quotes it where its span is unknown."""
    same = [one for one in cited if one.document == evidence.document]
    if evidence.start is None or evidence.end is None:
        return any(evidence.quote in one.quote or one.quote in evidence.quote for one in same)
    place = (evidence.document, evidence.start, evidence.end)
    return any(overlaps((one.document, one.start, one.end), place) for one in same)
