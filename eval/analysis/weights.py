"""Fit the weights of the support score to runs, regularised towards those in force.

A logistic regression of "the best sentence is right" on its features, with a Gaussian prior
at the weights in force (maximum a posteriori): a few hundred questions of a few sets say
little about a dozen weights. Every set counts the same, however many questions it has.
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
from rag.settings import SupportWeights
from rag.text.language import is_chinese

Floats = NDArray[np.float64]

# Strength of the prior. Of 1,000, 300, 100, 30, 10 and 3 the larger ones did best on the
# set left out.
PRIOR_STRENGTH = 300.0
LEAST_SPREAD = 0.05
_FEATURES = tuple(f.name for f in fields(SupportWeights) if f.name != "bias")


@dataclass(frozen=True, slots=True)
class SetFit:
    """One set of questions under the weights in force and those fitted to the other sets.

    ``auroc`` is the probability that an answerable question scores higher than an
    unanswerable one (None if the set has only one kind), ``log_loss`` the mean negative
    log likelihood.
    """

    name: str
    questions: int
    auroc_before: float | None
    auroc_left_out: float | None
    log_loss_before: float
    log_loss_left_out: float


@dataclass(frozen=True, slots=True)
class FittedWeights:
    """Weights fitted to all sets, and how such weights do on each set when it is left out.

    A single set is cross-fitted: each fifth of it under weights fitted to the other four.
    """

    before: SupportWeights
    weights: SupportWeights
    questions: int
    sets: tuple[SetFit, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Arrays: ``features`` (n, features), ``right`` and ``answerable`` (n,) of 0 or 1."""

    name: str
    features: Floats
    right: Floats
    answerable: Floats


def fit_weights(runs: Sequence[Run], before: SupportWeights) -> FittedWeights:
    """Fit the support score's weights to the questions of one or more runs.

    Chinese questions, which use other weights, and those without any sentence are left out.

    Raises:
        EvalError: a run has no features, or there are too few questions of either kind.
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
            f"run '{run.folder}' has no features to fit to",
            remedy="run without --retrieval-only",
        )
    features = [[record.features.get(name, 0.0) for name in _FEATURES] for record in used]
    return _Rows(
        name=run.manifest.questions.name,
        features=np.array(features, dtype=np.float64),
        right=np.array([float(r.answerable and bool(r.best_right)) for r in used]),
        answerable=np.array([float(r.answerable) for r in used]),
    )


def _is_usable(record: QuestionRecord) -> bool:
    return bool(record.features) and not is_chinese(record.standalone or record.question)


def _fit(rows: Sequence[_Rows], before: SupportWeights) -> SupportWeights:
    from scipy.optimize import minimize

    features = np.concatenate([part.features for part in rows])
    sides = 2.0 * np.concatenate([part.right for part in rows]) - 1.0
    counts = np.concatenate([np.full(len(p.right), 1.0 / len(p.right)) for p in rows])
    counts *= len(counts) / counts.sum()
    # A feature that never varies would otherwise have no prior: a second bias.
    spread = np.maximum(features.std(axis=0), LEAST_SPREAD)
    prior = _vector(before)

    def loss(weights: Floats) -> tuple[float, Floats]:
        z = sides * (features @ weights[1:] + weights[0])
        slope = -sides * counts / (1.0 + np.exp(np.clip(z, -60, 60)))
        # The bias has no prior: a set of questions does tell how often to answer.
        away = (weights[1:] - prior[1:]) * spread
        value = (counts * np.logaddexp(0.0, -z)).sum() + PRIOR_STRENGTH * (away @ away)
        pull = 2.0 * PRIOR_STRENGTH * away * spread
        return float(value), np.concatenate([[slope.sum()], slope @ features + pull])

    # No negative weights: a feature that counts against a sentence is an artefact of few
    # sets.
    bounds = [(None, None), *((0.0, None) for _ in _FEATURES)]
    found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds)
    bias, *values = (round(float(value), 3) for value in found.x)
    return SupportWeights(bias, **dict(zip(_FEATURES, values, strict=True)))


def _vector(weights: SupportWeights) -> Floats:
    values = asdict(weights)
    return np.array([values["bias"], *(values[name] for name in _FEATURES)])


def _without(rows: Sequence[_Rows], left_out: int) -> list[_Rows]:
    return [part for n, part in enumerate(rows) if n != left_out]


def _cross_fitted(part: _Rows, before: SupportWeights) -> SetFit:
    order = np.random.default_rng(0).permutation(len(part.right))
    folds = [np.sort(order[start::5]) for start in range(5)]
    fitted = []
    for fold in folds:
        rest = np.setdiff1d(order, fold)
        others = _Rows(part.name, part.features[rest], part.right[rest], part.answerable[rest])
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
    z = np.clip(part.features @ vector[1:] + vector[0], -60, 60)
    return np.asarray(1.0 / (1.0 + np.exp(-z)))


def _auroc(scores: Floats, labels: Floats) -> float | None:
    from eval.measure.aggregates import auroc

    if labels.min() == labels.max():
        return None
    return float(auroc(scores.tolist(), labels.tolist(), np.ones((1, len(labels))))[0])


def _log_loss(probabilities: Floats, labels: Floats) -> float:
    given = np.where(labels > 0.5, probabilities, 1.0 - probabilities)
    return float(-np.log(np.maximum(given, 1e-12)).mean())
