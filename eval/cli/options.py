"""What several commands share: options, settings and output."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eval.cli.console import make_console
from eval.errors import EvalError

if TYPE_CHECKING:
    from rich.console import Console

    from rag.settings import Settings

TABLE_COLUMNS = 130

Questions = Annotated[Path | None, typer.Option("--questions", help="Question file (JSON lines).")]
Archive = Annotated[
    Path | None, typer.Option("--archive", help="Folder or file that the questions are about.")
]
Data = Annotated[
    Path | None, typer.Option("--data", help="Data directory that the questions are about.")
]
Suite = Annotated[
    str | None,
    typer.Option("--suite", help="Folder with corpus.jsonl and queries.jsonl, or its name."),
]
Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file [default: ./footnote.toml].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")]


def pairs_of(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """KEY=VALUE texts of an option as a mapping."""
    found: dict[str, str] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise EvalError(f"{option} {text} is not KEY=VALUE")
        found[key] = value
    return found


def settings_of(config: Path | None, **flags: Any) -> Settings:
    """The settings in force; ``flags`` go before the file and the environment."""
    from rag.config import load_settings

    return load_settings(config, flags=flags)


def without_language_model(config: Path | None) -> Settings:
    """The settings in force, but with no language model."""
    return settings_of(config, **{"language_model.base_url": ""})


def table_console() -> Console:
    """A console for tables, wide enough that they are not cut in a file or pipe."""
    console = make_console()
    if not console.is_terminal:
        console.width = max(console.width, TABLE_COLUMNS)
    return console


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
