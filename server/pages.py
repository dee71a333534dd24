"""The page's files, as they lie in the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

__all__ = ["PAGE_FOLDER", "PageFiles", "page_file"]

PAGE_FOLDER = Path(__file__).parent / "page"


def page_file(name: str) -> Path:
    """The path of one of the page's files."""
    return PAGE_FOLDER / name


class PageFiles(StaticFiles):
    """The page's scripts and styles, which hold nothing of the archive.

    Browsers may keep them, but ask each time whether they are still the ones: after an
    update no page mixes old and new.
    """

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, or 304 where the browser has it."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
