"""What the routes share."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from rag.assistant import Assistant
from rag.settings import ServerSettings
from rag.types import Event, Outcome
from server.http.asking import OnEvent, consume
from server.http.security import Guard
from server.http.upload_worker import UploadWorker
from server.http.work import WorkPool
from server.observe.metrics import Metrics


@dataclass(frozen=True, slots=True)
class ServerContext:
    """The parts of a running server. ``observers`` are called with every outcome, in the
    thread that answered the question."""

    assistant: Assistant
    settings: ServerSettings
    guard: Guard
    work: WorkPool
    uploads: UploadWorker
    metrics: Metrics
    observers: tuple[Callable[[Outcome], None], ...] = ()

    def consume(
        self, events: Generator[Event, None, None], on_event: OnEvent = lambda event: None
    ) -> Outcome:
        """As `consume`; then the observers, such as metrics, get the outcome."""
        outcome = consume(events, on_event)
        for observe in self.observers:
            observe(outcome)
        return outcome

    def base_url(self, request: Request) -> str:
        """Where clients reach this server, without a trailing slash."""
        return (self.settings.public_url or str(request.base_url)).rstrip("/")


def _context(request: Request) -> ServerContext:
    context: ServerContext = request.app.state.context
    return context


Context = Annotated[ServerContext, Depends(_context)]
