"""A running server for tests: the real application on loopback, in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from rag.assistant import Assistant
from rag.settings import ServerSettings
from server.app import create_app
from server.serve import listen

__all__ = ["Served", "serving"]


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens (no slash at the end), and the assistant that answers."""

    url: str
    assistant: Assistant


@contextmanager
def serving(assistant: Assistant, **arguments: Any) -> Iterator[Served]:
    """The archive served on a free port until the block ends; arguments are create_app's."""
    app = create_app(assistant, **arguments)
    listener = listen(ServerSettings(port=0))
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it began"
        time.sleep(0.01)
    try:
        yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", assistant)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
