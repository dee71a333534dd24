"""The writer lock: one writer a data directory, and a name for who holds it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import StoreLockedError
from rag.store.local.connection import unusable

__all__ = ["HOLDER_NAME", "LOCK_NAME", "WriterLock"]

LOCK_NAME = "writer.lock"
HOLDER_NAME = "writer.json"


class WriterLock:
    """Held by one thread of one process; the operating system frees it if that dies."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._holder = data_dir / HOLDER_NAME
        self._in_process = threading.Lock()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock during the block; never waits for it.

        Raises:
            StoreLockedError: another thread or process holds it.
            StoreError: the directory cannot be written.
        """
        if not self._in_process.acquire(blocking=False):
            raise StoreLockedError(
                f"another thread of this process is writing to {self._data_dir}",
                remedy="wait until it is done",
            )
        try:
            lock = FileLock(self._data_dir / LOCK_NAME, thread_local=False)
            try:
                lock.acquire(blocking=False)
            except Timeout as error:
                raise StoreLockedError(
                    f"{self._data_dir} is being written by {self._describe_holder()}",
                    remedy="wait until it is done",
                ) from error
            except OSError as error:
                raise unusable(self._data_dir, "written", error) from error
            try:
                self._sign()
                yield
            finally:
                # Before the release: afterwards the file may be the next holder's.
                with suppress(OSError):
                    self._holder.unlink(missing_ok=True)
                lock.release()
        finally:
            self._in_process.release()

    def is_held(self) -> bool:
        """Whether a thread or process is writing now; true where that cannot be found out."""
        try:
            if not self._data_dir.is_dir():
                return False
            with FileLock(self._data_dir / LOCK_NAME, thread_local=False).acquire(blocking=False):
                return False
        except (Timeout, OSError):
            return True

    def _sign(self) -> None:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            self._holder.write_text(json.dumps({"pid": os.getpid(), "since": started}))
        except OSError as error:
            raise unusable(self._data_dir, "written", error) from error

    def _describe_holder(self) -> str:
        try:
            holder = json.loads(self._holder.read_text())
            return f"process {holder['pid']} since {holder['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"  # it has taken the lock but not yet signed
