"""The command line. Every command goes through Assistant; none has logic of its own.

rag.assistant is imported inside the commands on purpose: it brings torch and faiss,
and ``footnote --help`` must answer at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated

import typer

from rag.console import harmless, make_console, make_progress
from rag.errors import FootnoteError, QuestionError, SettingsError
from rag.question.followup import turns_of
from rag.text.dates import parse_iso
from rag.types import Filters, Outcome, Question, Span, Turn
from server import render, wire
from server.journal_commands import conversations_app, keys_app
from server.options import Config, Data, Json
from server.options import opened as _opened
from server.options import print_json as _print_json
from server.options import settings_of as _settings

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = ["app", "main"]

app = typer.Typer(
    name="footnote",
    help="Ask a document archive; every sentence of an answer is footnoted to its source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(keys_app, name="keys")
app.add_typer(conversations_app, name="conversations")

Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source", help="Only sources matching this glob or containing this text; repeatable."
    ),
]
Since = Annotated[
    str | None, typer.Option(help="Only documents published on or after: YYYY[-MM[-DD]].")
]
Until = Annotated[
    str | None, typer.Option(help="Only documents published on or before: YYYY[-MM[-DD]].")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        help="Answer as the archive stood then: nothing published after the last day of "
        "YYYY[-MM[-DD]] is used, documents without a date are; 'last year' counts from it."
    ),
]
Composed = Annotated[
    str | None,
    typer.Option(
        "--composer",
        metavar="auto|extractive|generative",
        help="Who words the answer: the archive's own sentences, or a language model where "
        "the archive supports what it writes.",
    ),
]
Language = Annotated[
    str | None, typer.Option(help="Only documents in this language, such as en or zh.")
]


def _filters(
    sources: list[str] | None, since: str | None, until: str | None, language: str | None
) -> Filters:
    first = _day(since, "--since")[0] if since else None
    last = _day(until, "--until")[1] if until else None
    if first and last and first > last:
        raise SettingsError(
            f"--since {since} is after --until {until}", remedy="nothing can lie between"
        )
    return Filters(sources=tuple(sources or ()), since=first, until=last, language=language)


def _last_day(as_of: str | None) -> date | None:
    return _day(as_of, "--as-of")[1] if as_of else None


def _day(text: str, flag: str) -> tuple[date, date]:
    try:
        return parse_iso(text)
    except ValueError as error:
        raise SettingsError(
            f"{flag} {text!r} is no date", remedy="write YYYY, YYYY-MM or YYYY-MM-DD"
        ) from error


def _print_json_line(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or globs.")],
    pattern: Annotated[
        str | None,
        typer.Option("--glob", help="Of folders, only files whose name or path matches."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", help="Leave out files and folders that match; repeatable."),
    ] = None,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Forget sources below the folders whose files are gone."),
    ] = False,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Read documents into the archive. Unchanged ones are skipped; a changed one is replaced."""
    with _opened(data, config) as assistant, make_progress() as progress:
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
        _print_json(asdict(report))
    else:
        make_console().print(render.render_report(report))
    if report.interrupted:
        raise typer.Exit(130)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def ask(
    questions: Annotated[list[str], typer.Argument(help="One question, or several, each quoted.")],
    top_k: Annotated[
        int | None, typer.Option(min=1, help="Passages read sentence by sentence.")
    ] = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    language: Language = None,
    min_support: Annotated[
        float | None, typer.Option(min=0, max=1, help="Support a sentence needs to be said.")
    ] = None,
    composer: Composed = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how the outcome came about.")
    ] = False,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Answer from the archive with footnotes, or say that the archive does not say."""
    filters, day = _filters(source, since, until, language), _last_day(as_of)
    console = make_console()
    flags = {"answer.min_support": min_support, "answer.composer": composer}
    with _opened(data, config, **flags) as assistant:
        for position, question in enumerate(questions):
            outcome = assistant.ask(Question(question, filters, as_of=day), limit=top_k)
            if as_json:
                shape = wire.outcome_out(outcome, explain=explain)
                # Several outcomes are JSON lines, so that each can be read as it comes.
                print_json = _print_json if len(questions) == 1 else _print_json_line
                print_json(shape.model_dump(mode="json"))
                continue
            if len(questions) > 1:
                console.print(("\n" if position else "") + f"? {question}", style="bold")
            console.print(render.render_outcome(outcome))
            if explain:
                console.print()
                console.print(render.render_receipt(outcome))


@app.command()
def chat(
    conversation: Annotated[
        str | None,
        typer.Option(
            metavar="ID|new",
            help="Keep the conversation: a new one, or go on with one of "
            "'footnote conversations list'.",
        ),
    ] = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    language: Language = None,
    composer: Composed = None,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Answer one question a line, each with those before in mind; /quit or Ctrl-D ends."""
    asked = Question("", _filters(source, since, until, language), as_of=_last_day(as_of))
    with _opened(data, config, **{"answer.composer": composer}) as assistant:
        talk = _Talk(assistant, conversation)
        for text in _questions_typed():
            try:
                outcome, kept = talk.ask(replace(asked, text=text))
            except QuestionError as error:
                make_console(stderr=True).print(f"footnote: {harmless(str(error))}", style="red")
                continue
            if as_json:
                shape = wire.outcome_out(outcome).model_copy(update=kept)
                _print_json_line(shape.model_dump(mode="json"))
            else:
                make_console().print(render.render_outcome(outcome))
                make_console().print()
    if talk.kept_as is not None:
        make_console(stderr=True).print(
            f"kept: footnote chat --conversation {talk.kept_as}", style="dim", soft_wrap=True
        )


