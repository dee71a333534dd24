"""The MCP tools over HTTP: one address, let in by the same guard as every other route."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import anyio.to_thread
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from server.http.context import ServerContext
from server.http.disconnect import unless_gone
from server.http.security import bearer
from server.mcp.tools import build_mcp

__all__ = ["MCP_PATH", "McpEndpoint"]

MCP_PATH = "/mcp"


class McpEndpoint:
    """Streamable HTTP without sessions: each POST stands for itself, so a restart or a second
    process disturbs no client, and nothing is kept between calls."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Calls are answered while this is open."""
        settings = self._context.settings
        server = build_mcp(
            self._context.assistant,
            self._context.work.run,
            finish=self._context.consume,
            public_url=settings.public_url,
        )
        # Of the application it makes only the part that reads and answers is used.
        server.streamable_http_app(
            json_response=True,
            stateless_http=True,
            # OriginCheck has looked at Host and Origin, by the settings of this server.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
            max_request_body_size=settings.max_body_bytes,
        )
        self._manager = server.session_manager
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, for a caller who may read.

        Raises:
            ProblemError: 401, 403, 429.
            HTTPException: 405, for what only servers with sessions offer.
            ClientDisconnect: nobody waits for the answer any more; the work has ended.
        """
        request = Request(scope, receive)
        if request.method != "POST":
            raise HTTPException(405, headers={"Allow": "POST"})
        shown = await bearer(request)
        address = request.client.host if request.client else ""
        admit = partial(self._context.guard.admit, shown.credentials if shown else None)
        request.state.caller = await anyio.to_thread.run_sync(admit, address, "read")
        assert self._manager is not None, "called outside of the app's lifespan"
        # Whoever answers whole does not look whether the client is still there.
        body = _read(await request.body())
        await unless_gone(request, self._manager.handle_request(scope, body, send))


def _read(body: bytes) -> Receive:
    """What gives this body, and then nothing: whether the client goes is seen elsewhere."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return parts.pop() if parts else await asyncio.get_running_loop().create_future()

    return receive
