"""The command line: all commands go through Assistant; none has logic of its own.

rag.assistant is imported inside the commands on purpose: it brings torch and faiss,
and ``footnote --help`` must answer at once.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

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

__all__ = ["app", "main"]

app = typer.Typer(
    name="footnote",
    help="Ask a document archive; every sentence of an answer is footnoted to its source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Help is plain text; read as markup it loses what stands in brackets.
    rich_markup_mode=None,
)
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
