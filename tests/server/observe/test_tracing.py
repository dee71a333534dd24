from __future__ import annotations

import httpx2 as httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rag.config import collector_named
from rag.errors import SettingsError
from server.observe import tracing
from server.observe.spans import make_provider
from server.observe.tracing import tracing_provider
from tests.server.observe.client import SECRET
from tests.serving import serving


def test_a_request_has_a_span_and_each_stage_one_below_it(mill):
    exporter = InMemorySpanExporter()
    provider = make_provider(exporter, batched=False)
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    with serving(mill, tracer_provider=provider) as running:
        httpx.post(
            running.url + "/ask",
            json={"question": "Who was the owner of the mill at Larkhill?"},
            headers={"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"},
        )
        httpx.get(running.url + "/search", params={"q": SECRET})
    spans = {span.name: span for span in exporter.get_finished_spans()}
    request, asked = spans["POST /ask"], spans["ask"]
    assert f"{request.context.trace_id:032x}" == trace_id
    assert asked.parent.span_id == request.context.span_id
    assert asked.attributes["footnote.outcome"] == "answer"
    for stage in ("encode", "retrieve", "read", "judge", "compose"):
        assert spans[stage].parent.span_id == asked.context.span_id
        assert asked.start_time <= spans[stage].start_time <= spans[stage].end_time
        assert spans[stage].end_time <= asked.end_time
    assert SECRET not in str([dict(span.attributes) for span in exporter.get_finished_spans()])
    assert request.resource.attributes["service.name"] == "footnote"


def test_the_last_spans_are_sent_before_the_server_ends(quick):
    exporter = InMemorySpanExporter()
    provider = make_provider(exporter)
    with serving(quick(), tracer_provider=provider) as running:
        httpx.get(running.url + "/about")
    assert [span.name for span in exporter.get_finished_spans()] == ["GET /about"]
    provider.shutdown()


def test_without_being_asked_for_nothing_is_traced():
    assert tracing_provider(wanted=False, collector_named=False) is None
    assert not collector_named({})
    assert not collector_named({"OTEL_EXPORTER_OTLP_ENDPOINT": "x", "OTEL_SDK_DISABLED": "true"})
    assert collector_named({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"})


def test_a_missing_package_is_an_error_only_where_tracing_is_asked_for(monkeypatch):
    monkeypatch.setattr(tracing, "_PACKAGES", ("opentelemetry.nowhere.at_all",))
    assert tracing_provider(wanted=False, collector_named=True) is None
    with pytest.raises(SettingsError, match=r"pip install 'footnote\[otel\]'"):
        tracing_provider(wanted=True, collector_named=False)


def test_a_provider_is_made_where_a_collector_is_named(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    provider = tracing_provider(wanted=False, collector_named=True)
    assert provider is not None
    provider.shutdown()
