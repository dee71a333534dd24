"""``footnote conversations``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from rag.errors import UnknownConversationError
from rag.text.display import one_line
from server.cli import render
from server.cli.console import make_console
from server.cli.options import Config, Data, Json, opened, print_json

conversations_app = typer.Typer(
    help="List, show and remove stored conversations.", no_args_is_help=True
)

ConversationId = Annotated[
    str,
    typer.Argument(metavar="ID", help="Id, see 'footnote conversations list'."),
]


@conversations_app.command("list")
def list_conversations(
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Maximum number to list.")] = 50,
    offset: Annotated[int, typer.Option(min=0, metavar="N", help="Number to skip.")] = 0,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """List all conversations, the most recent first."""
    with opened(data, config) as assistant:
        found = assistant.journal.conversations(owner=None, limit=limit, offset=offset)
    if as_json:
        print_json([asdict(summary) for summary in found])
        return
    table = Table(show_edge=False)
    for column in ("id", "last turn", "turns", "key", "title"):
        table.add_column(column, no_wrap=column == "id")
    for summary in found:
        table.add_row(
            summary.id,
            summary.updated_at,
            str(summary.turns),
            summary.owner,
            Text(one_line(summary.title)),
        )
    make_console().print(table)


@conversations_app.command("show")
def show_conversation(
    conversation: ConversationId, as_json: Json = False, data: Data = None, config: Config = None
) -> None:
    """Show a conversation with all its answers."""
    from server.wire.shapes import conversation_out

    with opened(data, config) as assistant:
        found = assistant.journal.conversation(conversation)
    if as_json:
        print_json(conversation_out(found).model_dump(mode="json"))
        return
    console = make_console()
    for turn in found.turns:
        console.print(f"{turn.asked_at} ? {one_line(turn.question.text)}", style="bold")
        console.print(render.render_outcome(turn.outcome))
        console.print()


@conversations_app.command("remove")
def remove_conversation(
    conversation: ConversationId, data: Data = None, config: Config = None
) -> None:
    """Delete a conversation with its answers and feedback permanently."""
    with opened(data, config) as assistant:
        if not assistant.journal.remove_conversation(conversation):
            raise UnknownConversationError(
                f"no conversation has the id '{conversation}'",
                remedy="'footnote conversations list' shows all conversations",
            )
    make_console().print(f"{conversation}: removed", markup=False)
