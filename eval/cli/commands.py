"""``footnote eval``: the commands that measure. ``server.cli.main`` finds them by entry point.

Imports that bring torch or scipy stand inside the commands: ``footnote --help`` must
answer at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eval.cli.console import make_console, make_progress
from eval.errors import EvalError
from rag.text.display import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from eval.questions.prepare import Target
    from eval.runs.folder import Run
    from rag.settings import Settings

__all__ = ["app"]

app = typer.Typer(
    name="eval",
    help="Measure answers, citations, retrieval and abstention on a question set.",
    no_args_is_help=False,
    invoke_without_command=True,
)
questions_app = typer.Typer(help="Make and check question files.", no_args_is_help=True)
app.add_typer(questions_app, name="questions")

RUNS = Path("eval-runs")
SEED = 20161
TABLE_COLUMNS = 130

Questions = Annotated[Path | None, typer.Option("--questions", help="Question file (JSON lines).")]
Archive = Annotated[
    Path | None, typer.Option("--archive", help="Folder or file that the questions are about.")
]
Data = Annotated[
    Path | None, typer.Option("--data", help="Data directory that the questions are about.")
]
Suite = Annotated[
    str | None,
    typer.Option("--suite", help="Folder with corpus.jsonl and queries.jsonl, or its name."),
]
Filter = Annotated[
    list[str] | None,
    typer.Option("--filter", help="Only questions with KEY=VALUE, as type=temporal; repeatable."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N questions.")]
Sample = Annotated[int | None, typer.Option(min=1, help="Only N questions drawn at random.")]
Seed = Annotated[int, typer.Option(min=0, help="Of --sample and of the intervals.")]
Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file [default: ./footnote.toml].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")]


def _pairs(texts: Sequence[str] | None, flag: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise EvalError(f"{flag} {text}: write KEY=VALUE")
        found[key] = value
    return found


def _settings(config: Path | None, flags: Mapping[str, Any] | None = None) -> Settings:
    from rag.config import load_settings

    return load_settings(config, flags=flags or {})


def _tables() -> Console:
    """A console for tables: into a file or a pipe they go uncut."""
    console = make_console()
    if not console.is_terminal:
        console.width = max(console.width, TABLE_COLUMNS)
    return console


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


@app.callback()
def run(
    context: typer.Context,
    questions: Questions = None,
    archive: Archive = None,
    data: Data = None,
    suite: Suite = None,
    corpus: Annotated[
        str, typer.Option(help="Of a suite: the file of documents.")
    ] = "corpus.jsonl",
    queries: Annotated[
        str, typer.Option(help="Of a suite: the file of questions.")
    ] = "queries.jsonl",
    documents: Annotated[
        list[str] | None,
        typer.Option("--documents", help="Of a suite: only documents with KEY=VALUE, as lang=en."),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option("--whole-documents", help="Of a suite: each document is one passage."),
    ] = False,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Search, but compose no answers.")
    ] = False,
    last_turn: Annotated[
        bool, typer.Option("--last-turn", help="Ask follow-ups without their history.")
    ] = False,
    composer: Annotated[
        str | None,
        typer.Option(
            metavar="quote",
            help="Who words the answers [default: as settings say].",
        ),
    ] = None,
    filters: Filter = None,
    limit: Limit = None,
    sample: Sample = None,
    seed: Seed = SEED,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run [default: a new one in eval-runs].")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew though an unfinished run could go on.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Ask every question of a set and measure what comes back.

    Without options: the bundled questions over the bundled sample archive. Stopped, the
    same command goes on where it was.
    """
    if context.invoked_subcommand is not None:
        return
    from eval.questions.prepare import Target
    from eval.runs.folder import check_out

    target = Target(
        questions=questions,
        archive=archive,
        data=data,
        suite=suite,
        corpus=corpus,
        queries=queries,
        documents=_pairs(documents, "--documents"),
        whole=whole,
        filters=_pairs(filters, "--filter"),
        limit=limit,
        sample=sample,
        mode="retrieval" if retrieval_only else "answers",
        history=not last_turn,
        seed=seed,
    )
    check_out(out)
    settings = _settings(config, flags={"answer.composer": composer})
    finished = _run(target, settings, out, fresh=fresh)
    _show_run(finished, as_json=as_json)


