"""Options that commands share, and what they need: settings, the archive, JSON output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.settings import Settings

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data directory [default: see 'footnote config']."),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file [default: ./footnote.toml]."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="GLOB",
        help="Only sources matching this glob or containing this text; repeatable.",
    ),
]
Since = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Only documents published since this date: YYYY[-MM[-DD]]."),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Only documents published until this date: YYYY[-MM[-DD]]."),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="Answer as of this date, YYYY[-MM[-DD]]: documents published later are not used, "
        "documents without a date are; 'last year' is relative to it.",
    ),
]
Composed = Annotated[
    str | None,
    typer.Option(
        "--composer",
        metavar="quote",
        help="How the answer is composed: 'quote' gives sentences of the archive as they are "
        "stored.",
    ),
]
Language = Annotated[
    str | None,
    typer.Option(metavar="CODE", help="Only documents in this language, such as en or zh."),
]


def settings_of(data: Path | None, config: Path | None, **flags: Any) -> Settings:
    """The settings for a command with these options."""
    from rag.config import load_settings

    return load_settings(config, flags={"data": data, **flags})


@contextmanager
def opened(data: Path | None, config: Path | None, **flags: Any) -> Iterator[Assistant]:
    """An Assistant over the archive that the options name."""
    from rag.assistant import Assistant

    with Assistant.open(settings=settings_of(data, config, **flags)) as assistant:
        yield assistant


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_json_line(value: object) -> None:
    """Print a value as one line of JSON and flush it."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()
