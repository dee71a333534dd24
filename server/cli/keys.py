"""``footnote keys``: the API keys of the server."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from rag.errors import SettingsError
from rag.text.display import one_line
from server.cli.console import make_console
from server.cli.options import Config, Data, Json, opened, print_json

__all__ = ["keys_app"]

keys_app = typer.Typer(help="API keys of the server.", no_args_is_help=True)


@keys_app.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Who or what will use it.")],
    scope: Annotated[
        Literal["read", "write", "admin"],
        typer.Option(
            help="read asks and searches; write also uploads and removes documents; admin also "
            "sees everybody's conversations."
        ),
    ] = "read",
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a key and print it: this once, for only its hash is kept."""
    with opened(data, config) as assistant:
        try:
            made = assistant.journal.add_key(name, scope)
        except ValueError as error:
            raise SettingsError(f"{error}", remedy="write one after 'footnote keys add'") from error
    if as_json:
        print_json(asdict(made.record) | {"secret": made.secret})
        return
    make_console(stderr=True).print(
        f"key {made.record.id} for {one_line(made.record.name)} ({scope}); keep it, it is "
        "shown only now:",
        soft_wrap=True,
    )
    sys.stdout.write(f"{made.secret}\n")


@keys_app.command("list")
def list_keys(as_json: Json = False, data: Data = None, config: Config = None) -> None:
    """List all keys, revoked ones too; their secrets are stored nowhere."""
    with opened(data, config) as assistant:
        found = assistant.journal.keys()
    if as_json:
        print_json([asdict(key) for key in found])
        return
    table = Table(show_edge=False)
    for column in ("id", "name", "scope", "made", "last used", "revoked"):
        table.add_column(column, no_wrap=column == "id")
    for key in found:
        table.add_row(
            key.id,
            Text(one_line(key.name)),
            key.scope,
            key.created_at,
            key.last_used_at or "never",
            key.revoked_at or "",
        )
    make_console().print(table)


@keys_app.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(metavar="ID|NAME", help="Which key.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a key worthless from now on, also to a running server."""
    with opened(data, config) as assistant:
        if not assistant.journal.revoke_key(key):
            raise SettingsError(
                f"no valid key is called '{key}'", remedy="'footnote keys list' shows all"
            )
    make_console().print(f"{one_line(key)}: revoked", markup=False)
