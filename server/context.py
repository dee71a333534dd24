"""What the routes share: one of each for a running server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from rag.assistant import Assistant
from rag.config import ServerSettings
from server.metrics import Metrics
from server.security import Guard
from server.uploads import UploadWorker
from server.work import WorkPool

__all__ = ["Context", "ServerContext"]


@dataclass(frozen=True, slots=True)
class ServerContext:
    """The parts of a running server. ``uploads`` reads what was uploaded, one at a time."""

    assistant: Assistant
    settings: ServerSettings
    guard: Guard
    work: WorkPool
    uploads: UploadWorker
    metrics: Metrics

    def base_url(self, request: Request) -> str:
        """Where clients reach this server, without a slash at the end."""
        return (self.settings.public_url or str(request.base_url)).rstrip("/")


def _context(request: Request) -> ServerContext:
    context: ServerContext = request.app.state.context
    return context


Context = Annotated[ServerContext, Depends(_context)]
