"""A queue from a worker thread to the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Arrivals(Generic[T]):
    """Items from one thread, read in order by one coroutine of the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[T | None] = asyncio.Queue()

    def put_from_thread(self, item: T) -> None:
        """Add an item; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._put, item)

    def _put(self, item: T | None) -> None:
        self._queue.put_nowait(item)

    def end_with(self, task: asyncio.Task[Any]) -> None:
        """End when this task is done."""
        task.add_done_callback(lambda _: self._put(None))

    async def each(self, keepalive_seconds: float) -> AsyncIterator[T | None]:
        """The items in order until the end; None whenever none came for that long."""
        while True:
            try:
                item = await asyncio.wait_for(self._queue.get(), keepalive_seconds)
            except TimeoutError:
                yield None
                continue
            if item is None:
                return
            yield item
