"""Metrics over a whole run, for many resamples of its questions at once.

Each function takes arrays of shape (n,), one value per question, and ``weights`` of shape
(b, n): how often each question was drawn in each of b resamples, or a row of ones for the
run itself. Each returns float64 of shape (b,), NaN where the metric is undefined. Questions
with NaN in any of their values are left out. Rows are processed in blocks, which takes a
few MB beyond the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# Numbers or flags; flags with unknown values are floats with NaN.
Values = npt.ArrayLike
Weights = npt.NDArray[Any]

# Cells of a block of weights: 2 MB as float64, so that its sums stay in the cache.
_BLOCK_CELLS = 1 << 18


def weighted_mean(values: Values, weights: Weights) -> Floats:
    """Mean of the values; NaN if no question has one."""
    return weighted_ratio(values, np.ones(np.shape(values)), weights)


def weighted_ratio(numerator: Values, denominator: Values, weights: Weights) -> Floats:
    """Sum of the numerators over the sum of the denominators; NaN if that is 0.

    Pools over questions: with citations right and citations made it is micro-averaged
    precision.
    """
    tops, bottoms = (np.asarray(it, np.float64) for it in (numerator, denominator))
    known = _known(tops, bottoms)
    pairs = np.stack([tops[known], bottoms[known]], axis=1)

    def measure(block: Floats) -> Floats:
        sums: Floats = block @ pairs
        return _divided(sums[:, 0], sums[:, 1])

    return _by_block(measure, weights, known, len(tops))


def auroc(scores: Values, positives: Values, weights: Weights) -> Floats:
    """Share of pairs, a positive and a negative, in which the positive scores higher.

    Equal scores count half: the Mann-Whitney statistic, and the area under the ROC curve
    (Hanley & McNeil, Radiology 1982). NaN without a positive or without a negative.
    """
    order, flags, starts, n = _by_falling_score(scores, positives)

    def measure(block: Floats) -> Floats:
        drawn = _summed(block, starts)
        above = _summed(block * flags, starts)
        below = drawn - above
        higher = np.cumsum(above, axis=1) - above / 2
        return _divided((higher * below).sum(axis=1), above.sum(axis=1) * below.sum(axis=1))

    return _by_block(measure, weights, order, n)


def area_under_risk_coverage(scores: Values, right: Values, weights: Weights) -> Floats:
    """Mean of the selective risk over the questions, in [0, 1]: lower is better.

    The risk at a question is the share of wrong ones among all that score at least as
    high. Equal scores are accepted together, so the value does not depend on the order of
    the questions. Without ties it is the area under the risk-coverage
    curve in n steps (El-Yaniv & Wiener, JMLR 2010; Geifman & El-Yaniv, NIPS 2017).
    """
    order, flags, starts, n = _by_falling_score(scores, right)

    def measure(block: Floats) -> Floats:
        drawn = _summed(block, starts)
        # The risk of a group that was not drawn has weight 0: NaN can become 0.
        risk = np.nan_to_num(_risk(block, flags, starts), copy=False)
        return _divided((drawn * risk).sum(axis=1), drawn.sum(axis=1))

    return _by_block(measure, weights, order, n)


def coverage_at_risk(scores: Values, right: Values, weights: Weights, *, risk: float) -> Floats:
    """Largest share of questions a threshold accepts with at most ``risk`` wrong among them.

    Equal scores are accepted together; 0 if every threshold is riskier. The threshold is
    chosen in hindsight; eval.measure.statistics.guaranteed_threshold bounds new questions.
    """
    order, flags, starts, n = _by_falling_score(scores, right)

    def measure(block: Floats) -> Floats:
        accepted = np.cumsum(_summed(block, starts), axis=1)
        kept = _risk(block, flags, starts) <= risk
        best = np.where(kept, accepted, 0.0).max(axis=1, initial=0.0)
        return _divided(best, block.sum(axis=1))

    return _by_block(measure, weights, order, n)


def risk_coverage_curve(scores: Values, right: Values) -> tuple[Floats, Floats, Floats]:
    """Coverage, risk and threshold, float64 of shape (distinct scores,), coverage rising.

    One point per threshold, which accepts ``score >= threshold``: the share of questions
    accepted, and the share of wrong ones among them. Empty without questions.
    """
    order, flags, starts, _ = _by_falling_score(scores, right)
    if not len(order):
        return np.empty(0), np.empty(0), np.empty(0)
    once = np.ones((1, len(order)))
    coverage = np.cumsum(_summed(once, starts), axis=1)[0] / len(order)
    thresholds = np.asarray(scores, np.float64)[order][starts]
    return coverage, _risk(once, flags, starts)[0], thresholds


# --- Parts -------------------------------------------------------------------------


def _known(*arrays: Floats) -> npt.NDArray[np.intp]:
    """Indexes at which no array has NaN."""
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 1:
        raise ValueError(f"values must have the same shape (n,), got {sorted(shapes)}")
    return np.flatnonzero(~np.isnan(arrays).any(axis=0))


def _by_falling_score(
    scores: Values, flags: Values
) -> tuple[npt.NDArray[np.intp], Floats, npt.NDArray[np.intp], int]:
    """The order of known questions by falling score, their flags, the start of each score, n."""
    levels, marks = np.asarray(scores, np.float64), np.asarray(flags, np.float64)
    known = _known(levels, marks)
    order = known[np.argsort(-levels[known], kind="stable")]
    ordered = levels[order]
    first = np.ones(len(order), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return order, marks[order], np.flatnonzero(first), len(levels)


def _summed(block: Floats, starts: npt.NDArray[np.intp]) -> Floats:
    """Sums of the columns of each group: shape (rows, groups)."""
    # Without ties the columns are the groups; reduceat would copy them.
    if len(starts) == block.shape[1]:
        return block
    sums: Floats = np.add.reduceat(block, starts, axis=1)
    return sums


def _risk(block: Floats, right: Floats, starts: npt.NDArray[np.intp]) -> Floats:
    """Share of wrong ones among the accepted at each threshold; NaN if none is accepted."""
    wrong = np.cumsum(_summed(block * (1.0 - right), starts), axis=1)
    return _divided(wrong, np.cumsum(_summed(block, starts), axis=1))


def _divided(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom != 0)


def _by_block(
    measure: Callable[[Floats], Floats], weights: Weights, columns: npt.NDArray[np.intp], n: int
) -> Floats:
    """``measure`` of the weights' columns, block by block of rows: shape (b,)."""
    if weights.ndim != 2 or weights.shape[1] != n:
        raise ValueError(f"weights must have the shape (b, {n}), got {weights.shape}")
    results = np.full(len(weights), np.nan)
    if len(columns):
        rows = max(1, _BLOCK_CELLS // n)
        for start in range(0, len(weights), rows):
            block = weights[start : start + rows, columns].astype(np.float64)
            results[start : start + rows] = measure(block)
    return results
