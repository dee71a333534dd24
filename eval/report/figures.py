"""The report's figures: what is plotted, and the numbers of their captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.measure.aggregates import risk_coverage_curve
from eval.measure.statistics import share_interval
from eval.records import QuestionRecord, Summary
from eval.report.charts import (
    OperatingPoint,
    ScoreBin,
    reliability_chart,
    risk_coverage_chart,
)

RISK_LIMITS = (0.05, 0.10)
BINS = 10


@dataclass(frozen=True, slots=True)
class RiskFigure:
    """Risk by coverage over ``n`` questions; ``reached`` is (risk, largest coverage)."""

    chart: Markup
    n: int
    reached: tuple[tuple[float, float], ...]
    point: OperatingPoint | None


@dataclass(frozen=True, slots=True)
class ReliabilityFigure:
    """Share right by score over ``n`` questions, with the expected calibration error."""

    chart: Markup
    n: int
    calibration_error: float


def scored_questions(records: Sequence[QuestionRecord]) -> list[tuple[float, bool]]:
    """Score of the best sentence and whether answering with it would have been right.

    It never is for an unanswerable question. Left out: questions that failed, and those
    without gold to judge by.
    """
    return [
        (record.decision_score, bool(record.best_right))
        for record in records
        if record.outcome != "failed" and not (record.answerable and record.best_right is None)
    ]


def operating_point(summary: Summary) -> OperatingPoint | None:
    """The threshold and what it led to, or None where the run has none."""
    point = summary.operating_point
    support, coverage, risk = (point.get(key) for key in ("min_support", "coverage", "risk"))
    if support is None or coverage is None or risk is None:
        return None
    return OperatingPoint(support, coverage, risk)


def risk_figure(
    scored: Sequence[tuple[float, bool]], point: OperatingPoint | None
) -> RiskFigure | None:
    """The risk-coverage curve; None without questions."""
    if not scored:
        return None
    scores, right = zip(*scored, strict=True)
    coverage, risk, _ = risk_coverage_curve(scores, right)
    curve = list(zip(coverage.tolist(), risk.tolist(), strict=True))
    reached = tuple(
        (limit, max((share for share, wrong in curve if wrong <= limit), default=0.0))
        for limit in RISK_LIMITS
    )
    chart = risk_coverage_chart(curve, point, RISK_LIMITS)
    return RiskFigure(Markup(chart), len(scored), reached, point)


def reliability_figure(
    scored: Sequence[tuple[float, bool]], min_support: float | None
) -> ReliabilityFigure | None:
    """Share right by score in ten bins of equal width; None without questions.

    Expected calibration error: mean distance of score and share right over the bins,
    weighted by their counts (Naeini, Cooper & Hauskrecht, AAAI 2015).
    """
    if not scored:
        return None
    members: dict[int, list[tuple[float, bool]]] = {}
    for score, right in scored:
        members.setdefault(min(BINS - 1, int(score * BINS)), []).append((score, right))
    bins = [_bin(tenth, members[tenth]) for tenth in sorted(members)]
    error = sum(one.count * abs(one.score - one.right) for one in bins) / len(scored)
    return ReliabilityFigure(Markup(reliability_chart(bins, min_support)), len(scored), error)


def _bin(tenth: int, members: Sequence[tuple[float, bool]]) -> ScoreBin:
    count, right = len(members), sum(right for _, right in members)
    low, high = share_interval(right, count)
    score = sum(score for score, _ in members) / count
    return ScoreBin(tenth, count, score, right / count, low, high)
