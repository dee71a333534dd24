"""Measuring a checker on claims that people have judged.

Two questions: which sentences support the claim (F1 against the best of the sets that
people gave), and is it supported. What has to be fitted is fitted on dev claims and measured
on test claims, or, where a set has only one of them, cross-fitted: for each fifth of the
articles on the claims about the others.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eval.aggregates import auroc, weighted_mean, weighted_ratio
from eval.checkers import CheckScores, best_first
from eval.errors import EvalError
from eval.metrics import set_f1
from eval.records import Estimate
from eval.statistics import percentile_interval, resample_counts

__all__ = [
    "DECISIONS",
    "SELECTION",
    "CheckReport",
    "ClaimCase",
    "Fit",
    "Label",
    "SelectionRule",
    "Split",
    "Verdict",
    "fit_checker",
    "measure_checker",
]

Label = Literal["supported", "partially_supported", "not_supported"]
Split = Literal["dev", "test"]
Floats = NDArray[np.float64]
Weights = NDArray[Any]

# Which labels count as yes, by the name of the decision.
DECISIONS: Mapping[str, frozenset[Label]] = {
    "supported": frozenset({"supported"}),
    "at least partly": frozenset({"supported", "partially_supported"}),
}
SELECTION = "sentences"
FOLDS = 5
_MOST_SENTENCES = (*range(1, 9), None)
_THRESHOLDS_TRIED = 20


@dataclass(frozen=True, slots=True)
class ClaimCase:
    """A claim, the article it cites, and what people said of the two.

    ``sentences`` are the article's lines. Each of ``supporting_sets`` holds line numbers
    (from 0) that together support what of the claim is supported; every set is as good as
    the others; there is none for a claim that is not supported.
    """

    id: str
    claim: str
    split: Split
    label: Label
    document: str
    sentences: tuple[str, ...]
    supporting_sets: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True)
class SelectionRule:
    """Choose the ``most`` best sentences (None: all) that score at least ``least``.

    Ties go by line. A sentence that was not read (-inf) is never chosen.
    """

    most: int | None
    least: float

    def choose(self, scores: Sequence[float]) -> list[int]:
        """Line numbers chosen, best first."""
        ranked = best_first(scores)[: self.most]
        return [line for line in ranked if scores[line] >= self.least and scores[line] > -math.inf]


@dataclass(frozen=True, slots=True)
class Fit:
    """What was fitted for a checker, ``claims`` the number of claims it was fitted on.

    ``thresholds``: the support from which on a claim counts as supported, by decision.
    """

    claims: int
    rule: SelectionRule
    thresholds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A checker's word on one claim, under a fit on others.

    ``selection`` is precision, recall and F1 of the chosen lines, None for a claim without
    supporting sets; ``decided`` says yes or no for each of ``DECISIONS``.
    """

    case: ClaimCase
    support: float
    chosen: tuple[int, ...]
    selection: tuple[float, float, float] | None
    decided: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Figures of a checker with 95% intervals, and what they rest on.

    ``estimates`` maps a group (``SELECTION`` or a decision) to its measures by name.
    ``design`` says in words what was fitted and measured on what.
    """

    design: str
    fits: tuple[Fit, ...]
    verdicts: tuple[Verdict, ...]
    estimates: Mapping[str, Mapping[str, Estimate]]


def measure_checker(
    cases: Sequence[ClaimCase], scores: Sequence[CheckScores], *, resamples: int = 10_000
) -> CheckReport:
    """Fit and measure a checker's scores, given in the order of the cases.

    Intervals are percentiles over bootstrap resamples of the measured claims, with what was
    fitted held fixed. Measures are null where not defined, such as AUROC over one class.

    Raises:
        EvalError: there are not claims enough to fit on some and measure on others.
    """
    design, plan = _plan(cases)
    fits: list[Fit] = []
    verdicts: dict[int, Verdict] = {}
    for fitted_on, measured_on in plan:
        found = fit_checker([cases[i] for i in fitted_on], [scores[i] for i in fitted_on])
        fits.append(found)
        verdicts.update({i: _judge(cases[i], scores[i], found) for i in measured_on})
    in_order = tuple(verdicts[index] for index in sorted(verdicts))
    return CheckReport(design, tuple(fits), in_order, _estimates(in_order, resamples))


def _plan(cases: Sequence[ClaimCase]) -> tuple[str, list[tuple[list[int], list[int]]]]:
    """Which cases to fit on and which to measure on, by index, and the same in words."""
    every = range(len(cases))
    dev = [index for index in every if cases[index].split == "dev"]
    test = [index for index in every if cases[index].split == "test"]
    if dev and test:
        words = f"fitted on {len(dev)} dev claims, measured on {len(test)} test claims"
        return words, [(dev, test)]
    # By a hash: neighbours in a file tend to be alike.
    articles = sorted(
        {case.document for case in cases}, key=lambda name: hashlib.sha256(name.encode()).digest()
    )
    if len(articles) < 2:
        raise EvalError(
            "fitting a checker needs claims about two articles or more", remedy="raise --limit"
        )
    folds = min(FOLDS, len(articles))
    fold_of = {article: position % folds for position, article in enumerate(articles)}
    plan = [
        (
            [index for index in every if fold_of[cases[index].document] != fold],
            [index for index in every if fold_of[cases[index].document] == fold],
        )
        for fold in range(folds)
    ]
    there, missing = ("dev", "test") if dev else ("test", "dev")
    how = f"cross-fitted on {len(cases)} {there} claims, {folds} folds by article"
    return f"no {missing} claims: {how}", plan


def fit_checker(cases: Sequence[ClaimCase], scores: Sequence[CheckScores]) -> Fit:
    """The rule with the best macro F1 of sentences, the thresholds with the best F1 of yes.

    Among equals the rule with fewest sentences at most and the highest threshold. Where yes
    is common, the best F1 says yes to nearly everything; AUROC does not depend on it.
    """
    support = np.array([score.support for score in scores])
    thresholds = {
        decision: _best_threshold(support, np.array([case.label in yes for case in cases]))
        for decision, yes in DECISIONS.items()
    }
    return Fit(len(cases), _best_rule(cases, scores), thresholds)


def _best_rule(cases: Sequence[ClaimCase], scores: Sequence[CheckScores]) -> SelectionRule:
    judged = [
        (case.supporting_sets, score.sentences)
        for case, score in zip(cases, scores, strict=True)
        if case.supporting_sets
    ]
    heads = [
        scored[line]
        for _, scored in judged
        for line in best_first(scored)[: max(filter(None, _MOST_SENTENCES))]
        if math.isfinite(scored[line])
    ]
    levels = np.linspace(1.0, 0.0, _THRESHOLDS_TRIED + 1)[:-1]
    tried = np.quantile(heads, levels).tolist() if heads else []
    # Without a floor last, and every sentence last of all: the first best one is taken.
    floors = [*dict.fromkeys(tried), -math.inf]
    rules = [SelectionRule(most, least) for most, least in product(_MOST_SENTENCES, floors)]
    totals = np.zeros(len(rules))
    for sets, scored in judged:
        totals += _f1_of_rules(rules, scored, sets)
    return rules[int(np.argmax(totals))]


def _f1_of_rules(
    rules: Sequence[SelectionRule], scores: Sequence[float], sets: Sequence[frozenset[int]]
) -> list[float]:
    """F1 of what each rule chooses from one article."""
    # Whatever a rule chooses is a head of the same ranking: few differ between 180 rules.
    ranked = best_first(scores)
    falling = [-scores[line] for line in ranked if scores[line] > -math.inf]
    lengths = [min(bisect_right(falling, -r.least), r.most or len(ranked)) for r in rules]
    f1 = {length: set_f1(ranked[:length], sets)[2] for length in set(lengths)}
    return [f1[length] for length in lengths]


def _best_threshold(support: Floats, positives: NDArray[np.bool_]) -> float:
    candidates = np.unique(support)[::-1]
    accepted = support >= candidates[:, None]
    hits = (accepted & positives).sum(axis=1)
    f1 = 2.0 * hits / (accepted.sum(axis=1) + positives.sum())
    return float(candidates[int(np.argmax(f1))])


def _judge(case: ClaimCase, scores: CheckScores, found: Fit) -> Verdict:
    chosen = found.rule.choose(scores.sentences)
    return Verdict(
        case=case,
        support=scores.support,
        chosen=tuple(chosen),
        selection=set_f1(chosen, case.supporting_sets) if case.supporting_sets else None,
        decided={name: scores.support >= least for name, least in found.thresholds.items()},
    )


def _estimates(verdicts: Sequence[Verdict], resamples: int) -> dict[str, dict[str, Estimate]]:
    counts = resample_counts(len(verdicts), resamples=resamples)
    groups = {SELECTION: _selection_measures(verdicts)}
    sizes = {SELECTION: sum(verdict.selection is not None for verdict in verdicts)}
    for decision in DECISIONS:
        groups[decision] = _decision_measures(verdicts, decision)
        sizes[decision] = len(verdicts)
    return {
        group: {
            name: _estimate(measured, counts, sizes[group]) for name, measured in measures.items()
        }
        for group, measures in groups.items()
    }


# From weights (resamples, claims), how often each claim was drawn, to a value for each row.
Measured = Callable[[Weights], Floats]


def _selection_measures(verdicts: Sequence[Verdict]) -> dict[str, Measured]:
    nothing = (math.nan,) * 3
    table = np.array([verdict.selection or nothing for verdict in verdicts])
    precision, recall, f1 = table.T
    return {
        "F1": lambda weights: weighted_mean(f1, weights),
        "precision": lambda weights: weighted_mean(precision, weights),
        "recall": lambda weights: weighted_mean(recall, weights),
    }


def _decision_measures(verdicts: Sequence[Verdict], decision: str) -> dict[str, Measured]:
    yes = np.array([verdict.case.label in DECISIONS[decision] for verdict in verdicts])
    said = np.array([verdict.decided[decision] for verdict in verdicts])
    support = np.array([verdict.support for verdict in verdicts])
    right_of_yes = np.where(yes, said, np.nan)
    right_of_no = np.where(yes, np.nan, ~said)
    # F1 of "yes" as one ratio: twice the hits to yes said and yes true together.
    return {
        "F1": lambda weights: weighted_ratio(2.0 * (yes & said), 1.0 * yes + said, weights),
        "balanced accuracy": lambda weights: (
            (weighted_mean(right_of_yes, weights) + weighted_mean(right_of_no, weights)) / 2.0
        ),
        "AUROC": lambda weights: auroc(support, yes, weights),
    }


def _estimate(measured: Measured, counts: Weights, n: int) -> Estimate:
    value = float(measured(np.ones((1, counts.shape[1])))[0])
    if math.isnan(value):
        return Estimate(value=None, low=None, high=None, n=n)
    low, high = percentile_interval(measured(counts))
    return Estimate(value=value, low=low, high=high, n=n)
