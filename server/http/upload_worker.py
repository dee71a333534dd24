"""The thread that reads uploaded documents into the archive, one job after the other."""

from __future__ import annotations

import logging
import threading

from rag.assistant import Assistant
from rag.errors import FootnoteError, StoreLockedError

_log = logging.getLogger(__name__)

# Until it tries again when another process is writing, and until it looks for jobs that
# it was not woken for.
_RETRY_SECONDS = 1.0
_IDLE_SECONDS = 30.0
# An interrupted job is resumed when the server starts again.
_CLOSE_SECONDS = 20.0


class UploadWorker:
    """Runs stored upload jobs, including those of a server that crashed.

    One thread: the store has one writer, and a second thread would only compete with
    questions for a core.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="footnote-uploads", daemon=True)

    def start(self) -> None:
        """Start, with the jobs that are already waiting."""
        self._thread.start()

    def wake(self) -> None:
        """Look for a new job now."""
        self._wake.set()

    def close(self) -> None:
        """Finish the current file and stop; the rest is resumed at the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_SECONDS)

    def _work(self) -> None:
        while not self._stop.is_set():
            # Cleared first, so that a job that arrives meanwhile is not missed.
            self._wake.clear()
            self._wake.wait(self._run_jobs())

    def _run_jobs(self) -> float:
        """Run every waiting job; return the seconds until the next look."""
        try:
            self._assistant.work_off_uploads(self._stop.is_set)
        except StoreLockedError:
            return _RETRY_SECONDS
        except FootnoteError as error:
            # The job stays queued, and its status says the same.
            _log.warning("uploads are waiting: %s", error)
        except Exception:  # noqa: BLE001
            # The thread must survive unexpected errors; a job that fails like this three
            # times is marked as failed.
            _log.exception("an upload failed")
            return _RETRY_SECONDS
        return _IDLE_SECONDS
