"""Fitting the weights of the support score to runs, without forgetting what they were.

A logistic regression of "the best sentence is right" on its signs, its weights drawn to
those in force (a Gaussian prior, the maximum a posteriori estimate): a few hundred
questions of a few sets say little about a dozen weights, and what they do not say stays
as it was. Every set counts the same, however many questions it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from eval.analysis.threshold import check_both_kinds
from eval.errors import EvalError
from eval.records import QuestionRecord
from eval.runs.folder import Run
from rag.question.analysis import is_chinese
from rag.settings import SupportWeights

__all__ = ["FittedWeights", "SetFit", "fit_weights"]

Floats = NDArray[np.float64]

# How strongly weights are drawn to those in force. Of 1,000, 300, 100, 30, 10 and 3 the
# strong ones left the left-out set best off.
PRIOR_STRENGTH = 300.0
LEAST_SPREAD = 0.05
_SIGNS = tuple(f.name for f in fields(SupportWeights) if f.name != "bias")


@dataclass(frozen=True, slots=True)
class SetFit:
    """One set of questions under the weights in force and those fitted to the other sets.

    ``auroc`` is the chance that an answerable question scores higher than one that is
    not (None where the set has but one kind), ``log_loss`` the mean of -log of the
    probability given to what was the case.
    """

    name: str
    questions: int
    auroc_before: float | None
    auroc_left_out: float | None
    log_loss_before: float
    log_loss_left_out: float


@dataclass(frozen=True, slots=True)
class FittedWeights:
    """Weights fitted to all sets, and how such weights do on a set left out.

    With a single set, ``sets`` holds it as it does under weights fitted to the other four
    fifths of its questions, for each fifth.
    """

    before: SupportWeights
    weights: SupportWeights
    questions: int
    sets: tuple[SetFit, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Questions as numbers: ``signs`` (n, signs), ``right`` and ``answerable`` (n,) 0 or 1."""

    name: str
    signs: Floats
    right: Floats
    answerable: Floats


def fit_weights(runs: Sequence[Run], before: SupportWeights) -> FittedWeights:
    """Fit the support score's weights to the questions of one or more runs.

    Chinese questions and those that found no sentence are left out: they are judged by
    other weights, or by none.

    Raises:
        EvalError: a run holds no signs, or there are too few questions of either kind.
    """
    rows = [_rows(run) for run in runs]
    answerable = int(sum(part.answerable.sum() for part in rows))
    questions = sum(len(part.right) for part in rows)
    check_both_kinds(answerable, questions - answerable)
    weights = _fit(rows, before)
    if len(rows) > 1:
        sets = [
            _compare(part, before, [(_fit(_without(rows, n), before), slice(None))])
            for n, part in enumerate(rows)
        ]
    else:
        sets = [_cross_fitted(rows[0], before)]
    return FittedWeights(before, weights, questions, tuple(sets))


def _rows(run: Run) -> _Rows:
    used = [record for record in run.records if _is_usable(record)]
    if not used:
        raise EvalError(
            f"run '{run.folder}' holds no signs to fit to: it only searched, or an older "
            "version made it",
            remedy="ask its questions again",
        )
    signs = [[record.signs.get(name, 0.0) for name in _SIGNS] for record in used]
    return _Rows(
        name=run.manifest.questions.name,
        signs=np.array(signs, dtype=np.float64),
        right=np.array([float(r.answerable and bool(r.best_right)) for r in used]),
        answerable=np.array([float(r.answerable) for r in used]),
    )


def _is_usable(record: QuestionRecord) -> bool:
    return bool(record.signs) and not is_chinese(record.standalone or record.question)


def _fit(rows: Sequence[_Rows], before: SupportWeights) -> SupportWeights:
    from scipy.optimize import minimize

    signs = np.concatenate([part.signs for part in rows])
    sides = 2.0 * np.concatenate([part.right for part in rows]) - 1.0
    counts = np.concatenate([np.full(len(p.right), 1.0 / len(p.right)) for p in rows])
    counts *= len(counts) / counts.sum()
    # A sign that never varies would otherwise be drawn nowhere, a second bias.
    spread = np.maximum(signs.std(axis=0), LEAST_SPREAD)
    prior = _vector(before)

    def loss(weights: Floats) -> tuple[float, Floats]:
        z = sides * (signs @ weights[1:] + weights[0])
        slope = -sides * counts / (1.0 + np.exp(np.clip(z, -60, 60)))
        # The bias is free: how often to answer is what a set of questions does say.
        away = (weights[1:] - prior[1:]) * spread
        value = (counts * np.logaddexp(0.0, -z)).sum() + PRIOR_STRENGTH * (away @ away)
        pull = 2.0 * PRIOR_STRENGTH * away * spread
        return float(value), np.concatenate([[slope.sum()], slope @ signs + pull])

    # A sign speaks for a sentence or not at all: what is found counting against it in a
    # few sets is their peculiarity.
    bounds = [(None, None), *((0.0, None) for _ in _SIGNS)]
    found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds)
    bias, *values = (round(float(value), 3) for value in found.x)
    return SupportWeights(bias, **dict(zip(_SIGNS, values, strict=True)))


def _vector(weights: SupportWeights) -> Floats:
    values = asdict(weights)
    return np.array([values["bias"], *(values[name] for name in _SIGNS)])


def _without(rows: Sequence[_Rows], left_out: int) -> list[_Rows]:
    return [part for n, part in enumerate(rows) if n != left_out]


def _cross_fitted(part: _Rows, before: SupportWeights) -> SetFit:
    order = np.random.default_rng(0).permutation(len(part.right))
    folds = [np.sort(order[start::5]) for start in range(5)]
    fitted = []
    for fold in folds:
        rest = np.setdiff1d(order, fold)
        others = _Rows(part.name, part.signs[rest], part.right[rest], part.answerable[rest])
        fitted.append((_fit([others], before), fold))
    return _compare(part, before, fitted)


def _compare(
    part: _Rows,
    before: SupportWeights,
    fitted: Sequence[tuple[SupportWeights, NDArray[np.int64] | slice]],
) -> SetFit:
    """``fitted`` gives the weights for each share of the questions."""
    then = _probabilities(part, before)
    now = np.empty_like(then)
    for weights, share in fitted:
        now[share] = _probabilities(part, weights)[share]
    return SetFit(
        name=part.name,
        questions=len(part.right),
        auroc_before=_auroc(then, part.answerable),
        auroc_left_out=_auroc(now, part.answerable),
        log_loss_before=_log_loss(then, part.right),
        log_loss_left_out=_log_loss(now, part.right),
    )


def _probabilities(part: _Rows, weights: SupportWeights) -> Floats:
    vector = _vector(weights)
    z = np.clip(part.signs @ vector[1:] + vector[0], -60, 60)
    return np.asarray(1.0 / (1.0 + np.exp(-z)))


def _auroc(scores: Floats, labels: Floats) -> float | None:
    from eval.measure.aggregates import auroc

    if labels.min() == labels.max():
        return None
    return float(auroc(scores.tolist(), labels.tolist(), np.ones((1, len(labels))))[0])


def _log_loss(probabilities: Floats, labels: Floats) -> float:
    given = np.where(labels > 0.5, probabilities, 1.0 - probabilities)
    return float(-np.log(np.maximum(given, 1e-12)).mean())
