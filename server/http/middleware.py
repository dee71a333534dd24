"""What holds for every request: an id, limits of size, headers of safety."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import FootnoteError
from server.http.problems import ProblemError, problem_from, problem_response, unexpected_problem
from server.http.security import Guard, host_name, is_loopback

__all__ = ["BodyLimit", "LastResort", "OriginCheck", "RequestIds", "SafetyHeaders"]

_log = logging.getLogger(__name__)

# Of a body that is too large so many limits are still read, and dropped.
_DROPPED_LIMITS = 4
_DROP_SECONDS = 10.0
_SANE_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}", re.ASCII)

# Nothing inline and nothing from elsewhere: text of a document can never run as code.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class RequestIds:
    """Gives each request an id, the client's own where that is plain, and sends it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)
        _state(scope)["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


class LastResort:
    """Makes an error that nobody foresaw a problem, with the headers of any other answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            # Nobody is there to be told, and nothing is amiss here.
            return
        except Exception:
            if begun or scope["type"] != "http":
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            response = problem_response(Request(scope), unexpected_problem())
            await response(scope, receive, send)


class SafetyHeaders:
    """Headers that keep browsers from running, framing or keeping what they should not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                if _isolates(scope):
                    headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _isolates(scope: Scope) -> bool:
    # Elsewhere browsers do not heed that header, and report each page that has it as an error.
    host = host_name(Headers(scope=scope).get("host", ""))
    return scope["scheme"] == "https" or is_loopback(host)


class OriginCheck:
    """Refuses pages of other origins and foreign names, see `Guard.check_origin`."""

    def __init__(self, app: ASGIApp, *, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        # Whether the process lives does not depend on anything that it reads.
        if scope["type"] == "http" and scope["path"] != "/health/live":
            try:
                self._guard.check_origin(Headers(scope=scope))
            except (FootnoteError, ProblemError) as error:
                problem = problem_from(error)
                await problem_response(Request(scope), problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Ends requests whose body is larger than allowed, said or not, without keeping it."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, max_upload_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        uploads = scope["path"] == "/documents" and scope["method"] == "POST"
        limit = self._max_upload_bytes if uploads else self._max_body_bytes
        said = Headers(scope=scope).get("content-length", "")
        if said.isdecimal() and int(said) > limit:
            await _drop(receive, _DROPPED_LIMITS * limit)
            await problem_response(Request(scope), _too_large(limit, uploads))(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                if message.get("more_body", False):
                    await _drop(receive, _DROPPED_LIMITS * limit)
                raise _too_large(limit, uploads)
            return message

        await self._app(scope, counted, send)


async def _drop(receive: Receive, most: int) -> None:
    """Read what is left of a body, at most so many bytes, without keeping it.

    A client that is still sending when its connection is closed never reads why.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_DROP_SECONDS):
            while most > 0:
                message = await receive()
                most -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _too_large(limit: int, uploads: bool) -> ProblemError:
    setting = "server.max_upload_bytes" if uploads else "server.max_body_bytes"
    return ProblemError(
        413,
        "too_large",
        f"the request is larger than {limit:,} bytes",
        f"send it in parts, or raise {setting}",
        headers={"Connection": "close"},
    )


def _state(scope: Scope) -> MutableMapping[str, Any]:
    state: MutableMapping[str, Any] = scope.setdefault("state", {})
    return state
