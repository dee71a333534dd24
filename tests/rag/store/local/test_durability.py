"""What was acknowledged survives kill -9, at any moment, again and again."""

from __future__ import annotations

import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag.store.local.store import LocalStore, LocalStoreSettings
from rag.store.local.writer import SnapshotSettings
from tests.store_cases import SPEC, dense_ids, document, indexed, lexical_ids, passages

KILLS = 21
# Snapshots all the time, and an oplog pruned right behind them.
SETTINGS = LocalStoreSettings(snapshots=SnapshotSettings(30, 0.0, 20))


def text_of(number: int) -> str:
    """Three lines; one word is in no other document."""
    return f"first line w{number % 7}\nsecond line w{number % 5}\nword unique{number}"


def child(data: str, first: int) -> None:
    """Put documents and remove every fifth again, saying so only after the commit."""
    number = first
    while True:
        # Sessions end now and then, which takes a snapshot too.
        with LocalStore.open(Path(data), settings=SETTINGS).write() as writer:
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


def run_until_killed(data: Path, first: int, seconds: float) -> list[tuple[str, int]]:
    """What the child acknowledged, and 'removing' for what it may have done unsaid."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.rag.store.local.test_durability", str(data), str(first)],
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


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    data = tmp_path / "data"
    choose = random.Random(5)
    stored: dict[int, str] = {}
    for kill in range(KILLS):
        first = max(stored, default=-1) // 2 + 2
        for verb, number in run_until_killed(data, first, choose.random() * 0.6):
            stored[number] = verb
        store = LocalStore.open(data, settings=SETTINGS)
        found = {problem.code for problem in store.check()}
        assert found <= {"files.stray"}, f"after kill {kill}: {store.check()}"
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
                pass  # the next writer cleans up
            assert store.check() == []
        store.close()
    assert sum(verb == "put" for verb in stored.values()) > 10 * KILLS
    assert sum(verb == "removed" for verb in stored.values()) > KILLS


if __name__ == "__main__":
    child(sys.argv[1], int(sys.argv[2]))
