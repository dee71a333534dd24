"""The MCP tools over HTTP: one path, with the same access control as other routes."""

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
from server.http.disconnect import cancel_on_disconnect
from server.http.security import bearer
from server.mcp.tools import build_mcp

MCP_PATH = "/mcp"


class McpEndpoint:
    """Streamable HTTP without sessions: each POST is independent, so that a restart or a
    second process disturbs no client, and nothing is stored between calls."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Calls are served while this is open."""
        settings = self._context.settings
        server = build_mcp(
            self._context.assistant,
            self._context.work.run,
            finish=self._context.consume,
            public_url=settings.public_url,
        )
        # Only the session manager of this application is used.
        server.streamable_http_app(
            json_response=True,
            stateless_http=True,
            # OriginCheck has already checked Host and Origin.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
            max_request_body_size=settings.max_body_bytes,
        )
        self._manager = server.session_manager
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, for a caller with the scope "read".

        Raises:
            ProblemError: 401, 403, 429.
            HTTPException: 405, the method is for servers with sessions.
            ClientDisconnect: the client has disconnected; the work was cancelled.
        """
        request = Request(scope, receive)
        if request.method != "POST":
            raise HTTPException(405, headers={"Allow": "POST"})
        shown = await bearer(request)
        address = request.client.host if request.client else ""
        admit = partial(self._context.guard.admit, shown.credentials if shown else None)
        request.state.caller = await anyio.to_thread.run_sync(admit, address, "read")
        assert self._manager is not None, "called outside of the app's lifespan"
        # Without a stream nothing else notices that the client disconnects.
        body = _read(await request.body())
        await cancel_on_disconnect(request, self._manager.handle_request(scope, body, send))


def _read(body: bytes) -> Receive:
    """A receive function that gives this body and then waits forever."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return parts.pop() if parts else await asyncio.get_running_loop().create_future()

    return receive
