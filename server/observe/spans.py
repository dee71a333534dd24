"""The OpenTelemetry SDK as Footnote uses it; needs the extra ``otel``."""

from __future__ import annotations

from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import (
    SERVICE_NAME,
    SERVICE_VERSION,
    OTELResourceDetector,
    Resource,
)
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter

__all__ = ["TracerProvider", "collector_provider", "make_provider"]


class _HideQuery(SpanProcessor):
    """Hides the query of a URL: it may contain a question."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if "url.query" in (span.attributes or {}):
            span.set_attribute("url.query", "REDACTED")

    def on_end(self, span: ReadableSpan) -> None:
        pass


def collector_provider() -> TracerProvider:
    """A provider that exports to the collector set in OTEL_EXPORTER_OTLP_*."""
    return make_provider(OTLPSpanExporter())


def make_provider(exporter: SpanExporter, *, batched: bool = True) -> TracerProvider:
    """A provider that exports to ``exporter``, in the background when batched."""
    named = Resource({SERVICE_NAME: "footnote", SERVICE_VERSION: version("footnote")})
    # Resource attributes of the environment override ours.
    provider = TracerProvider(resource=named.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(_HideQuery())
    send = BatchSpanProcessor if batched else SimpleSpanProcessor
    provider.add_span_processor(send(exporter))
    return provider