def _run(target: Target, settings: Settings, out: Path | None, *, fresh: bool = False) -> Run:
    """Prepare, ask and record, with progress on standard error."""
    from eval.questions.prepare import prepare
    from eval.runs.runner import Plan, run_questions

    said = make_console(stderr=True)
    with make_progress() as progress:
        indexing = progress.add_task("indexing", total=None)

        def on_index(done: int, of: int) -> None:
            progress.update(indexing, completed=done, total=of)

        def on_start(folder: Path, done: int) -> None:
            progress.remove_task(indexing)
            if done:
                said.print(f"going on with {folder}: {done} questions are done", soft_wrap=True)
            else:
                said.print(f"writing to {folder}", soft_wrap=True)

        asking = progress.add_task("asking", total=None, visible=False)
        with prepare(target, settings, on_index) as prepared:
            for failure in prepared.failures:
                said.print(f"not read: {one_line(failure)}", style="yellow", soft_wrap=True)
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


def _show_run(finished: Run, *, as_json: bool) -> None:
    from eval.cli.render import render_summary

    if as_json:
        summary = finished.summary.model_dump(mode="json") if finished.summary else None
        _print_json({"run": str(finished.folder), "summary": summary})
    else:
        console = _tables()
        console.print(render_summary(finished))
        console.print(f"\nfootnote eval report {finished.folder}", style="dim", soft_wrap=True)


@app.command()
def show(folder: RunFolder, as_json: Json = False) -> None:
    """Print the figures of a finished run again."""
    from eval.runs.folder import read_run

    _show_run(read_run(folder), as_json=as_json)


@app.command()
def rescore(folder: RunFolder, as_json: Json = False) -> None:
    """Score a finished run again with this version's metrics, without asking anything."""
    from eval.runs.folder import read_run
    from eval.runs.rescore import rescore as score

    _show_run(score(read_run(folder)), as_json=as_json)


@app.command()
def table(
    folders: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Finished runs.")],
    metric: Annotated[
        list[str] | None, typer.Option(help="A column; repeatable [default: the headline].")
    ] = None,
) -> None:
    """Print finished runs as one Markdown table, for a results file."""
    from eval.cli.table import results_table
    from eval.measure.measures import HEADLINE, check_metric
    from eval.runs.folder import read_run

    chosen = [check_metric(name) for name in metric or HEADLINE]
    sys.stdout.write(results_table([read_run(folder) for folder in folders], chosen))


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN_A", help="The run before.")],
    second: Annotated[Path, typer.Argument(metavar="RUN_B", help="The run after.")],
    all_metrics: Annotated[
        bool, typer.Option("--all", help="Every metric, also where nothing differs.")
    ] = False,
    changed: Annotated[
        int, typer.Option(min=0, help="Show this many questions that changed.")
    ] = 10,
    as_json: Json = False,
) -> None:
    """Say where run B is better or worse than run A, and which questions changed."""
    from eval.analysis.compare import compare_runs
    from eval.cli.render import render_comparison
    from eval.runs.folder import read_run

    comparison = compare_runs(read_run(first), read_run(second))
    if as_json:
        _print_json(
            {
                "shared": comparison.shared,
                "only_first": comparison.only_first,
                "only_second": comparison.only_second,
                "notes": comparison.notes,
                "differences": [asdict(d) for d in comparison.differences],
                "changed": [
                    {
                        "id": c.first.id,
                        "metrics": c.metrics,
                        "first": c.first.model_dump(mode="json"),
                        "second": c.second.model_dump(mode="json"),
                    }
                    for c in comparison.changed
                ],
            }
        )
    else:
        _tables().print(render_comparison(comparison, all_metrics=all_metrics, changed=changed))


