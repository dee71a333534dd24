"""The command line. Every command calls the Assistant; none has logic of its own.

Commands import rag.assistant when they run: it loads torch and faiss, and
``footnote --help`` must be fast.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points, version
from typing import Annotated

import typer

from rag.errors import FootnoteError
from rag.text.display import harmless
from server.cli.archive import doctor, ingest, reindex, status
from server.cli.ask import ask, chat, search
from server.cli.config import show_config
from server.cli.console import make_console
from server.cli.conversations import conversations_app
from server.cli.documents import list_documents, remove, show
from server.cli.keys import keys_app
from server.cli.manual import man
from server.cli.serve import serve, serve_mcp

app = typer.Typer(
    name="footnote",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Help is plain text; read as markup it loses text in brackets.
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"footnote {version('footnote')}\n")
        raise typer.Exit


@app.callback()
def footnote(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Ask a document archive: every sentence of an answer has a footnote to its source."""


app.command()(ingest)
app.command()(ask)
app.command()(chat)
app.command()(search)
app.command("list")(list_documents)
app.command()(show)
app.command()(remove)
app.command()(status)
app.command()(doctor)
app.command()(reindex)
app.command()(serve)
app.command("mcp")(serve_mcp)
app.command("config")(show_config)
app.command()(man)
app.add_typer(keys_app, name="keys")
app.add_typer(conversations_app, name="conversations")

# Commands of eval and of other packages, which server does not import.
for _command in entry_points(group="footnote.commands"):
    app.add_typer(_command.load(), name=_command.name)


def main() -> None:
    """Run the command line. An expected error is one line on standard error, exit code 1."""
    try:
        app(prog_name="footnote")
    except (FootnoteError, OSError) as error:
        message = f"footnote: {harmless(str(error))}"
        make_console(stderr=True).print(message, style="red", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        make_console(stderr=True).print("footnote: interrupted", style="yellow")
        sys.exit(130)


if __name__ == "__main__":
    main()
