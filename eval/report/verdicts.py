"""What became of each question, in one word, and which of its gold was found.

A run's verdict is about the best-supported sentence that was said: the first claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.measure.metrics import overlaps
from eval.records import EvidenceRecord, QuestionRecord, SentenceRecord

__all__ = ["VERDICTS", "Verdict", "evidence_covered", "find_verdict", "first_gold_rank"]

# Retrieval-only runs: a gold document within this rank counts as found.
FOUND_WITHIN = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """One kind of outcome. ``key`` names it in the page, ``label`` on a badge."""

    key: str
    label: str
    heading: str


# In the order in which a reader wants to see them: failures first.
VERDICTS = {
    verdict.key: verdict
    for verdict in (
        Verdict("failed", "failed", "Failed: asking ended in an error"),
        Verdict("overreached", "should have refused", "Answered, though the archive does not say"),
        Verdict("wrong", "wrong", "Answered wrongly"),
        Verdict("missed", "missed", f"No gold document among the first {FOUND_WITHIN}"),
        Verdict("refused", "refused", "Refused, though the archive says"),
        Verdict("unjudged", "not judged", "Answered, and the gold cannot tell how well"),
        Verdict("right", "right", "Answered rightly"),
        Verdict("found", "found", f"A gold document among the first {FOUND_WITHIN}"),
        Verdict("none", "nothing to find", "No gold document to find"),
        Verdict("declined", "rightly refused", "Rightly refused"),
    )
}


def find_verdict(record: QuestionRecord, *, mode: str) -> Verdict:
    """The verdict on a question of a run in this mode ("answers" or "retrieval")."""
    return VERDICTS[_key(record, mode)]


def _key(record: QuestionRecord, mode: str) -> str:
    if record.outcome == "failed":
        return "failed"
    if mode == "retrieval":
        return _retrieval_key(record)
    if record.outcome == "abstained":
        return "refused" if record.answerable else "declined"
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
    """Whether a citation overlaps the evidence, or quotes it where its place is unknown."""
    same = [one for one in cited if one.document == evidence.document]
    if evidence.start is None or evidence.end is None:
        return any(evidence.quote in one.quote or one.quote in evidence.quote for one in same)
    place = (evidence.document, evidence.start, evidence.end)
    return any(overlaps((one.document, one.start, one.end), place) for one in same)
