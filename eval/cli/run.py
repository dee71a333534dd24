"""Commands that make a run, show it, or score it again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.cli.console import make_console, make_progress
from eval.cli.options import (
    Archive,
    Config,
    Data,
    Json,
    Questions,
    RunFolder,
    Suite,
    pairs_of,
    print_json,
    settings_of,
    table_console,
    without_language_model,
)
from rag.text.display import one_line

if TYPE_CHECKING:
    from eval.questions.prepare import Target
    from eval.runs.folder import Run
    from rag.settings import Settings

RUNS = Path("eval-runs")
SEED = 20161


def run(
    context: typer.Context,
    questions: Questions = None,
    archive: Archive = None,
    data: Data = None,
    suite: Suite = None,
    corpus: Annotated[
        str, typer.Option(help="File of documents in the suite's folder.")
    ] = "corpus.jsonl",
    queries: Annotated[
        str, typer.Option(help="File of questions in the suite's folder.")
    ] = "queries.jsonl",
    documents: Annotated[
        list[str] | None,
        typer.Option(help="Only documents of the suite with KEY=VALUE, such as lang=en."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole-documents", help="Index each document of the suite whole.")
    ] = False,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Only rank passages; compose no answers.")
    ] = False,
    last_turn: Annotated[
        bool, typer.Option("--last-turn", help="Ask follow-up questions without their history.")
    ] = False,
    no_model: Annotated[
        bool, typer.Option("--no-language-model", help="Do not use the language model of settings.")
    ] = False,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", help="Only questions with KEY=VALUE, such as type=temporal; repeatable."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N questions.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Only N random questions.")] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of --sample and of the confidence intervals.")
    ] = SEED,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run [default: a new one in eval-runs].")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start a new run even if one could be resumed.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Ask the questions of a set, judge the outcomes and report metrics.

    Without options: the bundled questions over the bundled sample archive. After an
    interruption the same command resumes the run.
    """
    if context.invoked_subcommand is not None:
        return
    from eval.questions.prepare import Target
    from eval.runs.writer import check_out

    target = Target(
        questions=questions,
        archive=archive,
        data=data,
        suite=suite,
        corpus=corpus,
        queries=queries,
        documents=pairs_of(documents, "--documents"),
        whole=whole,
        filters=pairs_of(filters, "--filter"),
        limit=limit,
        sample=sample,
        mode="retrieval" if retrieval_only else "answers",
        history=not last_turn,
        seed=seed,
    )
    check_out(out)
    settings = without_language_model(config) if no_model else settings_of(config)
    _show(make_run(target, settings, out, fresh=fresh), as_json=as_json)


def make_run(target: Target, settings: Settings, out: Path | None, *, fresh: bool = False) -> Run:
    """Prepare, ask and record, with progress on standard error."""
    from eval.questions.prepare import prepare
    from eval.runs.runner import Plan, run_questions

    console = make_console(stderr=True)
    with make_progress() as progress:
        indexing = progress.add_task("indexing", total=None)

        def on_index(done: int, of: int) -> None:
            progress.update(indexing, completed=done, total=of)

        def on_start(folder: Path, done: int) -> None:
            progress.remove_task(indexing)
            if done:
                console.print(f"resuming {folder}: {done} questions are done", soft_wrap=True)
            else:
                console.print(f"writing to {folder}", soft_wrap=True)

        asking = progress.add_task("asking", total=None, visible=False)
        with prepare(target, settings, on_index) as prepared:
            for failure in prepared.failures:
                console.print(f"not read: {one_line(failure)}", style="yellow", soft_wrap=True)
            plan = Plan(
                questions=prepared.questions,
                library=prepared.library,
                selection=prepared.selection,
                runs=RUNS,
                folder=out,
                fresh=fresh,
                ingest_seconds=prepared.ingest_seconds,
            )
            return run_questions(
                prepared.assistant,
                plan,
                on_start=on_start,
                on_progress=lambda done, of: progress.update(
                    asking, completed=done, total=of, visible=True
                ),
            )


def show(folder: RunFolder, as_json: Json = False) -> None:
    """Print the metrics of a finished run."""
    from eval.runs.folder import read_run

    _show(read_run(folder), as_json=as_json)


def rescore(folder: RunFolder, as_json: Json = False) -> None:
    """Compute a finished run's metrics again with this version, without asking anything."""
    from eval.runs.folder import read_run
    from eval.runs.rescore import rescore as score

    _show(score(read_run(folder)), as_json=as_json)


def _show(finished: Run, *, as_json: bool) -> None:
    from eval.cli.render import render_summary

    if as_json:
        summary = finished.summary.model_dump(mode="json")
        print_json({"run": str(finished.folder), "summary": summary})
    else:
        console = table_console()
        console.print(render_summary(finished))
        console.print(f"\nfootnote eval report {finished.folder}", style="dim", soft_wrap=True)
