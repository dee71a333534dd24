"""The one thread that reads uploaded documents into the archive, job after job."""

from __future__ import annotations

import logging
import threading

from rag.assistant import Assistant
from rag.errors import FootnoteError, StoreLockedError

__all__ = ["UploadWorker"]

_log = logging.getLogger(__name__)

# How long it waits for another writer, and looks for jobs that nobody told it of.
_RETRY_SECONDS = 1.0
_IDLE_SECONDS = 30.0
# A job cut short goes on when the server starts again.
_CLOSE_SECONDS = 20.0


class UploadWorker:
    """Works off stored jobs, those of a server that died included.

    One thread: the store has one writer, and a second would only take a question's core.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="footnote-uploads", daemon=True)

    def start(self) -> None:
        """Begin, with what is waiting already."""
        self._thread.start()

    def wake(self) -> None:
        """There is a new job."""
        self._wake.set()

    def close(self) -> None:
        """Finish the file at hand; what is left waits for the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_SECONDS)

    def _work(self) -> None:
        while not self._stop.is_set():
            # Before the look, so that a job that comes during it is not slept over.
            self._wake.clear()
            self._wake.wait(self._work_off())

    def _work_off(self) -> float:
        """Run every waiting job; return the seconds after which to look again."""
        try:
            self._assistant.work_off_uploads(self._stop.is_set)
        except StoreLockedError:
            return _RETRY_SECONDS
        except FootnoteError as error:
            # The job stays; whoever asks for it is told the same.
            _log.warning("uploads wait: %s", error)
        except Exception:  # noqa: BLE001
            # The thread must outlive what nobody foresaw; a job that fails so three
            # times is given up.
            _log.exception("an upload failed")
            return _RETRY_SECONDS
        return _IDLE_SECONDS
