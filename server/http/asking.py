"""Runs a question and reports its events, in a thread of the pool."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing

from rag.errors import RequestCancelledError
from rag.types import Event, Finished, Outcome
from server.http.work import was_cancelled

OnEvent = Callable[[Event], None]


def consume(
    events: Generator[Event, None, None], on_event: OnEvent = lambda event: None
) -> Outcome:
    """The outcome at the end of the events; ``on_event`` is called with each event.

    When the request is cancelled the events are closed, which cancels the question.

    Raises:
        RequestCancelledError: the request was cancelled.
        FootnoteError: the question failed.
    """
    with closing(events):
        for event in events:
            if was_cancelled():
                raise RequestCancelledError("the request was cancelled")
            on_event(event)
            if isinstance(event, Finished):
                return event.outcome
    raise AssertionError("the events ended without an outcome")
