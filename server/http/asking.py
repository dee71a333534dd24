"""Consuming the events of a question, in a thread of the pool."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing

from rag.errors import RequestCancelledError
from rag.types import Event, Finished, Outcome
from server.http.work import given_up

__all__ = ["OnEvent", "consume"]

OnEvent = Callable[[Event], None]


def consume(events: Generator[Event, None, None], tell: OnEvent = lambda event: None) -> Outcome:
    """The outcome that the events end with; ``tell`` is told of each event in turn.

    The events are closed, which cancels the question, once the request was cancelled.

    Raises:
        RequestCancelledError: whoever asked has gone.
        FootnoteError: as the events do.
    """
    with closing(events):
        for event in events:
            if given_up():
                raise RequestCancelledError("the request was cancelled")
            tell(event)
            if isinstance(event, Finished):
                return event.outcome
    raise AssertionError("the events ended without an outcome")
