"""``footnote eval calibrate``: the threshold or the weights, fitted to questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eval.cli.console import make_console
from eval.cli.options import (
    Archive,
    Config,
    Data,
    Json,
    Questions,
    Suite,
    print_json,
    settings_of,
    without_language_model,
)
from eval.cli.run import make_run
from eval.errors import EvalError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from eval.runs.folder import Run
    from rag.settings import Settings


def calibrate(
    questions: Questions = None,
    archive: Archive = None,
    data: Data = None,
    suite: Suite = None,
    run_folders: Annotated[
        list[Path] | None,
        typer.Option("--run", help="Use a finished run instead of asking now; repeatable."),
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="Fit the weights of the support score instead.")
    ] = False,
    max_error: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Largest share of wrong answers.")
    ] = 0.1,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Confidence that --max-error holds.")
    ] = 0.95,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the result, but write no setting.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Fit the threshold for answering, or the weights of the support score, to questions.

    Without --weights: chooses answer.min_support so that at most --max-error of answers are
    wrong. With it: fits the weights of the support score, [support] in the settings, and
    shows how they do on questions left out; calibrate the threshold again afterwards.
    """
    from eval.questions.prepare import Target
    from eval.runs.folder import read_run
    from rag.config import settings_file

    if run_folders:
        if questions or archive or data or suite:
            raise EvalError(
                "--run and a question set are given", remedy="a run has its questions: give only it"
            )
        runs = [read_run(folder) for folder in run_folders]
    else:
        if not questions and not suite:
            raise EvalError(
                "no questions are given",
                remedy="give --questions FILE with --archive or --data, --suite, or --run",
            )
        target = Target(questions=questions, archive=archive, data=data, suite=suite)
        # The threshold is on the support score, which no language model changes.
        runs = [make_run(target, without_language_model(config), None)]
    settings = settings_of(config)
    path = None if dry_run else settings_file(config)
    if weights:
        _fit_weights(runs, settings, path, as_json=as_json)
    else:
        _fit_threshold(runs, settings, path, max_error, confidence, as_json=as_json)


def _fit_threshold(
    runs: Sequence[Run],
    settings: Settings,
    path: Path | None,
    max_error: float,
    confidence: float,
    *,
    as_json: bool,
) -> None:
    from eval.analysis.threshold import calibrate as fit_threshold
    from eval.analysis.threshold import warnings_of
    from eval.cli.render import render_calibration

    console = make_console(stderr=True)
    for warning in dict.fromkeys(w for run in runs for w in warnings_of(run, settings)):
        console.print(warning, style="yellow", soft_wrap=True)
    found = fit_threshold(
        [record for run in runs for record in run.records],
        before=settings.answer.min_support,
        max_error=max_error,
        confidence=confidence,
    )
    guarantee = found.guarantee
    comment = (
        f"calibrated on {guarantee.n} questions of {_names(runs)}: coverage "
        f"{guarantee.coverage:.2f}, at most {guarantee.bound:.0%} wrong with "
        f"{guarantee.confidence:.0%} confidence"
    )
    values = {"answer.min_support": guarantee.threshold}
    if settings.answer.min_uncertain > guarantee.threshold:
        # It may not stay above.
        values["answer.min_uncertain"] = guarantee.threshold
    _write(path, values, comment)
    _print(asdict(found), render_calibration(found), path, as_json=as_json)


def _fit_weights(
    runs: Sequence[Run], settings: Settings, path: Path | None, *, as_json: bool
) -> None:
    from eval.analysis.weights import fit_weights
    from eval.cli.render import render_weights

    fitted = fit_weights(runs, settings.support)
    values = {f"support.{name}": value for name, value in asdict(fitted.weights).items()}
    _write(path, values, f"fitted to {fitted.questions} questions of {_names(runs)}")
    _print(asdict(fitted), render_weights(fitted), path, as_json=as_json)


def _names(runs: Sequence[Run]) -> str:
    return ", ".join(run.manifest.questions.name for run in runs)


def _write(path: Path | None, values: Mapping[str, float], comment: str) -> None:
    """Write settings to ``path``, the comment at the first; None writes nothing."""
    from rag.config import write_setting

    for position, (key, value) in enumerate(values.items()):
        if path is not None:
            write_setting(path, key, value, comment="" if position else comment)


def _print(
    found: dict[str, Any], shown: RenderableType, path: Path | None, *, as_json: bool
) -> None:
    if as_json:
        print_json(found | {"written_to": None if path is None else str(path)})
        return
    console = make_console()
    console.print(shown)
    console.print("nothing was written" if path is None else f"written to {path}", soft_wrap=True)