@app.command()
def gate(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN]", help="A finished run [default: ask the bundled set now]."),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="The run to hold it to [default: the bundled baseline].")
    ] = None,
    max_drop: Annotated[
        list[str] | None,
        typer.Option("--max-drop", help="METRIC=0.01: worse by more shuts the gate; repeatable."),
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Exit with 1 when a quality metric is significantly worse than the baseline's."""
    from eval.analysis.gate import BUNDLED_BASELINE, check_gate, parse_max_drops
    from eval.cli.render import render_gate
    from eval.questions.prepare import Target
    from eval.runs.folder import read_run

    drops = parse_max_drops(max_drop or ())
    given = read_run(folder) if folder else None
    before = read_run(baseline or BUNDLED_BASELINE)
    after = given or _run(Target(), _settings(config), None, fresh=True)
    report = check_gate(before, after, drops)
    if as_json:
        _print_json(
            {
                "open": not report.failures,
                "failures": report.failures,
                "run": str(after.folder),
                "checked": [asdict(difference) for difference in report.checked],
            }
        )
    else:
        _tables().print(render_gate(report))
    if report.failures:
        raise typer.Exit(1)


@app.command()
def report(
    folder: RunFolder,
    out: Annotated[
        Path | None, typer.Option(help="The file to write [default: report.html in the run].")
    ] = None,
) -> None:
    """Write one HTML file with every figure and every question; failures come first."""
    from eval.report.page import write_report
    from eval.runs.folder import read_run

    path = out or folder / "report.html"
    write_report(read_run(folder), path)
    make_console().print(f"{path}", soft_wrap=True)


@app.command()
def calibrate(
    questions: Questions = None,
    archive: Archive = None,
    data: Data = None,
    suite: Suite = None,
    run_folders: Annotated[
        list[Path] | None,
        typer.Option("--run", help="Take a finished run instead of asking now; may be repeated."),
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="Fit what each sign counts, not the threshold.")
    ] = False,
    max_error: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Share of wrong answers to stay below.")
    ] = 0.1,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="How sure the promise is to be.")
    ] = 0.95,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what was found, but write no setting.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Fit when to answer to your questions: the threshold, or the weights of the signs.

    Without --weights: chooses answer.min_support so that at most a promised share of answers
    is wrong. With it: fits the weights of the support score, [support] in the settings, and
    says how they do on questions left out; choose the threshold again afterwards.
    """
    from eval.analysis.threshold import calibrate as fit_threshold
    from eval.analysis.threshold import warnings_of
    from eval.cli.render import render_calibration
    from eval.questions.prepare import Target
    from eval.runs.folder import read_run
    from rag.config import settings_file, write_setting

    settings = _settings(config)
    if run_folders:
        if questions or archive or data or suite:
            raise EvalError("--run brings its own questions: give it alone")
        runs = [read_run(folder) for folder in run_folders]
    else:
        if not questions and not suite:
            raise EvalError("give --questions FILE with --archive or --data, --suite, or --run")
        target = Target(questions=questions, archive=archive, data=data, suite=suite)
        # The threshold is one on the archive's own sentences, whoever words the answer.
        asked = _settings(config, flags={})
        runs = [_run(target, asked, None)]
    said = make_console(stderr=True)
    for warning in dict.fromkeys(w for run in runs for w in warnings_of(run, settings)):
        said.print(warning, style="yellow", soft_wrap=True)
    if weights:
        _calibrate_weights(runs, settings, None if dry_run else settings_file(config), as_json)
        return
    records = [record for run in runs for record in run.records]
    found = fit_threshold(
        records, before=settings.answer.min_support, max_error=max_error, confidence=confidence
    )
    promise = found.guarantee
    path = settings_file(config)
    if not dry_run:
        names = ", ".join(run.manifest.questions.name for run in runs)
        write_setting(
            path,
            "answer.min_support",
            promise.threshold,
            comment=f"calibrated on {promise.n} questions of {names}: "
            f"coverage {promise.coverage:.2f}, at most "
            f"{promise.bound:.0%} wrong with {promise.confidence:.0%} confidence",
        )
    if as_json:
        _print_json(asdict(found) | {"written_to": None if dry_run else str(path)})
    else:
        console = make_console()
        console.print(render_calibration(found))
        console.print("nothing was written" if dry_run else f"written to {path}", soft_wrap=True)


def _calibrate_weights(
    runs: Sequence[Run], settings: Settings, path: Path | None, as_json: bool
) -> None:
    """Fit the weights and write them to ``path``; None writes nothing."""
    from eval.analysis.weights import fit_weights
    from eval.cli.render import render_weights
    from rag.config import write_setting

    fitted = fit_weights(runs, settings.support)
    if path is not None:
        names = ", ".join(run.manifest.questions.name for run in runs)
        for name, value in asdict(fitted.weights).items():
            comment = f"fitted to {fitted.questions} questions of {names}" if name == "bias" else ""
            write_setting(path, f"support.{name}", value, comment=comment)
    if as_json:
        _print_json(asdict(fitted) | {"written_to": None if path is None else str(path)})
    else:
        console = make_console()
        console.print(render_weights(fitted))
        console.print(
            "nothing was written" if path is None else f"written to {path}", soft_wrap=True
        )


@questions_app.command("new")
def new_questions(
    archive: Annotated[
        Path, typer.Option("--from", help="Folder or file to propose questions about.")
    ],
    out: Annotated[Path, typer.Option(help="Question file to add accepted ones to.")] = Path(
        "questions.jsonl"
    ),
    limit: Annotated[int | None, typer.Option(min=1, help="Propose at most N.")] = None,
    accept_all: Annotated[
        bool, typer.Option("--all", help="Write every proposal, to be edited in the file.")
    ] = False,
) -> None:
    """Propose questions about your own documents, each with its evidence, to accept or edit.

    Made from templates over the dates, names, numbers and roles in the text. Read each one:
    a document that says the same in other words is not listed as evidence.
    """
    from eval.propose.proposals import propose_questions
    from eval.propose.review import review
    from eval.questions.indexing import library_of_archive

    if out.is_dir():
        raise EvalError(f"--out {out} is a folder", remedy="name a file")
    if not accept_all and not sys.stdin.isatty():
        raise EvalError("there is nobody to ask: run this in a terminal, or give --all")
    console = make_console()
    library = library_of_archive(archive)
    proposals = propose_questions(library.documents, root=archive.absolute())
    found = review(
        proposals,
        out,
        console=console,
        ask=lambda prompt: console.input(prompt, markup=False),
        limit=limit,
        accept_all=accept_all,
    )
    console.print(
        f"{found.accepted} questions added to {out}, {found.skipped} skipped, "
        f"{found.known} were judged before",
        soft_wrap=True,
    )
    if found.accepted:
        console.print(f"footnote eval --archive {archive} --questions {out}", style="dim")


@questions_app.command("from-feedback")
def questions_from_feedback(
    out: Annotated[Path, typer.Option(help="Question file to write; it must not exist yet.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Write what readers said of answers as cases to review.

    What they found helpful comes with its quotes as evidence, what they found wrong without
    any: 'footnote eval questions check' names those until they have some.
    """
    from eval.propose.feedback import cases_from_feedback, write_new_file
    from rag.assistant import Assistant

    settings = _settings(config)
    with Assistant.open(data, settings=settings) as assistant:
        rows = cases_from_feedback(assistant.journal)
        place = assistant.settings.data
    if not rows:
        raise EvalError(f"nobody gave feedback on answers from {place}")
    write_new_file(out, rows)
    console = make_console()
    console.print(f"{len(rows)} cases to review in {out}", soft_wrap=True)
    console.print(f"footnote eval questions check {out} --data {place}", style="dim")


@questions_app.command("check")
def check_questions(
    file: Annotated[Path, typer.Argument(help="Question file (JSON lines).")],
    archive: Archive = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Check a question file against the archive it is about, without asking anything."""
    from eval.questions.indexing import library_of_archive, library_of_store
    from eval.questions.question_file import read_question_file
    from rag.assistant import Assistant

    if (archive is None) == (data is None):
        raise EvalError("give the documents: --archive PATH or --data DIR")
    if archive is not None:
        library = library_of_archive(archive)
    else:
        with Assistant.open(data, settings=_settings(config)) as assistant:
            library = library_of_store(assistant)
    found = read_question_file(file, library)
    answerable = sum(case.answerable for case in found.cases)
    make_console().print(
        f"{len(found.cases)} questions are well formed: {answerable} answerable, "
        f"{len(found.cases) - answerable} not"
    )
