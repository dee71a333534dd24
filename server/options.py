"""What several modules of the command line share: options, and how an archive is opened."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.config import Settings, load_settings

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = ["Config", "Data", "Json", "opened", "print_json", "settings_of"]

Data = Annotated[
    Path | None, typer.Option("--data", help="Data directory [default: see 'footnote config'].")
]
Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file [default: ./footnote.toml].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def settings_of(data: Path | None, config: Path | None, **flags: Any) -> Settings:
    """The settings of a command that was given these options."""
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
