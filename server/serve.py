"""`footnote serve`: one process that serves an archive over HTTP until it is told to end."""

from __future__ import annotations

import math
import signal
import socket

import uvicorn
from rich.console import Console

from rag.assistant import Assistant
from rag.config import ServerSettings, collector_named
from rag.errors import SettingsError
from server.app import create_app, model_seconds
from server.http.security import check_binding
from server.observe.logs import configure_logging
from server.observe.tracing import tracing_provider

__all__ = ["listen", "serve"]

# A question takes well under a second; whoever waits in the queue gets an answer too. A
# language model takes longer.
_GRACE_SECONDS = 30


def serve(assistant: Assistant, console: Console) -> None:
    """Load the models, then answer requests until SIGTERM or Ctrl-C.

    Requests that run when the signal comes are answered.

    Raises:
        SettingsError: it would be open to other machines without a key, cannot listen, or
            a language model's key is not there.
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
        # Ours has the request id, and not the address with its question.
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
            "No API key is set: every program and every user of this machine may read, add "
            "and remove documents. Make keys with 'footnote keys add NAME'.",
            style="bold yellow",
        )
    console.print(f"Serving {assistant.settings.data} at http://{host}:{port}", soft_wrap=True)
    # uvicorn ends in good order and then raises the signal again, which would kill this
    # process before it has closed what it opened.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listener])
    if tracer_provider is not None:
        tracer_provider.shutdown()


def listen(settings: ServerSettings) -> socket.socket:
    """A socket that listens where the settings say, and never holds back what is sent.

    Raises:
        SettingsError: it cannot listen there.
    """
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            (f"cannot listen at {settings.host} port {settings.port} ({error.strerror or error})"),
            remedy="choose others with --host and --port",
        ) from error
    # What is accepted inherits it. asyncio sets it only on sockets that name their protocol;
    # without it a body waits 40 ms behind its headers for a connection's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
