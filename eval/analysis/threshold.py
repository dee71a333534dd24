"""Calibration: the abstention threshold that keeps a promised share of answers right."""

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

__all__ = ["MIN_EACH", "Calibration", "calibrate", "check_both_kinds", "warnings_of"]

# Without questions of both kinds the share of wrong answers means nothing.
MIN_EACH = 20


@dataclass(frozen=True, slots=True)
class Calibration:
    """The threshold found and what it promises. ``before`` is the one in force so far,
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
    """Choose ``answer.min_support`` so that at most ``max_error`` of answers are wrong.

    An answer is wrong when its best-supported sentence is, or when the archive does not
    answer the question at all. Geifman & El-Yaniv's selection with guaranteed risk (NIPS
    2017) over the decision scores, each threshold tried at its share of the confidence.

    Raises:
        EvalError: there are too few questions of either kind, too few to promise
            ``max_error`` at all, or no threshold keeps the promise.
    """
    if any(record.outcome == "searched" for record in records):
        raise EvalError("the run only searched: it composed no answers to calibrate on")
    asked = [record for record in records if record.outcome in ("answered", "abstained")]
    answerable = [record for record in asked if record.answerable]
    silent = len(asked) - len(answerable)
    _check_size(len(answerable), silent, max_error, confidence)
    scores = [record.decision_score for record in asked]
    right = [record.answerable and bool(record.best_right) for record in asked]
    found = guaranteed_threshold(scores, right, max_risk=max_error, confidence=confidence)
    if found is None:
        raise EvalError(
            f"no threshold keeps wrong answers at or below {max_error:.0%} with "
            f"{confidence:.0%} confidence on these {len(asked)} questions",
            remedy="nothing was written. Allow more with --max-error, or give more questions",
        )
    interval = share_interval(found.accepted - found.errors, found.accepted, method="exact")
    return Calibration(found, before, interval)


def warnings_of(run: Run, settings: Settings) -> list[str]:
    """What may make a promise of this run void under the settings in force."""
    found: list[str] = []
    origin = settings.origins.get("answer.min_support", "")
    if origin.startswith("FOOTNOTE_"):
        found.append(f"{origin} is set and overrides what is written; unset it")
    now = {key: value for key, value, _ in settings.items()}
    differing = [
        key
        for key, value in run.manifest.settings.items()
        if key in now and not key.startswith("models.") and value != now[key]
        if key != "answer.min_support"
    ]
    if differing:
        found.append(
            f"the run was made with other settings ({', '.join(differing)}): the promise is "
            "about those"
        )
    return found


def check_both_kinds(answerable: int, silent: int) -> None:
    """Raise EvalError unless there are enough questions with and without an answer."""
    if answerable < MIN_EACH or silent < MIN_EACH:
        raise EvalError(
            f"too few questions to calibrate: {answerable} answerable and {silent} not, at least "
            f"{MIN_EACH} of each are needed",
            remedy="nothing was written",
        )


def _check_size(answerable: int, silent: int, max_error: float, confidence: float) -> None:
    check_both_kinds(answerable, silent)
    asked = answerable + silent
    tests = max(1, math.ceil(math.log2(asked)))
    best = share_upper_bound(0, answerable, 1 - (1 - confidence) / tests)
    if best > max_error:
        raise EvalError(
            f"too few questions to promise {max_error:.0%}: even {answerable} right answers "
            f"without one wrong only show at most {best:.1%} wrong; give more questions or a "
            "larger --max-error",
            remedy="nothing was written",
        )
