"""What several modules of the command line share: options, and how an archive is opened."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import SettingsError
from rag.text.dates import parse_iso
from rag.types import Filters

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.config import Settings

__all__ = [
    "AsOf",
    "Composed",
    "Config",
    "Data",
    "Json",
    "Language",
    "Since",
    "Sources",
    "Until",
    "filters_of",
    "last_day_of",
    "opened",
    "print_json",
    "print_json_line",
    "settings_of",
]

Data = Annotated[
    Path | None, typer.Option("--data", help="Data directory [default: see 'footnote config'].")
]
Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file [default: ./footnote.toml].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
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


def settings_of(data: Path | None, config: Path | None, **flags: Any) -> Settings:
    """The settings of a command that was given these options."""
    from rag.config import load_settings

    return load_settings(config, flags={"data": data, **flags})


@contextmanager
def opened(data: Path | None, config: Path | None, **flags: Any) -> Iterator[Assistant]:
    """An Assistant over the archive that a command was given."""
    from rag.assistant import Assistant

    with Assistant.open(settings=settings_of(data, config, **flags)) as assistant:
        yield assistant


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_json_line(value: object) -> None:
    """Print a value as one line of JSON, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    """Print a value as one line of JSON, at once."""
    sys.stdout.flush()


def filters_of(
    sources: list[str] | None, since: str | None, until: str | None, language: str | None
) -> Filters:
    """What the options of a command narrow the archive to."""
    first = _day(since, "--since")[0] if since else None
    last = _day(until, "--until")[1] if until else None
    if first and last and first > last:
        raise SettingsError(
            f"--since {since} is after --until {until}", remedy="nothing can lie between"
        )
    return Filters(sources=tuple(sources or ()), since=first, until=last, language=language)


def last_day_of(as_of: str | None) -> date | None:
    """The day whose state of the archive is asked for."""
    return _day(as_of, "--as-of")[1] if as_of else None


def _day(text: str, flag: str) -> tuple[date, date]:
    try:
        return parse_iso(text)
    except ValueError as error:
        raise SettingsError(
            f"{flag} {text!r} is no date", remedy="write YYYY, YYYY-MM or YYYY-MM-DD"
        ) from error
