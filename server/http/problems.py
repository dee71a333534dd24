"""Errors as clients see them: a status, what is wrong, and what to do.

Footnote's own routes respond with RFC 9457 problems (``application/problem+json``), the
routes under ``/v1/`` with OpenAI's error object, the only one that their clients read.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from rag.errors import (
    FilterError,
    FootnoteError,
    IndexMismatchError,
    LanguageModelError,
    ModelError,
    NameTakenError,
    QuestionError,
    ReadError,
    SettingsError,
    StoreDamagedError,
    StoreError,
    StoreLockedError,
    StoreVersionError,
    UnknownConversationError,
    UnknownDocumentError,
    UnknownJobError,
    UnknownTurnError,
    UnreadableTypeError,
)
from server.http.pages import document_page, wants_page

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """One part of the request that is invalid."""

    loc: list[str | int]
    msg: str


class Problem(BaseModel):
    """What went wrong (``detail``) and what to do about it (``remedy``); RFC 9457."""

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no document has the id '53236b8a4b3fe870'"])
    remedy: str | None = Field(default=None, examples=["'GET /documents' lists all documents"])
    code: str = Field(examples=["document_unknown"])
    request_id: str | None = None
    errors: list[FieldError] | None = None
    removed_at: str | None = Field(default=None, description="when the document was removed")
    replaced_by: str | None = Field(default=None, description="id of the document that replaced it")


class ProblemError(HTTPException):
    """An error with its status, a code for programs, and a remedy.

    An HTTPException, so that FastAPI does not wrap it when it is raised while a body is read.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        remedy: str | None,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """``more`` are further members of the Problem."""
        super().__init__(status, detail, dict(headers or {}))
        self.code = code
        self.remedy = remedy
        self.more = more

    @property
    def message(self) -> str:
        """Detail and remedy as one line of text."""
        return f"{self.detail}; {self.remedy}" if self.remedy else str(self.detail)

    def problem(self, request_id: str | None = None) -> Problem:
        """The body that is sent."""
        return Problem(
            title=HTTPStatus(self.status_code).phrase,
            status=self.status_code,
            detail=self.detail,
            remedy=self.remedy,
            code=self.code,
            request_id=request_id,
            **self.more,
        )


# An endpoint of a language model may ask for longer; clients are told at most this.
_MAX_RETRY_AFTER_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a kind of error is to a client. ``remedy`` replaces one that names a command."""

    error: type[FootnoteError]
    status: int
    code: str
    retry_after_seconds: int | None = None
    remedy: str | None = None


# Subclasses before their base classes.
_KINDS = (
    _Kind(QuestionError, 422, "question_invalid"),
    _Kind(
        UnknownDocumentError, 404, "document_unknown", remedy="GET /documents lists all documents"
    ),
    _Kind(
        UnknownConversationError,
        404,
        "conversation_unknown",
        remedy="GET /conversations lists your conversations",
    ),
    _Kind(UnknownTurnError, 404, "turn_unknown", remedy="send the turn_id of a stored answer"),
    _Kind(UnknownJobError, 404, "job_unknown"),
    _Kind(NameTakenError, 409, "name_taken"),
    _Kind(UnreadableTypeError, 415, "media_type"),
    _Kind(ReadError, 422, "unreadable_document"),
    _Kind(FilterError, 400, "filter_invalid"),
    _Kind(SettingsError, 400, "setting_invalid"),
    _Kind(StoreLockedError, 503, "store_busy", retry_after_seconds=5),
    _Kind(StoreDamagedError, 500, "store_damaged"),
    _Kind(StoreVersionError, 500, "store_version"),
    _Kind(StoreError, 503, "store_unavailable", retry_after_seconds=10),
    _Kind(IndexMismatchError, 503, "index_mismatch", retry_after_seconds=60),
    _Kind(ModelError, 503, "model_unavailable", retry_after_seconds=60),
    _Kind(LanguageModelError, 503, "language_model_failed", retry_after_seconds=10),
    _Kind(FootnoteError, 500, "internal"),
)


def problem_of(error: FootnoteError) -> ProblemError:
    """An error of the core as a problem for a client."""
    kind = next(kind for kind in _KINDS if isinstance(error, kind.error))
    wait: float | None = kind.retry_after_seconds
    if isinstance(error, LanguageModelError) and error.retry_after_seconds is not None:
        wait = min(max(1.0, error.retry_after_seconds), _MAX_RETRY_AFTER_SECONDS)
    headers = {"Retry-After": str(math.ceil(wait))} if wait is not None else {}
    remedy = kind.remedy or error.remedy
    return ProblemError(kind.status, kind.code, error.detail, remedy, headers=headers)


def problem_from(error: Exception) -> ProblemError:
    """Any error as a problem, for a response that has already started.

    An unexpected one is logged, because nothing else will report it.
    """
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, FootnoteError):
        return problem_of(error)
    _log.error("a streamed response failed", exc_info=error)
    return unexpected_problem()


def problem_response(request: Request, error: ProblemError) -> JSONResponse:
    """The error in the format of the route."""
    request_id = getattr(request.state, "request_id", None)
    if request.url.path.startswith("/v1/"):
        body: dict[str, Any] = {"error": openai_error(error)}
        return JSONResponse(body, status_code=error.status_code, headers=error.headers)
    body = error.problem(request_id).model_dump(mode="json", exclude_none=True)
    return JSONResponse(
        body, status_code=error.status_code, headers=error.headers, media_type=MEDIA_TYPE
    )


_OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}


def openai_error(error: ProblemError) -> dict[str, Any]:
    """The error as OpenAI's clients read it: ``error`` of a body or of an event."""
    kind = _OPENAI_TYPES.get(
        error.status_code, "server_error" if error.status_code >= 500 else "invalid_request_error"
    )
    return {
        "message": error.message,
        "type": kind,
        "param": error.more.get("param"),
        "code": error.code,
    }


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may fail with these statuses."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "model": Problem,
            "content": {MEDIA_TYPE: schema},
        }
        for status in statuses
    }


