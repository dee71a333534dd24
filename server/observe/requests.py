"""Observes every request: one line in the log, one count in the metrics."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.middleware import HttpMiddleware
from server.observe.metrics import Metrics

_log = logging.getLogger("footnote.request")

# Other methods are made up by clients and share a label.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
# The client closed the connection before there was a response.
_CLIENT_CLOSED = 499
_SERVER_FAILED = 500
# Polled every few seconds; logged at level debug.
_QUIET = frozenset(("/health/live", "/health/ready", "/metrics"))


class ObserveRequests(HttpMiddleware):
    """Counts and logs each request once it is answered, a stream once it has ended.

    Comes after what gives a request its id, so that all log lines of a request, those of
    its threads included, carry the id.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        super().__init__(app)
        self._metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
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
                await self.app(scope, receive, watched)
            except Exception:
                # The middleware outside answers it with 500.
                status = status or _SERVER_FAILED
                raise
            finally:
                self._record(scope, status or _CLIENT_CLOSED, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_template(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._metrics.count_request(method, route, status, seconds)
        quiet = route in _QUIET and status < _SERVER_FAILED
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "key": _key_id(scope.get("state", {})),
        }
        _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra=fields)


def route_template(scope: Scope) -> str:
    """The template of the route that handled the request, such as ``/documents/{id}``;
    "unmatched" when there was none."""
    route = scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    if template:
        return str(template)
    # FastAPI sets "route" for its own routes only. A mounted application is named by its
    # prefix; a plain route without parameters is its own template.
    prefix = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    if prefix and "app_root_path" in scope:
        return str(prefix)
    fixed = "endpoint" in scope and not scope.get("path_params")
    return str(scope["path"]) if fixed else "unmatched"


def _key_id(state: Mapping[str, Any]) -> str | None:
    """The id of the API key of the request; None without keys."""
    return getattr(state.get("caller"), "owner", None) or None
