"""The writer lock: one writer a data directory, and a name for who holds it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import StoreLockedError
from rag.store.local.connection import unusable

__all__ = ["is_locked", "writer_lock"]

_LOCK = "writer.lock"
_HOLDER = "writer.json"


@contextmanager
def writer_lock(data_dir: Path) -> Iterator[None]:
    """Hold the lock during the block; never waits for it.

    The operating system frees it when this process dies.

    Raises:
        StoreLockedError: another thread or process holds it.
        StoreError: the directory cannot be written.
    """
    # A lock of its own each time: two threads of one process exclude each other too.
    lock, holder = FileLock(data_dir / _LOCK, thread_local=False), data_dir / _HOLDER
    started = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        lock.acquire(blocking=False)
        holder.write_text(json.dumps({"pid": os.getpid(), "since": started}))
    except Timeout as error:
        raise StoreLockedError(
            f"{data_dir} is being written by {_described(holder)}", remedy="wait until it is done"
        ) from error
    except OSError as error:
        lock.release()
        raise unusable(data_dir, "written", error) from error
    try:
        yield
    finally:
        # Before the release: afterwards the file may be the next holder's.
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def is_locked(data_dir: Path) -> bool:
    """Whether a thread or process is writing now; true where that cannot be found out."""
    try:
        with FileLock(data_dir / _LOCK, thread_local=False).acquire(blocking=False):
            return False
    except (Timeout, OSError):
        return True


def _described(holder: Path) -> str:
    try:
        found = json.loads(holder.read_text())
        return f"process {found['pid']} since {found['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # it has taken the lock but not yet written its name
