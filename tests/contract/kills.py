"""A writer that is killed at any moment, again and again, and what must be left of its work."""

from __future__ import annotations

import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from pkgutil import resolve_name

from rag.store.base import Store
from tests.store_cases import SPEC, dense_ids, document, indexed, lexical_ids, passages

__all__ = ["open_store", "survive_kills"]


def open_store(opener: str, data: Path) -> Store:
    """The store that ``module:name`` opens in a data directory."""
    opened: Store = resolve_name(opener)(data)
    return opened


def text_of(number: int) -> str:
    """Three lines; one word is in no other document."""
    return f"first line w{number % 7}\nsecond line w{number % 5}\nword unique{number}"


def child(opener: str, data: str, first: int) -> None:
    """Put documents and remove every fifth again, saying so only after the commit."""
    number = first
    while True:
        # Sessions end now and then: engines tidy up at their end.
        with open_store(opener, Path(data)).write() as writer:
            for _ in range(40):
                batch = [
                    indexed(document(text_of(n), f"/{n}.txt")) for n in (2 * number, 2 * number + 1)
                ]
                writer.put(batch, SPEC)
                sys.stdout.write(f"put {2 * number}\nput {2 * number + 1}\n")
                sys.stdout.flush()
                if number % 5 == 0:
                    sys.stdout.write(f"removing {2 * number}\n")
                    sys.stdout.flush()
                    writer.remove_source(f"/{2 * number}.txt")
                    sys.stdout.write(f"removed {2 * number}\n")
                    sys.stdout.flush()
                number += 1


def run_until_killed(opener: str, data: Path, first: int, seconds: float) -> list[tuple[str, int]]:
    """What the child acknowledged, and 'removing' for what it may have done unsaid."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.kills", opener, str(data), str(first)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    # From its first words on, so that starting Python is no part of the time.
    assert select.select([process.stdout], [], [], 60)[0], "the child does not start"
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said
    whole = said[: said.rfind("\n") + 1].splitlines()
    return [(verb, int(number)) for verb, number in (line.split() for line in whole)]


def survive_kills(opener: str, data: Path, *, kills: int, leftovers: set[str]) -> None:
    """Nothing acknowledged is lost by so many kills, and what was removed stays so.

    ``leftovers`` are the codes of findings that the next writer of itself clears away.
    """
    choose = random.Random(5)
    stored: dict[int, str] = {}
    for kill in range(kills):
        first = max(stored, default=-1) // 2 + 2
        for verb, number in run_until_killed(opener, data, first, choose.random() * 0.6):
            stored[number] = verb
        store = open_store(opener, data)
        found = {finding.code for finding in store.check()}
        assert found <= leftovers, f"after kill {kill}: {store.check()}"
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
        if found:
            with store.write():
                pass
            assert store.check() == []
        store.close()
    assert sum(verb == "put" for verb in stored.values()) > 10 * kills
    assert sum(verb == "removed" for verb in stored.values()) > kills


if __name__ == "__main__":
    child(sys.argv[1], sys.argv[2], int(sys.argv[3]))
