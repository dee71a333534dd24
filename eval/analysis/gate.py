"""The quality gate: is a run significantly worse than a baseline?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.analysis.compare import Comparison, Difference, compare_runs
from eval.errors import EvalError, RunError
from eval.measure.measures import MEASURES, check_metric
from eval.runs.folder import Run

BUNDLED_BASELINE = Path(__file__).parents[1] / "baseline"

# Metrics that must not drop, each with the drop that is tolerated. Not latency: the gate
# must give the same result on every machine.
DEFAULT_MAX_DROPS: Mapping[str, float] = {
    "answer.contains_gold": 0.01,
    "answer.first_right": 0.01,
    "citation.recall": 0.01,
    "abstention.not_answered_as_sure": 0.01,
    "abstention.false_refusal": 0.01,
    "abstention.auroc": 0.01,
    "abstention.aurc": 0.01,
    "retrieval.hybrid.recall@10": 0.01,
    "retrieval.reranked.ndcg@10": 0.01,
}
# A single quote that is not in its source fails the gate.
MUST_BE_ONE = ("citation.exactness", "citation.sentence_coverage")


@dataclass(frozen=True, slots=True)
class GateReport:
    """``failures`` are the reasons why the gate failed; empty if it passed."""

    comparison: Comparison
    checked: tuple[Difference, ...]
    failures: tuple[str, ...]


def parse_max_drops(texts: Sequence[str]) -> dict[str, float]:
    """``METRIC=NUMBER`` texts as a mapping; the defaults when there are none.

    Raises:
        EvalError: one does not name a metric or give a number from 0 to 1.
    """
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.partition("=")
        check_metric(name)
        try:
            found[name] = float(number)
        except ValueError as error:
            raise EvalError(
                f"--max-drop {text} is not METRIC=NUMBER", remedy=f"write {name}=0.01"
            ) from error
        if not 0 <= found[name] <= 1:
            raise EvalError(f"--max-drop {text} is not a number from 0 to 1")
    return found or dict(DEFAULT_MAX_DROPS)


def check_gate(baseline: Run, run: Run, max_drops: Mapping[str, float]) -> GateReport:
    """Compare a run with the baseline.

    It fails when a metric is worse by more than its allowed drop and the whole 95% interval
    of the difference is on the worse side; when a quote is not exact or a sentence has no
    citation; when more questions failed than in the baseline; or when questions are missing.

    Raises:
        RunError: the runs do not ask the same questions of the same documents, or the
            baseline lacks a metric.
    """
    if baseline.manifest.questions.sha256 != run.manifest.questions.sha256:
        raise RunError(
            f"run '{run.name}' has other questions or documents than the baseline "
            f"'{baseline.name}'",
            remedy="make a new baseline with 'footnote eval --out FOLDER'",
        )
    if baseline.manifest.mode != run.manifest.mode:
        raise RunError(
            f"the baseline '{baseline.name}' is of mode '{baseline.manifest.mode}', run "
            f"'{run.name}' of mode '{run.manifest.mode}'",
            remedy="give a baseline of the same mode",
        )
    comparison = compare_runs(baseline, run)
    overall = {d.metric: d for d in comparison.differences if d.type is None}
    failures: list[str] = []
    for metric, allowed in max_drops.items():
        if metric not in overall:
            raise RunError(
                f"'{baseline.name}' and '{run.name}' do not both have {metric}",
                remedy="name metrics that both have with --max-drop",
            )
        difference = overall[metric]
        drop = (
            -difference.difference if MEASURES[metric].higher_is_better else difference.difference
        )
        if difference.verdict == "worse" and drop > allowed:
            failures.append(
                f"{metric} is worse by {drop:.3f} (allowed {allowed:g}): {difference.first:.3f} -> "
                f"{difference.second:.3f}, 95% interval of the difference "
                f"[{difference.low:+.3f}, {difference.high:+.3f}], n = {difference.n}"
            )
    failures += _absolute(baseline, run)
    if comparison.only_first:
        failures.append(f"{comparison.only_first} questions of the baseline were not asked")
    checked = tuple(overall[metric] for metric in max_drops)
    return GateReport(comparison, checked, tuple(failures))


def _absolute(baseline: Run, run: Run) -> list[str]:
    failures: list[str] = []
    for metric in MUST_BE_ONE:
        values = [v for r in run.records if (v := r.measures.get(metric)) is not None]
        if any(value < 1 for value in values):
            failures.append(f"{metric} is {sum(values) / len(values):.4f}; it must be 1")
    before = sum(record.outcome == "failed" for record in baseline.records)
    failed = [record for record in run.records if record.outcome == "failed"]
    if len(failed) > before:
        failures.append(f"{len(failed)} questions failed, first: {failed[0].error}")
    return failures
