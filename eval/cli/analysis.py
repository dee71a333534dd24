"""Commands that read finished runs: table, comparison, gate and report."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from eval.cli.console import make_console
from eval.cli.options import Config, Json, RunFolder, print_json, settings_of, table_console
from eval.cli.run import make_run


def table(
    folders: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Finished runs.")],
    metric: Annotated[
        list[str] | None, typer.Option(help="A column; repeatable [default: the main metrics].")
    ] = None,
) -> None:
    """Print finished runs as one Markdown table."""
    from eval.cli.table import results_table
    from eval.measure.measures import HEADLINE, check_metric
    from eval.runs.folder import read_run

    chosen = [check_metric(name) for name in metric or HEADLINE]
    sys.stdout.write(results_table([read_run(folder) for folder in folders], chosen))


def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN_A", help="The first run.")],
    second: Annotated[Path, typer.Argument(metavar="RUN_B", help="The second run.")],
    all_metrics: Annotated[
        bool, typer.Option("--all", help="Show every metric, also those without a difference.")
    ] = False,
    changed: Annotated[int, typer.Option(min=0, help="Show N of the questions that changed.")] = 10,
    as_json: Json = False,
) -> None:
    """Show where run B is better or worse than run A, and which questions changed."""
    from eval.analysis.compare import compare_runs
    from eval.cli.render import render_comparison
    from eval.runs.folder import read_run

    comparison = compare_runs(read_run(first), read_run(second))
    if not as_json:
        table_console().print(
            render_comparison(comparison, all_metrics=all_metrics, changed=changed)
        )
        return
    print_json(
        {
            "shared": comparison.shared,
            "only_first": comparison.only_first,
            "only_second": comparison.only_second,
            "notes": comparison.notes,
            "differences": [asdict(difference) for difference in comparison.differences],
            "changed": [
                {
                    "id": item.first.id,
                    "metrics": item.metrics,
                    "first": item.first.model_dump(mode="json"),
                    "second": item.second.model_dump(mode="json"),
                }
                for item in comparison.changed
            ],
        }
    )


def gate(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN]", help="A finished run [default: run the bundled set now]."),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="The run to compare with [default: the bundled baseline].")
    ] = None,
    max_drop: Annotated[
        list[str] | None,
        typer.Option(help="METRIC=0.01: the largest drop of a metric that passes; repeatable."),
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Fail (exit code 1) when a metric is significantly worse than the baseline's."""
    from eval.analysis.gate import BUNDLED_BASELINE, check_gate, parse_max_drops
    from eval.cli.render import render_gate
    from eval.questions.prepare import Target
    from eval.runs.folder import read_run

    drops = parse_max_drops(max_drop or ())
    given = read_run(folder) if folder else None
    before = read_run(baseline or BUNDLED_BASELINE)
    after = given or make_run(Target(), settings_of(config), None, fresh=True)
    report = check_gate(before, after, drops)
    if as_json:
        print_json(
            {
                "passed": not report.failures,
                "failures": report.failures,
                "run": str(after.folder),
                "checked": [asdict(difference) for difference in report.checked],
            }
        )
    else:
        table_console().print(render_gate(report))
    if report.failures:
        raise typer.Exit(1)


def report(
    folder: RunFolder,
    out: Annotated[
        Path | None, typer.Option(help="The file to write [default: report.html in the run].")
    ] = None,
) -> None:
    """Write an HTML report of a run: metrics, curves and every question, failures first."""
    from eval.report.page import write_report
    from eval.runs.folder import read_run

    path = out or folder / "report.html"
    write_report(read_run(folder), path)
    make_console().print(f"{path}", soft_wrap=True)
