"""``footnote list``, ``show`` and ``remove``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from rag.errors import SettingsError
from rag.types import Span
from server.cli import render
from server.cli.console import make_console
from server.cli.options import (
    Config,
    Data,
    Json,
    Language,
    Since,
    Sources,
    Until,
    opened,
    print_json,
)
from server.wire.filters import make_filters


def list_documents(
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    language: Language = None,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """List documents."""
    with opened(data, config) as assistant:
        summaries = assistant.documents(make_filters(source, since, until, language))
    if as_json:
        print_json(
            [
                asdict(summary)
                | {
                    "published": summary.published.isoformat() if summary.published else None,
                    "encoding_note": summary.encoding_note,
                }
                for summary in summaries
            ]
        )
    else:
        make_console().print(render.render_documents(summaries))


def show(
    document: Annotated[
        str,
        typer.Argument(
            metavar="DOC", help="Document id or its first characters, source or file name."
        ),
    ],
    span: Annotated[
        str | None,
        typer.Option(
            metavar="START:END",
            help="Show only START:END (code points of the text), highlighted in context.",
        ),
    ] = None,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Show a document as stored, or one span of it."""
    with opened(data, config) as assistant:
        found = assistant.document(document)
    wanted = _parse_span(span, len(found.text)) if span else None
    if as_json:
        print_json({**asdict(found), **({"quote": wanted.of(found.text)} if wanted else {})})
    else:
        # To a file or a pipe the text is written unwrapped.
        console = make_console()
        console.print(render.render_document(found, wanted), soft_wrap=not console.is_terminal)


def _parse_span(text: str, length: int) -> Span:
    start, _, end = text.partition(":")
    if not (start.isdecimal() and end.isdecimal()) or not 0 <= int(start) < int(end) <= length:
        raise SettingsError(
            f"--span '{text}' is not a range of this text",
            remedy=f"write START:END with 0 <= START < END <= {length}",
        )
    return Span(int(start), int(end))


def remove(
    references: Annotated[
        list[str], typer.Argument(metavar="DOC|PATH", help="Ids, sources or file names.")
    ],
    data: Data = None,
    config: Config = None,
) -> None:
    """Remove documents from the archive. A path removes only that source of a document."""
    with opened(data, config) as assistant:
        for reference in references:
            removed = assistant.remove(reference)
            left = [s.id for s in assistant.documents() if s.id == removed.id]
            result = "kept under its other sources" if left else "removed"
            make_console().print(f"{removed.id} {removed.title}: {result}")
