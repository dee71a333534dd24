"""`footnote serve`: one process that serves an archive over HTTP until it is stopped."""

from __future__ import annotations

import math
import signal
import socket

import uvicorn
from rich.console import Console

from rag.assistant import Assistant
from rag.config import collector_named
from rag.errors import SettingsError
from rag.settings import ServerSettings
from server.app import create_app, model_seconds
from server.http.security import check_binding
from server.observe.logs import configure_logging
from server.observe.tracing import tracing_provider

# Time for running and queued questions to finish at shutdown; each takes well under a second
# without a language model.
_GRACE_SECONDS = 30


def serve(assistant: Assistant, console: Console) -> None:
    """Load the models, then serve requests until SIGTERM or Ctrl-C.

    Requests in progress at that moment are completed.

    Raises:
        SettingsError: other machines could reach it without a key, it cannot listen, or the
            API key of a language model is missing.
        ModelError: a model cannot be loaded.
    """
    settings = assistant.settings.server
    journal = assistant.journal
    check_binding(settings, journal)
    configure_logging(settings.log_format)
    tracer_provider = tracing_provider(wanted=settings.tracing, collector_named=collector_named())
    app = create_app(assistant, tracer_provider=tracer_provider)
    with console.status("loading models"):
        assistant.load_models()
    host = settings.host
    host = f"[{host.strip('[]')}]" if ":" in host else host
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        # Our log has the request id and omits the query, which may contain a question.
        access_log=False,
        server_header=False,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=max(_GRACE_SECONDS, math.ceil(model_seconds(assistant.settings))),
        timeout_keep_alive=30,
    )
    listener = listen(settings)
    port = listener.getsockname()[1]
    if not journal.has_keys():
        console.print(
            "There is no API key: every program and every user of this machine may read, add "
            "and remove documents. Create keys with 'footnote keys add NAME'.",
            style="bold yellow",
        )
    console.print(f"Serving {assistant.settings.data} at http://{host}:{port}", soft_wrap=True)
    # uvicorn shuts down cleanly and then raises the signal again, which would kill this
    # process before it has closed the store.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listener])
    if tracer_provider is not None:
        tracer_provider.shutdown()


def listen(settings: ServerSettings) -> socket.socket:
    """A listening socket at the configured host and port, with TCP_NODELAY.

    Raises:
        SettingsError: the address or the port is not available.
    """
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror or error}",
            remedy="choose another address with --host and --port",
        ) from error
    # Accepted connections inherit it. asyncio sets it only on sockets with an explicit
    # protocol; without it a body waits 40 ms for the acknowledgement of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
