"""Write the generated part of docs/cli.md: ``make docs``."""

from __future__ import annotations

from pathlib import Path

import typer

from server.cli.main import app
from server.cli.manual import markdown

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
_MARKER = "<!-- From here on, 'make docs' writes this page from the commands. -->\n"


def page(text: str) -> str:
    """The page with the part after the marker made anew."""
    introduction, _, _ = text.partition(_MARKER)
    return f"{introduction}{_MARKER}\n{markdown(typer.main.get_command(app))}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
