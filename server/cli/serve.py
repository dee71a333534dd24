"""``footnote serve`` and ``mcp``."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from server.cli.console import make_console
from server.cli.options import Config, Data, opened


def serve(
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Address to listen on [default: 127.0.0.1]."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, metavar="PORT", help="Port [default: 8000]; 0 picks a free one."
        ),
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Start the HTTP server: web page, API and MCP."""
    from server.serve import serve as serve_archive

    with opened(data, config, **{"server.host": host, "server.port": port}) as assistant:
        serve_archive(assistant, make_console(stderr=True))


def serve_mcp(data: Data = None, config: Config = None) -> None:
    """Run an MCP server on standard input and output. It serves one client."""
    import anyio

    from server.mcp.tools import run_stdio
    from server.observe.logs import configure_logging

    with opened(data, config) as assistant:
        configure_logging(assistant.settings.server.log_format)
        public_url = assistant.settings.server.public_url
        anyio.run(partial(run_stdio, assistant, public_url=public_url))
