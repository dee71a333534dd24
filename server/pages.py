"""The page's files, as they lie in the package."""

from __future__ import annotations

from pathlib import Path

__all__ = ["PAGE_FOLDER", "page_file"]

PAGE_FOLDER = Path(__file__).parent / "page"


def page_file(name: str) -> Path:
    """The path of one of the page's files."""
    return PAGE_FOLDER / name
