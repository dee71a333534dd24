"""Health, metrics, facts about the server, and the page."""

from __future__ import annotations

from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel

from rag.assistant import MAX_QUESTION_CHARACTERS
from rag.read.reader import supported_suffixes
from server.http.context import Context
from server.http.pages import page_file
from server.http.problems import problem_responses
from server.http.security import Reader
from server.wire.shapes import AboutOut

router = APIRouter()


class Live(BaseModel):
    """The process is running."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """Questions can be answered; which state of the archive is served."""

    status: Literal["ready"] = "ready"
    generation: str
    documents: int


# Monitors often send HEAD.
@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", response_model=Live, tags=["operations"])
def live() -> Live:
    """Whether the process is running."""
    return Live()


@router.get(
    "/health/ready",
    response_model=Ready,
    responses=problem_responses(500, 503),
    tags=["operations"],
)
def ready(context: Context) -> Ready:
    """Whether questions can be answered: the store opens, the models load and match the index."""
    assistant = context.assistant
    assistant.check_models()
    found = assistant.status()
    return Ready(generation=found.generation, documents=found.documents)


@router.get(
    "/about",
    response_model=AboutOut,
    responses=problem_responses(401, 403, 429),
    tags=["operations"],
)
def about(context: Context, caller: Reader) -> AboutOut:
    """Version, size and models of the archive, and what this caller may do."""
    assistant = context.assistant
    found = assistant.status()
    # "und" (undetermined) is no use as a filter.
    languages = [language for language in assistant.languages() if language != "und"]
    encoder = assistant.encoder_choice()
    return AboutOut(
        version=version("footnote"),
        generation=found.generation,
        documents=found.documents,
        passages=found.passages,
        languages=languages,
        models={
            "encoder": encoder.encoder or encoder.setting,
            "reading": assistant.settings.models.reading,
        },
        authentication=context.guard.keys_needed,
        writable=caller.may("write"),
        max_question_characters=MAX_QUESTION_CHARACTERS,
        max_upload_bytes=context.settings.max_upload_bytes,
        suffixes=sorted(supported_suffixes()),
    )


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Metrics in the Prometheus text format, or in OpenMetrics when "
            "Accept asks for it.",
            "content": {
                "text/plain": {"schema": {"type": "string"}},
                "application/openmetrics-text": {"schema": {"type": "string"}},
            },
        },
        **problem_responses(401, 403, 429, 503),
    },
    tags=["operations"],
)
def metrics(request: Request, context: Context, caller: Reader) -> Response:
    """Metrics: requests, stages, outcomes, the archive and the queue."""
    body, content_type = context.metrics.render(request.headers.get("accept", ""))
    return Response(body, headers={"Content-Type": content_type})


@router.head("/", include_in_schema=False)
@router.get("/", include_in_schema=False)
def page(request: Request) -> FileResponse:
    """The page. It contains nothing of the archive, so it needs no key."""
    return FileResponse(page_file("index.html"))
