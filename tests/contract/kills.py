"""A writer that is killed at any moment, again and again, and what must be left of its work."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from rag.store.base import Store
from tests.store_cases import SPEC, dense_ids, document, indexed, lexical_ids, passages

__all__ = ["open_store", "run_until_killed", "survive_kills"]

# Children are forked from a process that has imported everything, so they start at once.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["pytest", __name__])


def run_until_killed(child: Callable[..., None], *arguments: object, seconds: float) -> list[Any]:
    """What ``child(connection, *arguments)`` had sent when it was killed, in order.

    The ``seconds`` begin with the first thing sent.
    """
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=child, args=(sender, *arguments))
    process.start()
    sender.close()
    assert receiver.poll(60), "the child does not start"
    time.sleep(seconds)
    process.kill()
    process.join(60)
    process.close()
    said: list[Any] = []
    with receiver, suppress(EOFError, OSError):  # OSError: the last message is cut off
        while True:
            said.append(receiver.recv())
    return said


def open_store(opener: str, data: Path) -> Store:
    """The store that ``module:name`` opens in a data directory."""
    opened: Store = resolve_name(opener)(data)
    return opened


def text_of(number: int) -> str:
    """Three lines; one word is in no other document."""
    return f"first line w{number % 7}\nsecond line w{number % 5}\nword unique{number}"


def put_and_remove(sender: Connection, opener: str, data: Path, first: int) -> None:
    """Put documents and remove every fifth again, saying so only after the commit."""
    number = first
    while True:
        # Sessions end now and then: engines tidy up at their end.
        with open_store(opener, data).write() as writer:
            for _ in range(40):
                pair = (2 * number, 2 * number + 1)
                writer.put([indexed(document(text_of(n), f"/{n}.txt")) for n in pair], SPEC)
                sender.send([("put", n) for n in pair])
                if number % 5 == 0:
                    sender.send([("removing", 2 * number)])
                    writer.remove_source(f"/{2 * number}.txt")
                    sender.send([("removed", 2 * number)])
                number += 1


def survive_kills(opener: str, data: Path, *, kills: int) -> None:
    """Nothing acknowledged is lost by so many kills, and what was removed stays so."""
    choose = random.Random(5)
    stored: dict[int, str] = {}
    for kill in range(kills):
        first = max(stored, default=-1) // 2 + 2
        seconds = choose.random() * 0.5
        for said in run_until_killed(put_and_remove, opener, data, first, seconds=seconds):
            stored.update((number, verb) for verb, number in said)
        store = open_store(opener, data)
        assert store.check() == [], f"after kill {kill}"
        with store.read() as view:
            ids = {summary.id for summary in view.documents()}
            numbers = sorted(stored)
            for number in numbers:
                there = document(text_of(number)).id in ids
                if stored[number] != "removing":
                    assert there == (stored[number] == "put"), (kill, number, stored[number])
            last = max(number for number in numbers if stored[number] == "put")
            expected = passages(document(text_of(last)))[2].id
            # A few hundred unique words share 64 components, so some of them tie.
            assert expected in dense_ids(view, f"word unique{last}", limit=50)
            assert lexical_ids(view, f"unique{last}") == [expected]
        store.close()
    assert sum(verb == "put" for verb in stored.values()) > 10 * kills
    assert sum(verb == "removed" for verb in stored.values()) > kills
