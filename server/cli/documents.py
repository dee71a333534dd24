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
    filters_of,
    opened,
    print_json,
)

__all__ = ["list_documents", "remove", "show"]


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
    with opened(data, config) as assistant:
        summaries = assistant.documents(filters_of(source, since, until, language))
    if as_json:
        print_json([asdict(summary) for summary in summaries])
    else:
        make_console().print(render.render_documents(summaries))


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
    with opened(data, config) as assistant:
        found = assistant.document(document)
    wanted = _parse_span(span, len(found.text)) if span else None
    if as_json:
        print_json({**asdict(found), **({"quote": wanted.of(found.text)} if wanted else {})})
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


def remove(
    references: Annotated[
        list[str], typer.Argument(metavar="DOC|PATH...", help="Ids, sources or file names.")
    ],
    data: Data = None,
    config: Config = None,
) -> None:
    """Remove documents, their passages and vectors. A path removes that source only."""
    with opened(data, config) as assistant:
        for reference in references:
            gone = assistant.remove(reference)
            left = [s.id for s in assistant.documents() if s.id == gone.id]
            said = "kept under its other sources" if left else "removed"
            make_console().print(f"{gone.id} {gone.title}: {said}")
