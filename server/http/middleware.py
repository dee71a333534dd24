"""Middleware for every request: an id, security headers, a limit on the body."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import FootnoteError
from server.http.problems import ProblemError, problem_from, problem_response, unexpected_problem
from server.http.security import Guard, host_name, is_loopback

_log = logging.getLogger(__name__)

# The rest of a body that is too large is read and discarded, up to this many limits.
_DISCARDED_LIMITS = 4
_DISCARD_SECONDS = 10.0
_PLAIN_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}", re.ASCII)

# Nothing inline and nothing from other origins: text of a document can never run as code.
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


class HttpMiddleware:
    """Middleware that handles HTTP requests and passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        handle = self.handle if scope["type"] == "http" else self.app
        await handle(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        raise NotImplementedError


def _with_headers(send: Send, change: Callable[[MutableHeaders], None]) -> Send:
    """``send``, with the response's headers changed first."""

    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            change(MutableHeaders(scope=message))
        await send(message)

    return changed


class RequestIds(HttpMiddleware):
    """Gives each request an id, the client's own if it is plain, and returns it in a header."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _PLAIN_ID.fullmatch(given) else secrets.token_hex(8)
        _state(scope)["request_id"] = request_id

        def change(headers: MutableHeaders) -> None:
            headers["X-Request-ID"] = request_id

        await self.app(scope, receive, _with_headers(send, change))


class UnexpectedErrors(HttpMiddleware):
    """Answers an unexpected error with a problem that has the headers of any other response."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            # No one is left to answer, and nothing is wrong here.
            return
        except Exception:
            if started:
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            response = problem_response(Request(scope), unexpected_problem())
            await response(scope, receive, send)


class SecurityHeaders(HttpMiddleware):
    """Headers that keep browsers from running, framing or caching what they should not."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""

        def change(headers: MutableHeaders) -> None:
            headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "no-referrer"
            if _isolates(scope):
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers.setdefault("Cache-Control", "no-store")

        await self.app(scope, receive, _with_headers(send, change))


def _isolates(scope: Scope) -> bool:
    # Over plain HTTP from another host browsers ignore that header and log it as an error.
    host = host_name(Headers(scope=scope).get("host", ""))
    return scope["scheme"] == "https" or is_loopback(host)


class OriginCheck(HttpMiddleware):
    """Refuses pages of other origins and unknown host names, see `Guard.check_origin`."""

    def __init__(self, app: ASGIApp, *, guard: Guard) -> None:
        super().__init__(app)
        self._guard = guard

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        # Whether the process is alive does not depend on anything that it reads.
        if scope["path"] != "/health/live":
            try:
                self._guard.check_origin(Headers(scope=scope))
            except (FootnoteError, ProblemError) as error:
                problem = problem_from(error)
                await problem_response(Request(scope), problem)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class BodyLimit(HttpMiddleware):
    """Refuses requests whose body is larger than allowed, announced or not."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, max_upload_bytes: int) -> None:
        super().__init__(app)
        self._max_body_bytes = max_body_bytes
        self._max_upload_bytes = max_upload_bytes

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        uploads = scope["path"] == "/documents" and scope["method"] == "POST"
        limit = self._max_upload_bytes if uploads else self._max_body_bytes
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            await _discard(receive, _DISCARDED_LIMITS * limit)
            await problem_response(Request(scope), _too_large(limit, uploads))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                if message.get("more_body", False):
                    await _discard(receive, _DISCARDED_LIMITS * limit)
                raise _too_large(limit, uploads)
            return message

        await self.app(scope, counted, send)


async def _discard(receive: Receive, max_bytes: int) -> None:
    """Read the rest of a body, up to ``max_bytes``, without keeping it.

    A client that is still sending when its connection is closed never reads the reason.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while max_bytes > 0:
                message = await receive()
                max_bytes -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _too_large(limit: int, uploads: bool) -> ProblemError:
    setting = "server.max_upload_bytes" if uploads else "server.max_body_bytes"
    return ProblemError(
        413,
        "too_large",
        f"the request body is larger than {limit:,} bytes",
        f"send it in parts, or raise {setting}",
        headers={"Connection": "close"},
    )


def _state(scope: Scope) -> MutableMapping[str, Any]:
    state: MutableMapping[str, Any] = scope.setdefault("state", {})
    return state
