"""What a running server tells of itself: metrics, logs, spans."""

from __future__ import annotations

import io
import json
import logging
import re
import time

import httpx2 as httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from rag.config import collector_named
from rag.errors import SettingsError
from server.observe import tracing
from server.observe.logs import configure_logging
from server.observe.spans import make_provider
from server.observe.tracing import tracing_provider
from tests.serving import serving

SECRET = "zebra-in-the-question"


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


def requests_in(log_lines, count):
    """The lines of ``count`` requests, which come after the client has its answer."""
    for _ in range(500):
        found = [line for line in log_lines() if line["event"] == "request"]
        if len(found) >= count:
            break
        time.sleep(0.01)
    assert len(found) == count
    return found


def samples(url, **headers):
    """{(name, labels): value} of /metrics."""
    answer = httpx.get(url + "/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


# -- metrics


def test_every_question_is_counted_by_its_outcome_and_stages(mill):
    with serving(mill) as running:
        for question in ("Who was the owner of the mill at Larkhill?", "Who is mayor of Beijing?"):
            assert httpx.post(running.url + "/ask", json={"question": question}).is_success
        found = samples(running.url)
    outcomes = {key: value for key, value in found.items() if key[0] == "footnote_outcomes_total"}
    assert sum(outcomes.values()) == 2
    answered = ("footnote_outcomes_total", ("kind", ""), ("outcome", "answered"), ("reason", ""))
    assert outcomes[answered] == 1
    abstained = [dict(key[1:]) for key in outcomes if ("outcome", "abstained") in key]
    assert abstained[0]["reason"]
    assert found["footnote_stage_duration_seconds_count", ("stage", "total")] == 2
    assert found["footnote_stage_duration_seconds_count", ("stage", "rerank")] >= 1


def test_routes_are_templates_and_never_what_a_client_wrote(mill):
    with serving(mill) as running:
        document = mill.documents()[0].id
        for path in (
            f"/documents/{document}",
            f"/documents/{SECRET}",
            f"/search?q={SECRET}",
            f"/{SECRET}",
            f"/static/{SECRET}.js",
            "/mcp",
        ):
            httpx.get(running.url + path)
        httpx.request("BREW", running.url + "/ask")
        found = samples(running.url)
    routes = {dict(key[1:])["route"] for key in found if key[0] == "footnote_http_requests_total"}
    assert {"/documents/{document_id}", "/search", "unmatched", "/static", "/mcp"} <= routes
    assert not [key for key in found if SECRET in str(key) or document in str(key)]
    methods = {dict(key[1:])["method"] for key in found if "method" in dict(key[1:])}
    assert methods == {"GET", "OTHER"}


def test_the_archive_the_queue_and_refusals_are_shown(mill, tmp_path):
    with serving(mill) as running:
        before = samples(running.url)
        assert before[("footnote_archive_documents",)] == 1
        assert before[("footnote_work_running",)] == before[("footnote_work_waiting",)] == 0
        assert before[("footnote_uploads_waiting",)] == 0
        assert before[("process_resident_memory_bytes",)] > 0
        (tmp_path / "quay.txt").write_text("The quay of Saltby was built by Tom Reed in 1950.")
        mill.ingest(tmp_path / "quay.txt")
        after = samples(running.url)
    assert after[("footnote_archive_documents",)] == 2
    states = [
        {key for key in found if key[0] == "footnote_archive_info"} for found in (before, after)
    ]
    assert states[0] != states[1]


def test_refusals_are_counted(quick, settings):
    limited = type(settings.server)(rate_limit="2/minute")
    with serving(quick(server=limited)) as running:
        statuses = [httpx.get(running.url + "/about").status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        key = running.assistant.journal.add_key("monitor", "read")
        found = samples(running.url, Authorization=f"Bearer {key.secret}")
    assert found["footnote_http_refusals_total", ("status", "429")] == 1


def test_metrics_need_a_key_where_keys_are_on(quick_served):
    running = quick_served()
    key = running.assistant.journal.add_key("monitor", "read")
    assert httpx.get(running.url + "/metrics").status_code == 401
    assert samples(running.url, Authorization=f"Bearer {key.secret}")


def test_two_servers_in_one_process_count_apart(quick_served, tmp_path):
    first, second = quick_served(data=tmp_path / "a"), quick_served(data=tmp_path / "b")
    httpx.get(first.url + "/about")
    about = ("footnote_http_requests_total", ("method", "GET"), ("route", "/about"))
    assert samples(first.url)[*about, ("status", "200")] == 1
    assert (*about, ("status", "200")) not in samples(second.url)


# -- logs


def test_every_request_is_one_line_with_its_id_and_no_words_of_the_question(mill, log_lines):
    with serving(mill) as running:
        asked = httpx.post(
            running.url + "/ask",
            json={"question": f"Who was {SECRET}?"},
            headers={"X-Request-ID": "desk-7"},
        )
        httpx.get(running.url + "/search", params={"q": SECRET})
    assert asked.headers["X-Request-ID"] == "desk-7"
    requests = requests_in(log_lines, 2)
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [
        ("POST", "/ask", 200),
        ("GET", "/search", 200),
    ]
    assert requests[0]["request_id"] == "desk-7"
    assert requests[0]["milliseconds"] > 0
    assert requests[0]["level"] == "info"
    assert SECRET not in json.dumps(log_lines())


def test_the_key_is_logged_by_its_id_alone(quick_served, log_lines):
    running = quick_served()
    key = running.assistant.journal.add_key("desk", "read")
    httpx.get(running.url + "/about", headers={"Authorization": f"Bearer {key.secret}"})
    (line,) = requests_in(log_lines, 1)
    assert line["key"] == key.record.id
    assert key.secret not in json.dumps(log_lines())


def test_a_strange_request_id_is_replaced(quick_served, log_lines):
    running = quick_served()
    answer = httpx.get(running.url + "/about", headers={"X-Request-ID": 'x" {evil}'})
    assert re.fullmatch(r"[0-9a-f]+", answer.headers["X-Request-ID"])
    (line,) = requests_in(log_lines, 1)
    assert line["request_id"] == answer.headers["X-Request-ID"]


def test_probes_are_not_logged_but_counted(quick_served, log_lines):
    running = quick_served()
    httpx.get(running.url + "/health/live")
    assert not [line for line in log_lines() if line["event"] == "request"]
    assert any("/health/live" in str(key) for key in samples(running.url))


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


# -- spans


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
    for stage in ("encode", "retrieve", "rerank", "judge", "compose"):
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
