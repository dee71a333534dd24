"""``footnote keys``."""

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

keys_app = typer.Typer(help="Create, list and revoke API keys of the server.", no_args_is_help=True)


@keys_app.command("add")
def add_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what will use the key.")],
    scope: Annotated[
        Literal["read", "write", "admin"],
        typer.Option(
            help="read: ask and search; write: also upload and remove documents; admin: also see "
            "the conversations of all keys."
        ),
    ] = "read",
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Create an API key and print it. It is shown only once; only its hash is stored."""
    with opened(data, config) as assistant:
        try:
            made = assistant.journal.add_key(name, scope)
        except ValueError as error:
            raise SettingsError(
                "a key needs a name", remedy="write one after 'footnote keys add'"
            ) from error
    if as_json:
        print_json(asdict(made.record) | {"secret": made.secret})
        return
    make_console(stderr=True).print(
        f"key {made.record.id} for {one_line(made.record.name)} ({scope}); store it safely, it "
        "is not shown again:",
        soft_wrap=True,
    )
    sys.stdout.write(f"{made.secret}\n")


@keys_app.command("list")
def list_keys(as_json: Json = False, data: Data = None, config: Config = None) -> None:
    """List all API keys, including revoked ones, without their secrets."""
    with opened(data, config) as assistant:
        found = assistant.journal.keys()
    if as_json:
        print_json([asdict(key) for key in found])
        return
    table = Table(show_edge=False)
    for column in ("id", "name", "scope", "created", "last used", "revoked"):
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
    key: Annotated[str, typer.Argument(metavar="ID|NAME", help="Id or name of the key.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Revoke an API key; running servers reject it immediately."""
    with opened(data, config) as assistant:
        if not assistant.journal.revoke_key(key):
            raise SettingsError(
                f"no valid key has the id or name '{key}'",
                remedy="'footnote keys list' shows all keys",
            )
    make_console().print(f"{one_line(key)}: revoked", markup=False)
