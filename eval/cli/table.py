"""Finished runs as one Markdown table, a row per run."""

from __future__ import annotations

from collections.abc import Sequence

from eval.measure.measures import HEADLINE
from eval.records import Estimate
from eval.runs.folder import Run


def results_table(runs: Sequence[Run], metrics: Sequence[str] = HEADLINE) -> str:
    """Value, 95% interval and n of each metric that any of the runs has, by set and commit."""
    shown = [name for name in metrics if any(_find(run, name) for run in runs)]
    head = ["set", "questions", "commit", *(f"`{name}`" for name in shown)]
    lines = [_row(head), _row(["---"] * len(head))]
    for run in runs:
        cells = [_cell(_find(run, name)) for name in shown]
        lines.append(_row([run.manifest.questions.name, _asked(run), _commit(run), *cells]))
    return "\n".join(lines) + "\n"


def _find(run: Run, name: str) -> Estimate | None:
    return run.summary.metrics.get(name)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _asked(run: Run) -> str:
    questions = run.manifest.questions
    part = "" if questions.selected == questions.questions else f" of {questions.questions}"
    return f"{run.summary.asked}{part} ({run.summary.unanswerable} unanswerable)"


def _commit(run: Run) -> str:
    commit = run.manifest.commit or run.manifest.code
    return f"`{commit[:7]}{'+' if commit.endswith('+') else ''}`"


def _cell(found: Estimate | None) -> str:
    if found is None or found.value is None:
        return ""
    interval = "" if found.low is None else f" {_short(found.low)}–{_short(found.high)}"
    return f"**{_short(found.value)}**{interval} ({found.n})"


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}".removeprefix("0") if value < 1 else f"{value:.2f}"
