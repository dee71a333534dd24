"""``footnote eval structure``: how well text is parted, measured on gold and on made text."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eval.cli.console import make_console
from eval.cli.options import table_console
from eval.errors import EvalError

if TYPE_CHECKING:
    from eval.structure.measures import Measured

MEASURE_NAMES = ("evidence", "rows", "sentences", "recall")


def structure(
    suites: Annotated[
        list[str] | None,
        typer.Option("--suite", help="Suite whose gold evidence is used; repeatable."),
    ] = None,
    run_folders: Annotated[
        list[Path] | None,
        typer.Option("--run", help="Finished run to take recall from; repeatable."),
    ] = None,
    listed: Annotated[
        str | None,
        typer.Option("--list", metavar="MEASURE", help="List what a measure missed."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write figures and misses to this file, as JSON.")
    ] = None,
) -> None:
    """Measure blocks and statements: gold evidence, rows and items, sentence ends, recall@4.

    Rows and items are of documents that are made here, in Markdown, HTML and plain text;
    evidence and sentence ends are those of each --suite, recall is that of each --run.
    """
    from eval.cli.structure_tables import render_misses, render_structure

    if listed is not None and listed not in MEASURE_NAMES:
        raise EvalError(
            f"there is no measure '{listed}'", remedy=f"one of {', '.join(MEASURE_NAMES)}"
        )
    measured = _measured(suites or [], run_folders or [])
    if out is not None:
        found = {"rows": _rows(measured), "misses": [asdict(miss) for miss in measured.misses]}
        out.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        make_console(stderr=True).print(f"written to {out}", soft_wrap=True)
    console = table_console()
    if listed is None:
        console.print(render_structure(measured))
    else:
        console.print(render_misses(measured, listed))


def _rows(measured: Measured) -> list[dict[str, Any]]:
    return [asdict(row) | {"reached": row.reached} for row in measured.rows]


def _measured(suites: list[str], run_folders: list[Path]) -> Measured:
    from eval.questions.suite import find_suite
    from eval.runs.folder import read_run
    from eval.structure.gold import read_gold
    from eval.structure.made.cases import made_cases
    from eval.structure.measures import (
        Measured,
        evidence_measure,
        recall_measure,
        rows_measure,
        sentences_measure,
    )

    runs = [read_run(folder) for folder in run_folders]
    evidence, sentences = Measured(), Measured()
    for suite in suites:
        folder = find_suite(suite)
        # Suites of several parts have folders of the same name.
        name = "/".join(folder.resolve().parts[-2:])
        documents, lost = read_gold(folder)
        if lost:
            make_console(stderr=True).print(f"{name}: {lost} gold quotes not found", style="yellow")
        evidence += evidence_measure(name, documents)
        sentences += sentences_measure(name, documents)
    measured = evidence + rows_measure(made_cases()) + sentences
    for run in runs:
        measured += recall_measure(run)
    return measured
