"""Intervals, tests and guarantees for metrics over questions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Guarantee",
    "clopper_pearson",
    "clopper_pearson_upper",
    "guaranteed_threshold",
    "mcnemar_exact",
    "percentile_interval",
    "resample_counts",
    "wilson_interval",
]

# Draws made at once, as int64: 8 MB.
_BLOCK_DRAWS = 1 << 20


# --- Bootstrap ---------------------------------------------------------------------


def resample_counts(
    n: int, *, resamples: int = 10_000, seed: int = 20161
) -> npt.NDArray[np.unsignedinteger[Any]]:
    """How often each of n questions is drawn, shape (resamples, n); rows sum to n.

    Drawn with replacement, each question as likely (Efron, Annals of Statistics 1979).
    The same seed gives the same counts: two runs measured with them are compared pair
    by pair. One byte a count up to n = 255, then two: 80 MB for n = 4,000.
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
    """The middle ``level`` of the samples, low and high; NaN samples do not count.

    Efron's percentile interval (Annals of Statistics 1979). (NaN, NaN) without samples.
    """
    known = samples[~np.isnan(samples)]
    if not known.size:
        return math.nan, math.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


# --- Shares ------------------------------------------------------------------------


def wilson_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a share, low and high (Wilson, JASA 1927); (0, 1) when n is 0."""
    _check_counts(successes, n)
    if not n:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, spread = successes / n, z * z / n
    centre = share + spread / 2
    half = math.sqrt(spread * (share * (1 - share) + spread / 4))
    # At the ends the formula gives 0 and 1 but for rounding.
    low = (centre - half) / (1 + spread) if successes else 0.0
    high = (centre + half) / (1 + spread) if successes < n else 1.0
    return low, high


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share, low and high: it covers in at least ``level`` of cases.

    Clopper & Pearson, Biometrika 1934; (0, 1) when n is 0.
    """
    _check_counts(successes, n)
    one_sided = (1 + level) / 2
    low = 1.0 - clopper_pearson_upper(n - successes, n, one_sided)
    return low, clopper_pearson_upper(successes, n, one_sided)


def clopper_pearson_upper(errors: int, n: int, confidence: float) -> float:
    """The largest share under which this few errors still have a chance of 1 - confidence.

    The true share of errors is at most this in at least ``confidence`` of cases. 1 when
    n is 0.
    """
    # scipy loads in a third of a second, and most commands need none of it.
    from scipy.special import betaincinv

    _check_counts(errors, n)
    return float(betaincinv(errors + 1, n - errors, confidence)) if errors < n else 1.0


def _check_counts(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share: the count must be from 0 to {n}")


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Two-sided exact p of McNemar's test that two paired shares are equal.

    Takes the questions that only the first run, and only the second, got right
    (McNemar, Psychometrika 1947; the binomial version). 1 when both are 0.
    """
    discordant = only_first + only_second
    _check_counts(only_first, discordant)
    # In whole numbers: exact for any n, and no term underflows.
    tail = term = 1
    for taken in range(1, min(only_first, only_second) + 1):
        term = term * (discordant - taken + 1) // taken
        tail += term
    return min(1.0, 2 * tail / (1 << discordant))


# --- Selection with guaranteed risk ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A threshold, what it did on the n questions it was chosen on, and what it promises.

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
    """The widest threshold found whose bound on the risk is at most ``max_risk``, or None.

    Selection with Guaranteed Risk (Geifman & El-Yaniv, NIPS 2017, algorithm 1): a binary
    search over the distinct scores that tests each against the one-sided Clopper-Pearson
    bound. Every test may fail, so each gets its part of 1 - confidence. Questions with
    ``score >= threshold`` are accepted.
    """
    levels, correct = np.asarray(scores, np.float64), np.asarray(right, bool)
    if levels.shape != correct.shape or np.isnan(levels).any():
        raise ValueError("each question needs a score that is a number, and whether it is right")
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
        bound = clopper_pearson_upper(errors, accepted, 1 - (1 - confidence) / tests)
        if bound > max_risk:
            last = middle - 1
            continue
        # Each success is wider than the one before: the search moves on from it.
        first = middle + 1
        risk, coverage = errors / accepted, accepted / n
        found = Guarantee(
            float(thresholds[middle]), accepted, n, errors, risk, bound, coverage, confidence
        )
    return found
