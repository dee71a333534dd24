"""OpenTelemetry spans: one per request, by FastAPI itself, and below it one per stage.

Off unless enabled. The packages come with the extra ``otel``.
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

_log = logging.getLogger(__name__)
_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def tracing_provider(*, wanted: bool, collector_named: bool) -> spans.TracerProvider | None:
    """Where spans are exported: to the collector set in OTEL_EXPORTER_OTLP_*, or None.

    ``wanted`` is the setting; ``collector_named`` is whether the environment names a
    collector, which suffices when the packages are installed.

    Raises:
        SettingsError: tracing is wanted and the packages are missing.
    """
    if not (wanted or collector_named):
        return None
    if not all(_installed(package) for package in _PACKAGES):
        if wanted:
            raise SettingsError(
                "setting 'server.tracing' needs OpenTelemetry, which is not installed",
                remedy="run \"pip install 'footnote[otel]'\" or set it to false",
            )
        _log.warning(
            "no traces are exported: install the extra with \"pip install 'footnote[otel]'\""
        )
        return None
    # Optional packages that take half a second to import.
    from server.observe.spans import collector_provider

    return collector_provider()


def telemetry_of(provider: TracerProvider | None) -> TelemetryConfig:
    """FastAPI's telemetry: spans of requests with a provider, nothing without.

    Metrics and logs are our own. Its automatic configuration stays off: it would export
    whole URLs, and with them searches.
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
    """A function to call with each outcome, in the context of its request: it adds a span
    for the question and one below it for each stage.

    Stages run in sequence and only their durations are known: each span starts where the
    previous one ends.
    """
    tracer = provider.get_tracer("footnote", version("footnote"))

    def add_spans(outcome: Outcome) -> None:
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

    return add_spans


def _nanoseconds(milliseconds: float) -> int:
    return round(milliseconds * 1_000_000)


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
