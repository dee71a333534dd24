"""What the routes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from rag.assistant import Assistant
from rag.config import ServerSettings
from server.http.security import Guard
from server.http.upload_worker import UploadWorker
from server.http.work import WorkPool
from server.observe.metrics import Metrics

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
        """Where clients reach this server, without a trailing slash."""
        return (self.settings.public_url or str(request.base_url)).rstrip("/")


def _context(request: Request) -> ServerContext:
    context: ServerContext = request.app.state.context
    return context


Context = Annotated[ServerContext, Depends(_context)]
