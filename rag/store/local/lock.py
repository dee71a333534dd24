"""The writer lock: one writer a data directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import StoreLockedError
from rag.store.local.connection import unusable


@contextmanager
def writer_lock(data_dir: Path) -> Iterator[None]:
    """Hold the lock during the block; never waits for it.

    The operating system frees it when this process dies.

    Raises:
        StoreLockedError: another thread or process holds it.
        StoreError: the directory cannot be written.
    """
    # A lock of its own each time: two threads of one process exclude each other too.
    lock = FileLock(data_dir / "writer.lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise StoreLockedError(
            f"{data_dir} is being written by another process or thread",
            remedy="wait until it is done",
        ) from error
    except OSError as error:
        raise unusable(data_dir, "written", error) from error
    try:
        yield
    finally:
        lock.release()
