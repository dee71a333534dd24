"""The work pool: bounded, honest about what it refuses, and it forgets who has gone."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.http.problems import ProblemError
from server.http.work import WorkPool


def in_loop(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 30))


def test_no_more_calls_run_at_once_than_there_are_workers():
    pool = WorkPool(workers=2, queue=20, timeout_seconds=20)
    running, most, lock = 0, 0, threading.Lock()

    def call():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1

    async def many():
        await asyncio.gather(*(pool.run(call) for _ in range(20)))

    in_loop(many())
    pool.close()
    assert most == 2
    assert (pool.running, pool.waiting) == (0, 0)


def test_a_call_beyond_the_queue_is_refused_at_once_and_told_when_to_come_back():
    pool = WorkPool(workers=1, queue=1, timeout_seconds=20)
    release = threading.Event()

    async def crowd():
        taken = [asyncio.ensure_future(pool.run(release.wait)) for _ in range(2)]
        await asyncio.sleep(0.05)
        assert (pool.running, pool.waiting) == (1, 1)
        with pytest.raises(ProblemError) as refused:
            await pool.run(lambda: None)
        release.set()
        await asyncio.gather(*taken)
        await pool.run(lambda: None)
        return refused.value

    error = in_loop(crowd())
    pool.close()
    assert error.status_code == 503
    assert error.code == "overloaded"
    assert int(error.headers["Retry-After"]) > 0


def test_what_is_given_up_while_it_waits_never_runs_and_leaves_its_place():
    pool = WorkPool(workers=1, queue=1, timeout_seconds=20)
    release, ran = threading.Event(), []

    async def leave():
        first = asyncio.ensure_future(pool.run(release.wait))
        second = asyncio.ensure_future(pool.run(lambda: ran.append("second")))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0.05)
        assert pool.waiting == 0
        third = asyncio.ensure_future(pool.run(lambda: ran.append("third")))
        await asyncio.sleep(0.05)
        release.set()
        await asyncio.gather(first, third)

    in_loop(leave())
    pool.close()
    assert ran == ["third"]


def test_a_call_that_takes_too_long_is_a_503_and_its_thread_still_counts():
    pool = WorkPool(workers=1, queue=1, timeout_seconds=0.05)
    release = threading.Event()

    async def wait():
        with pytest.raises(ProblemError) as was_cancelled:
            await pool.run(release.wait)
        assert pool.running == 1
        release.set()
        return was_cancelled.value

    error = in_loop(wait())
    pool.close()
    assert (error.status_code, error.code) == (503, "timeout")
    assert pool.running == 0


def test_an_error_of_the_call_is_the_callers():
    pool = WorkPool(workers=1, queue=1, timeout_seconds=5)

    def fail():
        raise KeyError("this")

    async def ask():
        with pytest.raises(KeyError):
            await pool.run(fail)

    in_loop(ask())
    pool.close()
    assert (pool.running, pool.waiting) == (0, 0)
