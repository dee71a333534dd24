"""The files of the web page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

PAGE_FOLDER = Path(__file__).parents[1] / "page"


def page_file(name: str) -> Path:
    """The path of one of the page's files."""
    return PAGE_FOLDER / name


def wants_page(request: Request) -> bool:
    """Whether a browser asks for the page rather than a program for data.

    That is, whether Accept names HTML and does not prefer JSON.
    """
    accepted = request.headers.get("accept", "")
    html = _preference(accepted, "text/html")
    return html > 0 and html >= _preference(accepted, "application/json")


def _preference(accepted: str, media_type: str) -> float:
    """The ``q`` of this media type in an Accept header; 0 when it is not named."""
    for part in accepted.lower().split(","):
        named, *parameters = (piece.strip() for piece in part.split(";"))
        if named == media_type:
            given = [text[2:] for text in parameters if text.startswith("q=")]
            try:
                return float(given[0]) if given else 1.0
            except ValueError:
                return 1.0
    return 0.0


def document_page() -> FileResponse:
    """The page at the URL of a document, where programs get the document as JSON."""
    return FileResponse(page_file("index.html"), headers={"Vary": "Accept"})


class PageFiles(StaticFiles):
    """The page's scripts and styles, which contain nothing of the archive.

    Browsers may cache them but revalidate each time, so that after an update no page
    mixes old and new files.
    """

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, or 304 when the browser has it."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
