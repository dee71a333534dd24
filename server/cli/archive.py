"""``footnote ingest``, ``status``, ``doctor`` and ``reindex``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from server.cli import render
from server.cli.console import make_console, make_progress
from server.cli.options import Config, Data, Json, opened, print_json


def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files, folders or globs.")],
    pattern: Annotated[
        str | None,
        typer.Option(
            "--glob",
            metavar="PATTERN",
            help="In folders, read only files whose name or path matches.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude", metavar="PATTERN", help="Skip files and folders that match; repeatable."
        ),
    ] = None,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Remove sources in these folders whose files are gone."),
    ] = False,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Add documents to the archive. Unchanged files are skipped, changed ones replaced."""
    with opened(data, config) as assistant, make_progress() as progress:
        task = progress.add_task("reading", total=None)
        report = assistant.ingest(
            *paths,
            pattern=pattern,
            exclude=exclude or (),
            prune=prune,
            on_start=lambda files: progress.update(task, total=files),
            on_event=lambda event: progress.advance(task),
        )
    if as_json:
        print_json(asdict(report))
    else:
        make_console().print(render.render_report(report))
    if report.interrupted:
        raise typer.Exit(130)
    if report.failed:
        raise typer.Exit(1)


def status(as_json: Json = False, data: Data = None, config: Config = None) -> None:
    """Show document counts, models, the index and disk usage."""
    with opened(data, config) as assistant:
        found = assistant.status()
        settings = assistant.settings
        choice = assistant.encoder_choice()
    if as_json:
        models = {"encoder": asdict(choice), "reading": settings.models.reading}
        print_json({"data": settings.data, **models, **asdict(found)})
    else:
        make_console().print(render.render_status(found, settings, choice))


def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Repair what can be repaired.")] = False,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Check the archive for damage. The exit code is 1 when problems remain."""
    console = make_console()
    with opened(data, config) as assistant:
        done = assistant.repair() if repair else []
        problems = assistant.check()
    if as_json:
        print_json({"repaired": done, "problems": [asdict(problem) for problem in problems]})
    else:
        for line in done:
            console.print(f"repaired: {line}", style="green")
        console.print(render.render_problems(problems))
    if problems:
        raise typer.Exit(1)


def reindex(data: Data = None, config: Config = None) -> None:
    """Rebuild the index with the current settings. The old one is used until it is done."""
    with opened(data, config) as assistant, make_progress() as progress:
        task = progress.add_task("indexing", total=None)
        report = assistant.reindex(
            on_progress=lambda done, total: progress.update(task, completed=done, total=total)
        )
        choice = assistant.encoder_choice()
    resumed = f" ({report.resumed} by an earlier run)" if report.resumed else ""
    make_console().print(
        f"indexed {report.documents} documents{resumed}, {report.passages} passages "
        f"in {report.seconds:.1f} s; the new index is in use"
    )
    if choice.automatic and choice.encoder:
        make_console().print(f"encoder: {choice.encoder}{render.explain_choice(choice)}")
