"""Spans for OpenTelemetry: one a request, from FastAPI itself, and one a stage below it.

Nothing of this runs unless it is asked for. The packages come with the extra ``otel``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import TracerProvider, set_span_in_context

from rag.errors import SettingsError
from rag.types import Outcome

if TYPE_CHECKING:
    from server.observe import spans

__all__ = ["stage_spans", "telemetry_of", "tracing_provider"]

_log = logging.getLogger(__name__)
_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def tracing_provider(*, wanted: bool, collector_named: bool) -> spans.TracerProvider | None:
    """Where spans go: to the collector that OTEL_EXPORTER_OTLP_* name, or nowhere (None).

    ``wanted`` is the setting; ``collector_named`` is whether the environment names a
    collector, which is enough where the packages are installed.

    Raises:
        SettingsError: it is wanted and the packages are missing.
    """
    if not (wanted or collector_named):
        return None
    if not all(_installed(package) for package in _PACKAGES):
        if wanted:
            raise SettingsError(
                "setting 'server.tracing' needs OpenTelemetry, which is not installed",
                remedy="run pip install 'footnote[otel]' or set it to false",
            )
        _log.warning("no traces are sent; pip install 'footnote[otel]' to send them")
        return None
    # An optional package, and half a second to import.
    from server.observe.spans import collector_provider

    return collector_provider()


def telemetry_of(provider: TracerProvider | None) -> TelemetryConfig:
    """What FastAPI is told: spans of requests with a provider, nothing without.

    Its metrics and logs are ours already, and what it would send by itself because of the
    environment would show addresses, and so searches, whole.
    """
    return {
        "tracing": provider is not None,
        "tracer_provider": provider,
        "operation_spans": False,
        "metrics": False,
        "logs": False,
        "auto_configure": False,
    }


def stage_spans(provider: TracerProvider) -> Callable[[Outcome], None]:
    """Something to be told of each outcome, in the context of its request: it adds a span
    for the question and one below it for each stage.

    Stages run one after another and only their durations are known: each span begins
    where the one before it ends.
    """
    tracer = provider.get_tracer("footnote", version("footnote"))

    def tell(outcome: Outcome) -> None:
        laps = dict(outcome.timings_ms)
        ended = time.time_ns()
        began = ended - _nanoseconds(laps.pop("total", sum(laps.values())))
        asked = tracer.start_span("ask", start_time=began)
        asked.set_attribute("footnote.outcome", type(outcome).__name__.lower())
        below = set_span_in_context(asked)
        for stage, milliseconds in laps.items():
            span = tracer.start_span(stage, context=below, start_time=began)
            began += _nanoseconds(milliseconds)
            span.end(began)
        asked.end(max(ended, began))

    return tell


def _nanoseconds(milliseconds: float) -> int:
    return round(milliseconds * 1_000_000)


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
