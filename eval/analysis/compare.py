"""Compare two runs metric by metric and question by question."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eval.errors import RunError
from eval.measure.measures import HEADLINE, MEASURES
from eval.measure.statistics import mcnemar_exact, percentile_interval, resample_counts
from eval.measure.summarise import RESAMPLES, aggregate, questions_of
from eval.records import QuestionRecord
from eval.runs.folder import Run

Verdict = Literal["better", "worse", "no difference shown", "the same"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric in two runs over the ``n`` questions for which either defines it.

    ``difference`` is second minus first, [low, high] its 95% interval by the paired
    bootstrap; ``p`` is McNemar's exact p where the metric is 0 or 1 for the same questions
    in both runs, else None. ``type`` is None for all questions.
    """

    metric: str
    type: str | None
    n: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Changed:
    """A question whose main metrics changed, as each run recorded it."""

    first: QuestionRecord
    second: QuestionRecord
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of two runs. ``only_first`` and ``only_second`` count the questions
    that only one of them asked; ``notes`` list what else differs between the runs."""

    shared: int
    only_first: int
    only_second: int
    notes: tuple[str, ...]
    differences: tuple[Difference, ...]
    changed: tuple[Changed, ...]


def compare_runs(first: Run, second: Run, *, seed: int = 20161) -> Comparison:
    """Compare question by question, for each metric and each question type.

    Raises:
        RunError: they share no question.
    """
    by_id = {record.id: record for record in second.records}
    pairs = [
        (record, by_id[record.id])
        for record in first.records
        if record.id in by_id and record.question == by_id[record.id].question
    ]
    if not pairs:
        raise RunError(f"runs '{first.name}' and '{second.name}' have no questions in common")
    kinds = sorted({record.type for record, _ in pairs})
    if first.manifest.mode != second.manifest.mode:
        # One of them only searched: only rankings can be compared.
        pairs = [(_rankings_only(one), _rankings_only(other)) for one, other in pairs]
    differences = [*_differences(pairs, None, seed)]
    if len(kinds) > 1:
        for kind in kinds:
            members = [pair for pair in pairs if pair[0].type == kind]
            differences += _differences(members, kind, seed)
    return Comparison(
        shared=len(pairs),
        only_first=len(first.records) - len(pairs),
        only_second=len(second.records) - len(pairs),
        notes=_notes(first, second),
        differences=tuple(differences),
        changed=tuple(_changed(pairs)),
    )


def _rankings_only(record: QuestionRecord) -> QuestionRecord:
    kept = {k: v for k, v in record.measures.items() if k.startswith("retrieval.")}
    return record.model_copy(update={"measures": kept})


def _notes(first: Run, second: Run) -> tuple[str, ...]:
    one, other = first.manifest, second.manifest
    notes: list[str] = []
    if one.questions.sha256 != other.questions.sha256:
        notes.append("question sets or documents differ; only common questions are compared")
    if one.mode != other.mode:
        notes.append(f"modes differ ({one.mode}, {other.mode}); only rankings are compared")
    changed = [key for key, value in one.settings.items() if other.settings.get(key) != value]
    changed += [key for key in other.settings if key not in one.settings]
    notes += [f"{key}: {one.settings.get(key)} -> {other.settings.get(key)}" for key in changed]
    notes += [
        f"{role}: {model.name}@{model.revision[:8]} -> "
        f"{other.models[role].name}@{other.models[role].revision[:8]}"
        for role, model in one.models.items()
        if role in other.models and other.models[role] != model
    ]
    notes += [
        f"{name}: {version} -> {other.packages[name]}"
        for name, version in one.packages.items()
        if other.packages.get(name, version) != version
    ]
    if one.code != other.code:
        notes.append(f"code: {one.commit or one.code[:12]} -> {other.commit or other.code[:12]}")
    return tuple(notes)


Pairs = Sequence[tuple[QuestionRecord, QuestionRecord]]


def _differences(pairs: Pairs, kind: str | None, seed: int) -> Iterator[Difference]:
    for metric in MEASURES if kind is None else HEADLINE:
        found = _difference(metric, pairs, kind, seed)
        if found is not None:
            yield found


def _difference(metric: str, pairs: Pairs, kind: str | None, seed: int) -> Difference | None:
    """None where the metric is not defined for both runs."""
    # A metric of answered questions is defined for those that a run answered: both runs
    # are taken over all questions for which either defines it.
    defined = [set(questions_of(metric, [pair[side] for pair in pairs])) for side in (0, 1)]
    kept = [pairs[at] for at in sorted(defined[0] | defined[1])]
    if not kept:
        return None
    ones = np.ones((1, len(kept)))
    sides = [[pair[side] for pair in kept] for side in (0, 1)]
    first, second = (float(aggregate(metric, side, ones)[0]) for side in sides)
    if math.isnan(first) or math.isnan(second):
        return None
    counts = resample_counts(len(kept), resamples=RESAMPLES, seed=seed)
    drawn = aggregate(metric, sides[1], counts) - aggregate(metric, sides[0], counts)
    low, high = percentile_interval(drawn)
    return Difference(
        metric=metric,
        type=kind,
        n=len(kept),
        first=first,
        second=second,
        difference=second - first,
        low=low,
        high=high,
        p=_mcnemar(metric, sides) if MEASURES[metric].binary and defined[0] == defined[1] else None,
        verdict=_verdict(metric, second - first, low, high),
    )


def _mcnemar(metric: str, sides: Sequence[Sequence[QuestionRecord]]) -> float:
    pairs = list(zip(*([r.measures[metric] for r in side] for side in sides), strict=True))
    only_first = sum(bool(a) and not b for a, b in pairs)
    only_second = sum(bool(b) and not a for a, b in pairs)
    return mcnemar_exact(only_first, only_second)


def _verdict(metric: str, difference: float, low: float, high: float) -> Verdict:
    if difference == 0 and low == 0 and high == 0:
        return "the same"
    if low <= 0 <= high:
        return "no difference shown"
    return "better" if (difference > 0) == MEASURES[metric].higher_is_better else "worse"


# Metrics that are worth looking at question by question.
_QUESTION_METRICS = (
    "answer.contains_gold",
    "answer.first_right",
    "answer.first_right_shown",
    "answer.precision",
    "citation.recall",
    "abstention.not_answered_as_sure",
    "abstention.refused_outright",
    "abstention.false_refusal",
    "retrieval.reranked.recall@10",
)


def _changed(pairs: Pairs) -> Iterator[Changed]:
    for first, second in pairs:
        metrics = tuple(
            name
            for name in _QUESTION_METRICS
            if first.measures.get(name) != second.measures.get(name)
        )
        if metrics:
            yield Changed(first, second, metrics)
