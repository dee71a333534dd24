"""Logs on standard error: one line of JSON per event, or coloured lines on a terminal.

Nothing at level info contains words of a question, of a document or of a key.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog

LogFormat = Literal["auto", "json", "console"]

# At level info they log what was sent to them, or each request.
_TALKATIVE = ("mcp", "httpx2", "httpcore2", "sentence_transformers", "uvicorn.access")


def configure_logging(log_format: LogFormat = "auto", *, stream: TextIO | None = None) -> None:
    """Send all logs of the process, including libraries', to ``stream`` in one format.

    All code logs through ``logging``; ``extra`` and structlog's context variables become
    fields of the event.

    "auto" is "console" when the stream is a terminal, else "json". ``stream`` None is
    standard error.
    """
    stream = sys.stderr if stream is None else stream
    console = log_format == "console" or (log_format == "auto" and stream.isatty())
    added: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=added,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_colours,
                *_rendering(console=console, colours=stream.isatty()),
            ],
        )
    )
    _take_over(handler)


def _without_colours(
    logger: object, method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Drop uvicorn's second, coloured copy of each message."""
    event.pop("color_message", None)
    return event


def _rendering(*, console: bool, colours: bool) -> list[structlog.typing.Processor]:
    if console:
        return [structlog.dev.ConsoleRenderer(colors=colours)]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _take_over(handler: logging.Handler) -> None:
    """Make ``handler`` the only one of the process, including uvicorn's loggers."""
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
