"""What a run keeps and measures of a language model's drafts."""

from __future__ import annotations

from eval.records import DraftRecord, DraftSentenceRecord
from rag.types import Answer, Outcome

__all__ = ["FIRST_SENTENCE", "draft_of", "timings_of"]

# The lap, beside the stages' own: from asking to the first verified sentence.
FIRST_SENTENCE = "first_sentence"


def draft_of(outcome: Outcome) -> DraftRecord | None:
    """What became of the draft; None where no language model wrote."""
    report = outcome.report
    if report is None:
        return None
    return DraftRecord(
        sentences=[
            DraftSentenceRecord(
                text=each.text,
                markers=list(each.markers),
                verdict=each.verdict,
                reasons=list(each.reasons),
            )
            for each in report.draft
        ],
        declined=report.declined,
        fallback=outcome.fallback if isinstance(outcome, Answer) else None,
        left_out=len(report.left_out),
    )


def timings_of(outcome: Outcome) -> dict[str, float]:
    """Milliseconds by stage, with the time to the first sentence of a model's answer."""
    laps = dict(outcome.timings_ms)
    first = outcome.report.first_claim_ms if outcome.report else None
    if first is not None and {"total", "write"} <= laps.keys():
        # What comes after the writing takes no time worth counting.
        laps[FIRST_SENTENCE] = laps["total"] - laps["write"] + first
    return laps