def unexpected_problem() -> ProblemError:
    """What a client is told about an unexpected error.

    Its message could contain anything, so it goes to the log only.
    """
    return ProblemError(
        500,
        "internal",
        "an unexpected error occurred",
        "try again; if it persists, report it with the request id and the server's log",
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Turn every error that a route raises into a problem."""

    async def raised(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return problem_response(request, error)

    async def footnote(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, FootnoteError)
        return problem_response(request, problem_of(error))

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return problem_response(request, _of_http(request, error))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        # A permalink that was cut off when it was shared: the page says what is wrong.
        if request.url.path.startswith("/documents/") and wants_page(request):
            return document_page()
        return problem_response(request, _of_validation(request, error))

    app.add_exception_handler(ProblemError, raised)
    app.add_exception_handler(FootnoteError, footnote)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def _of_http(request: Request, error: HTTPException) -> ProblemError:
    where = f"{request.method} {request.url.path}"
    remedies = {
        404: (f"{where} does not exist", "'/docs' lists all routes", "not_found"),
        405: (f"{where} is not allowed", "use a method listed in Allow", "method_not_allowed"),
    }
    detail, remedy, code = remedies.get(
        error.status_code, (str(error.detail), "see '/docs'", "bad_request")
    )
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request)) or headers.get("Allow", "")
    return ProblemError(error.status_code, code, detail, remedy, headers=headers)


def _methods(request: Request) -> list[str]:
    """The methods of all routes at the request's path, not only of the first."""
    described: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    return sorted(
        method.upper()
        for path, operations in described.items()
        for method in operations
        if compile_path(path)[0].match(request.url.path)
    )


def _of_validation(request: Request, error: RequestValidationError) -> ProblemError:
    errors = [
        FieldError(loc=list(found["loc"]), msg=str(found["msg"]).removeprefix("Value error, "))
        for found in error.errors()
    ]
    first = errors[0]
    where = ".".join(str(part) for part in first.loc if part != "body") or "the body"
    remedy = "see '/docs'"
    if isinstance(error.body, bytes):
        # The body was not parsed as JSON; pydantic's message about bytes would mislead.
        first = FieldError(loc=first.loc, msg="not sent as JSON")
        remedy = "send the header 'Content-Type: application/json'"
    if request.url.path.startswith("/v1/"):
        param = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in first.loc[1:]
        ).lstrip(".")
        return ProblemError(
            400, "invalid_request", f"{where}: {first.msg}", remedy, param=param or None
        )
    return ProblemError(422, "invalid_request", f"{where}: {first.msg}", remedy, errors=errors)