class _Talk:
    """A conversation on its way: in memory, or kept in the journal."""

    def __init__(self, assistant: Assistant, wanted: str | None) -> None:
        self._assistant = assistant
        self._keeps = wanted is not None
        self._history: tuple[Turn, ...] = ()
        self.kept_as: str | None = None
        if wanted is not None and wanted != "new":
            # Told of now, not after the first question.
            self.kept_as = assistant.store.journal.conversation(wanted, last=0).id

    def ask(self, question: Question) -> tuple[Outcome, dict[str, str]]:
        """The outcome, and which turn of which conversation it was kept as, if any."""
        if not self._keeps:
            outcome = self._assistant.ask(replace(question, history=self._history))
            self._history += turns_of(outcome)
            return outcome, {}
        turn = self._assistant.converse(question, conversation_id=self.kept_as)
        self.kept_as = turn.conversation_id
        return turn.outcome, {"conversation_id": turn.conversation_id, "turn_id": turn.id}


def _questions_typed() -> Iterator[str]:
    """Lines of standard input, blank ones left out, up to /quit or the end."""
    prompt = "? " if sys.stdin.isatty() else ""
    while True:
        try:
            line = input(prompt).strip()
        except EOFError:
            return
        if line == "/quit":
            return
        if line:
            yield line


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    top_k: Annotated[int, typer.Option(min=1, help="Passages to show.")] = 5,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    language: Language = None,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Find passages, without composing an answer."""
    question = Question(query, _filters(source, since, until, language), as_of=_last_day(as_of))
    with _opened(data, config) as assistant:
        hits = assistant.search(question, limit=top_k)
        if as_json:
            _print_json([wire.hit_out(hit).model_dump(mode="json") for hit in hits])
            return
        ids = {hit.passage.document_id for hit in hits}
        documents = {document_id: assistant.document(document_id) for document_id in ids}
    make_console().print(render.render_hits(hits, documents))


@app.command("list")
def list_documents(
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    language: Language = None,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """List the documents of the archive."""
    with _opened(data, config) as assistant:
        summaries = assistant.documents(_filters(source, since, until, language))
    if as_json:
        _print_json([asdict(summary) for summary in summaries])
    else:
        make_console().print(render.render_documents(summaries))


@app.command()
def show(
    document: Annotated[
        str, typer.Argument(help="Document id (or its beginning), source or file name.")
    ],
    span: Annotated[
        str | None,
        typer.Option(help="START:END in code points of the text: show just these, highlighted."),
    ] = None,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Show a document as stored, or what stands at a span of it."""
    with _opened(data, config) as assistant:
        found = assistant.document(document)
    wanted = _parse_span(span, len(found.text)) if span else None
    if as_json:
        _print_json({**asdict(found), **({"quote": wanted.of(found.text)} if wanted else {})})
    else:
        # Into a file or a pipe the text goes as it is, not wrapped to some width.
        console = make_console()
        console.print(render.render_document(found, wanted), soft_wrap=not console.is_terminal)


