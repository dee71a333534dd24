"""What a running server tells of itself: metrics, logs, spans."""

from __future__ import annotations

import json
import re
import time

import httpx2 as httpx

from tests.server.observe.client import SECRET, samples
from tests.serving import serving


def requests_in(log_lines, count):
    """The lines of ``count`` requests, which come after the client has its answer."""
    for _ in range(500):
        found = [line for line in log_lines() if line["event"] == "request"]
        if len(found) >= count:
            break
        time.sleep(0.01)
    assert len(found) == count
    return found


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
