"""The bounded thread pool in which questions are answered."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from server.http.problems import ProblemError

T = TypeVar("T")

# Of the call that this thread runs: set once its result is no longer wanted.
_CANCELLED: contextvars.ContextVar[threading.Event | None] = contextvars.ContextVar(
    "footnote_cancelled", default=None
)


def was_cancelled() -> bool:
    """Whether the call that this thread runs has been cancelled."""
    event = _CANCELLED.get()
    return event is not None and event.is_set()


class WorkPool:
    """Runs at most ``workers`` calls at once; at most ``queue`` more wait.

    Further calls are refused immediately, so that overload costs clients a retry and the
    server no memory. Used from one event loop.
    """

    def __init__(self, *, workers: int, queue: int, timeout_seconds: float) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="footnote-work")
        self._workers = workers
        self._queue = queue
        self._timeout_seconds = timeout_seconds
        self._running = 0
        self._taken = 0
        # The threads count both: a cancelled call still occupies its thread until it
        # returns.
        self._lock = threading.Lock()

    @property
    def running(self) -> int:
        """Number of calls that are running."""
        return self._running

    @property
    def waiting(self) -> int:
        """Number of calls that are waiting for a thread."""
        return max(0, self._taken - self._running)

    async def run(self, call: Callable[[], T]) -> T:
        """What ``call`` returns, from a thread.

        When cancelled, a waiting call never runs; a running one can check `was_cancelled`.

        Raises:
            ProblemError: 503, too many calls are waiting, or the call timed out.
        """
        with self._lock:
            if self._taken >= self._workers + self._queue:
                raise ProblemError(
                    503,
                    "overloaded",
                    f"{self._taken - self._running} questions are already waiting",
                    "try again after the number of seconds in Retry-After",
                    headers={"Retry-After": "5"},
                )
            self._taken += 1
        # Logs and spans of the thread belong to the request.
        context = contextvars.copy_context()
        cancelled = threading.Event()
        context.run(_CANCELLED.set, cancelled)
        future = self._executor.submit(context.run, self._counted, call)
        future.add_done_callback(lambda _: self._give_back())
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._timeout_seconds)
        except TimeoutError as error:
            raise ProblemError(
                503,
                "timeout",
                f"no answer within {self._timeout_seconds:g} s",
                "try again later, or raise server.timeout_seconds",
                headers={"Retry-After": "10"},
            ) from error
        finally:
            cancelled.set()

    def _counted(self, call: Callable[[], T]) -> T:
        with self._lock:
            self._running += 1
        try:
            return call()
        finally:
            with self._lock:
                self._running -= 1

    def _give_back(self) -> None:
        with self._lock:
            self._taken -= 1

    def close(self) -> None:
        """Wait for running calls; cancel waiting ones."""
        self._executor.shutdown(wait=True, cancel_futures=True)
