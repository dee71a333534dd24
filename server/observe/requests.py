"""Watches every request: one line in the log, one count in the metrics."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.observe.metrics import Metrics

__all__ = ["ObserveRequests", "route_template"]

_log = logging.getLogger("footnote.request")

# Methods beyond these are anybody's invention and share a label.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
# The client had gone before there was an answer.
_CLIENT_GONE = 499
_SERVER_FAILED = 500
# Asked every few seconds by machines; at level debug.
_QUIET = frozenset(("/health/live", "/health/ready", "/metrics"))


class ObserveRequests:
    """Counts and logs each request once it is answered, streams once they have ended.

    Stands inside of what gives a request its id, so that all lines of a request, its
    threads' too, carry the id.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        request_id = scope.get("state", {}).get("request_id")
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, watched)
            except Exception:
                # Whoever stands outside answers it with 500.
                status = status or _SERVER_FAILED
                raise
            finally:
                self._tell(scope, status or _CLIENT_GONE, time.perf_counter() - started)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_template(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._metrics.count_request(method, route, status, seconds)
        quiet = route in _QUIET and status < _SERVER_FAILED
        told = {
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "key": _key_id(scope.get("state", {})),
        }
        _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra=told)


def route_template(scope: Scope) -> str:
    """The template of the route that took the request, such as ``/documents/{id}``;
    "unmatched" where none did."""
    route = scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    if template:
        return str(template)
    # FastAPI names its own routes only. Of a mounted application its prefix is told; a
    # plain route without parameters is its own template.
    prefix = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    if prefix and "app_root_path" in scope:
        return str(prefix)
    fixed = "endpoint" in scope and not scope.get("path_params")
    return str(scope["path"]) if fixed else "unmatched"


def _key_id(state: Mapping[str, Any]) -> str | None:
    """The id of the API key that was shown; None without keys."""
    return getattr(state.get("caller"), "owner", None) or None
