from __future__ import annotations

import io
import logging

from server.observe.logs import configure_logging


def test_logs_of_libraries_come_in_the_same_format(log_lines):
    coloured = {"color_message": "it is \x1b[1m%s"}
    logging.getLogger("uvicorn.error").warning("it is %s", "late", extra=coloured)
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("anything").exception("failed")
    late, failed = log_lines()
    assert (late["event"], late["level"], late["logger"]) == (
        "it is late",
        "warning",
        "uvicorn.error",
    )
    assert "ValueError: broken" in failed["exception"]
    assert "color_message" not in late
    assert late["timestamp"].endswith("Z")


def test_the_console_format_is_for_people(log_lines):
    stream = io.StringIO()
    configure_logging("console", stream=stream)
    logging.getLogger("uvicorn.error").info("started")
    assert "started" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
