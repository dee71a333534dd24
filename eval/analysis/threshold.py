"""Calibration: the threshold that keeps the share of wrong answers below a limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eval.errors import EvalError
from eval.measure.statistics import (
    Guarantee,
    guaranteed_threshold,
    share_interval,
    share_upper_bound,
)
from eval.records import QuestionRecord
from eval.runs.folder import Run
from rag.settings import Settings

_ASKED = ("answered", "uncertain", "abstained")
# Answerable and unanswerable questions each: with fewer the share of errors means little.
MIN_EACH = 20


@dataclass(frozen=True, slots=True)
class Calibration:
    """The threshold found and what it guarantees. ``before`` is the one in force,
    ``accuracy_interval`` the 95% Clopper-Pearson interval of the share of right answers."""

    guarantee: Guarantee
    before: float
    accuracy_interval: tuple[float, float]


def calibrate(
    records: Sequence[QuestionRecord],
    *,
    before: float,
    max_error: float,
    confidence: float = 0.95,
) -> Calibration:
    """Choose ``answer.min_support`` so that at most ``max_error`` of sure answers are wrong.

    An answer is wrong when its best-supported sentence is, or when the question is
    unanswerable. Geifman & El-Yaniv's selection with guaranteed risk (NIPS 2017) over the
    decision scores.

    Raises:
        EvalError: there are too few questions of either kind or for ``max_error``, or no
            threshold meets it.
    """
    if any(record.outcome == "searched" for record in records):
        raise EvalError(
            "the run is of mode 'retrieval' and has no answers to calibrate on",
            remedy="run without --retrieval-only",
        )
    asked = [record for record in records if record.outcome in _ASKED]
    answerable = [record for record in asked if record.answerable]
    unanswerable = len(asked) - len(answerable)
    _check_size(len(answerable), unanswerable, max_error, confidence)
    scores = [record.decision_score for record in asked]
    right = [record.answerable and bool(record.best_right) for record in asked]
    found = guaranteed_threshold(scores, right, max_risk=max_error, confidence=confidence)
    if found is None:
        raise EvalError(
            f"no threshold keeps wrong answers at or below {max_error:.0%} with "
            f"{confidence:.0%} confidence on these {len(asked)} questions",
            remedy="allow more with --max-error, or give more questions; nothing was written",
        )
    interval = share_interval(found.accepted - found.errors, found.accepted, method="exact")
    return Calibration(found, before, interval)


def warnings_of(run: Run, settings: Settings) -> list[str]:
    """Reasons why the guarantee may not hold under the settings in force."""
    found: list[str] = []
    origin = settings.origins.get("answer.min_support", "")
    if origin.startswith("FOOTNOTE_"):
        found.append(f"{origin} is set and overrides the settings file; unset it")
    now = {key: value for key, value, _ in settings.items()}
    differing = [
        key
        for key, value in run.manifest.settings.items()
        if key in now and not key.startswith("models.") and value != now[key]
        # The decision scores are the same whatever these are.
        if key not in ("answer.min_support", "answer.min_uncertain")
    ]
    if differing:
        found.append(
            f"the run was made with other settings ({', '.join(differing)}): the guarantee is "
            "for those"
        )
    return found


def check_both_kinds(answerable: int, unanswerable: int) -> None:
    """Raise EvalError unless there are enough questions with and without an answer."""
    if answerable < MIN_EACH or unanswerable < MIN_EACH:
        raise EvalError(
            f"too few questions to calibrate: {answerable} answerable, {unanswerable} unanswerable",
            remedy=f"give at least {MIN_EACH} of each; nothing was written",
        )


def _check_size(answerable: int, unanswerable: int, max_error: float, confidence: float) -> None:
    check_both_kinds(answerable, unanswerable)
    asked = answerable + unanswerable
    tests = max(1, math.ceil(math.log2(asked)))
    best = share_upper_bound(0, answerable, 1 - (1 - confidence) / tests)
    if best > max_error:
        raise EvalError(
            f"too few questions to guarantee {max_error:.0%}: {answerable} right answers without "
            f"a wrong one only show that at most {best:.1%} are wrong",
            remedy="give more questions or a larger --max-error; nothing was written",
        )
