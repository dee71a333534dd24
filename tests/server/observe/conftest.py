from __future__ import annotations

import io
import json
import logging

import pytest

from server.observe.logs import configure_logging


@pytest.fixture
def mill(quick, tmp_path):
    """An Assistant over one document, with models that need no weights."""
    (tmp_path / "mill.txt").write_text(
        "The mill at Larkhill burned down in 1911. Its owner was Edna Moss.", encoding="utf-8"
    )
    assistant = quick()
    assistant.ingest(tmp_path / "mill.txt")
    return assistant


@pytest.fixture
def log_lines():
    """What is logged, as JSON; afterwards logging is as it was."""
    root = logging.getLogger()
    before = root.handlers, root.level
    levels = {
        name: (logger.level, logger.handlers, logger.propagate)
        for name, logger in root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    stream = io.StringIO()
    configure_logging("json", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = before
    for name, (level, handlers, propagate) in levels.items():
        logger = logging.getLogger(name)
        logger.level, logger.handlers, logger.propagate = level, handlers, propagate