def _parse_span(text: str, length: int) -> Span:
    start, _, end = text.partition(":")
    if not (start.isdecimal() and end.isdecimal()) or not 0 <= int(start) < int(end) <= length:
        raise SettingsError(
            f"--span '{text}' is no range of this text",
            remedy=f"write START:END, 0 <= START < END <= {length}",
        )
    return Span(int(start), int(end))


@app.command()
def remove(
    references: Annotated[
        list[str], typer.Argument(metavar="DOC|PATH...", help="Ids, sources or file names.")
    ],
    data: Data = None,
    config: Config = None,
) -> None:
    """Remove documents, their passages and vectors. A path removes that source only."""
    with _opened(data, config) as assistant:
        for reference in references:
            gone = assistant.remove(reference)
            left = [s.id for s in assistant.documents() if s.id == gone.id]
            said = "kept under its other sources" if left else "removed"
            make_console().print(f"{gone.id} {gone.title}: {said}")


@app.command()
def status(as_json: Json = False, data: Data = None, config: Config = None) -> None:
    """Show counts, models, index kind and size, generation and disk use."""
    with _opened(data, config) as assistant:
        found = assistant.status()
        settings = assistant.settings
    if as_json:
        _print_json({"data": settings.data, "reranker": settings.models.reranker, **asdict(found)})
    else:
        make_console().print(render.render_status(found, settings))


@app.command()
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what can be rebuilt.")] = False,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Verify checksums, counts and spans; exit code 1 when something is (still) wrong."""
    console = make_console()
    with _opened(data, config) as assistant:
        done = assistant.repair() if repair else []
        problems = assistant.check()
    if as_json:
        _print_json({"repaired": done, "problems": [asdict(problem) for problem in problems]})
    else:
        for line in done:
            console.print(f"repaired: {line}", style="green")
        console.print(render.render_problems(problems))
    if problems:
        raise typer.Exit(1)


@app.command()
def reindex(data: Data = None, config: Config = None) -> None:
    """Rebuild the index with the current settings; the old one serves until the switch."""
    with _opened(data, config) as assistant, make_progress() as progress:
        task = progress.add_task("indexing", total=None)
        report = assistant.reindex(
            on_progress=lambda done, total: progress.update(task, completed=done, total=total)
        )
    resumed = f" ({report.resumed} were done before)" if report.resumed else ""
    make_console().print(
        f"{report.documents} documents{resumed}, {report.passages} passages indexed "
        f"in {report.seconds:.1f} s; the new index is in use"
    )


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen at [default: 127.0.0.1, this machine].")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port [default: 8000]; 0 is any free one.")
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Serve the archive to browsers and programs: the page, the API, MCP."""
    from server.serve import serve as serve_archive

    with _opened(data, config, **{"server.host": host, "server.port": port}) as assistant:
        serve_archive(assistant, make_console(stderr=True))


@app.command("mcp")
def serve_mcp(data: Data = None, config: Config = None) -> None:
    """Serve the archive to one MCP client over standard input and output, until it closes."""
    import anyio

    from server.logs import configure_logging
    from server.mcp import run_stdio

    with _opened(data, config) as assistant:
        configure_logging(assistant.settings.server.log_format)
        public_url = assistant.settings.server.public_url
        anyio.run(partial(run_stdio, assistant, public_url=public_url))


@app.command("config")
def show_config(as_json: Json = False, data: Data = None, config: Config = None) -> None:
    """Print the effective settings and where each came from."""
    rows = _settings(data, config).items()
    if as_json:
        _print_json({key: {"value": value, "origin": origin} for key, value, origin in rows})
        return
    console = make_console()
    width = max(len(key) for key, _, _ in rows)
    for key, value, origin in rows:
        console.print(
            f"{key:<{width}}  {'' if value is None else value}  ({origin})", soft_wrap=True
        )


# Commands of the other way in, and of anyone's own package: server imports none of them.
for _command in entry_points(group="footnote.commands"):
    app.add_typer(_command.load(), name=_command.name)


def main() -> None:
    """Run the command line; expected errors are one line on standard error, exit code 1."""
    try:
        app()
    except (FootnoteError, OSError) as error:
        said = f"footnote: {harmless(str(error))}"
        make_console(stderr=True).print(said, style="red", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        make_console(stderr=True).print("footnote: interrupted", style="yellow")
        sys.exit(130)


if __name__ == "__main__":
    main()
