"""Intervals, tests and guarantees for metrics over questions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

# Draws made at once, as int64: 8 MB.
_BLOCK_DRAWS = 1 << 20


# --- Bootstrap ---------------------------------------------------------------------


def resample_counts(
    n: int, *, resamples: int = 10_000, seed: int = 20161
) -> npt.NDArray[np.unsignedinteger[Any]]:
    """How often each of n questions is drawn, shape (resamples, n); rows sum to n.

    Drawn with replacement (Efron, Annals of Statistics 1979). The same seed gives the same
    counts, so that two runs are compared pair by pair. One byte per count up to n = 255,
    then two: 80 MB for n = 4,000.
    """
    counts = np.zeros((resamples, n), np.min_scalar_type(n))
    generator = np.random.default_rng(seed)
    rows = max(1, _BLOCK_DRAWS // max(n, 1))
    for start in range(0, resamples if n else 0, rows):
        block = counts[start : start + rows]
        drawn = generator.integers(0, n, (len(block), n))
        drawn += np.arange(len(block))[:, None] * n
        block[:] = np.bincount(drawn.ravel(), minlength=block.size).reshape(block.shape)
    return counts


def percentile_interval(
    samples: npt.NDArray[np.float64], level: float = 0.95
) -> tuple[float, float]:
    """The central ``level`` of the samples, low and high, without NaN samples.

    Efron's percentile interval (Annals of Statistics 1979). (NaN, NaN) without samples.
    """
    known = samples[~np.isnan(samples)]
    if not known.size:
        return math.nan, math.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


# --- Shares ------------------------------------------------------------------------


def share_interval(
    successes: int, n: int, level: float = 0.95, method: Literal["wilson", "exact"] = "wilson"
) -> tuple[float, float]:
    """Interval of a share, low and high; (0, 1) when n is 0.

    "wilson" is the score interval (Wilson, JASA 1927); "exact" covers in at least ``level``
    of cases (Clopper & Pearson, Biometrika 1934).
    """
    # Imported here and below: scipy.stats takes half a second.
    from scipy.stats import binomtest

    if not n:
        return 0.0, 1.0
    interval = binomtest(successes, n).proportion_ci(level, method)
    return float(interval.low), float(interval.high)


def share_upper_bound(errors: int, n: int, confidence: float) -> float:
    """The largest share under which so few errors still have a chance of 1 - confidence.

    The true share of errors is at most this in at least ``confidence`` of cases: the exact
    one-sided bound of Clopper & Pearson. 1 when n is 0.
    """
    from scipy.stats import binomtest

    if not n:
        return 1.0
    return float(binomtest(errors, n, alternative="less").proportion_ci(confidence).high)


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Two-sided exact p of McNemar's test that two paired shares are equal.

    Takes the questions that only the first run, and only the second, got right
    (McNemar, Psychometrika 1947; the binomial version). 1 when both are 0.
    """
    from scipy.stats import binomtest

    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


# --- Selection with guaranteed risk ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A threshold, its result on the n questions it was chosen on, and what it guarantees.

    ``accepted`` of them score at least ``threshold``, ``errors`` of these are wrong;
    ``risk`` and ``coverage`` are their shares. With probability ``confidence`` over the
    questions drawn, the share of wrong ones among accepted new questions of the same
    kind is at most ``bound``.
    """

    threshold: float
    accepted: int
    n: int
    errors: int
    risk: float
    bound: float
    coverage: float
    confidence: float


def guaranteed_threshold(
    scores: Sequence[float] | npt.NDArray[np.float64],
    right: Sequence[bool] | npt.NDArray[np.bool_],
    *,
    max_risk: float,
    confidence: float = 0.95,
) -> Guarantee | None:
    """The lowest threshold found whose bound on the risk is at most ``max_risk``, or None.

    Selection with Guaranteed Risk (Geifman & El-Yaniv, NIPS 2017, algorithm 1): a binary
    search over the distinct scores that tests each against the one-sided Clopper-Pearson
    bound. Each test gets its part of 1 - confidence. Questions with
    ``score >= threshold`` are accepted.
    """
    levels, correct = np.asarray(scores, np.float64), np.asarray(right, bool)
    if levels.shape != correct.shape or np.isnan(levels).any():
        raise ValueError("each question needs a score that is a number, and a flag")
    thresholds = np.unique(levels)[::-1]
    n, found = len(levels), None
    tests = max(1, math.ceil(math.log2(n))) if n else 0
    first, last = 0, len(thresholds) - 1
    for _ in range(tests):
        if first > last:
            break
        middle = (first + last + 1) // 2
        taken = levels >= thresholds[middle]
        accepted, errors = int(taken.sum()), int((taken & ~correct).sum())
        bound = share_upper_bound(errors, accepted, 1 - (1 - confidence) / tests)
        if bound > max_risk:
            last = middle - 1
            continue
        # Each success accepts more than the one before.
        first = middle + 1
        risk, coverage = errors / accepted, accepted / n
        found = Guarantee(
            float(thresholds[middle]), accepted, n, errors, risk, bound, coverage, confidence
        )
    return found
