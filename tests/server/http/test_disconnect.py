"""Clients that go before they are answered cost nobody else time, and are no failure."""

from __future__ import annotations

import json
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from rag.settings import ServerSettings

ASKED = {"question": "When does the heron nest?"}
SAID = [{"role": "user", "content": "When does the heron nest?"}]


def send(url, path, body, *, announced=None, media_type="application/json"):
    """A connection on which the start of a request was sent."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {media_type}\r\n"
        "Accept: application/json, text/event-stream\r\n"
        f"Content-Length: {announced or len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def gauge(url, name):
    lines = httpx.get(url + "/metrics").text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ask", ASKED),
        ("/ask", {**ASKED, "stream": True}),
        ("/search", {"query": "heron"}),
        ("/v1/chat/completions", {"model": "footnote", "messages": SAID}),
        ("/v1/responses", {"model": "footnote", "input": "When does the heron nest?"}),
    ],
)
def test_a_question_whose_client_has_gone_is_not_worked_on(quick_served, monkeypatch, path, body):
    running = quick_served(server=ServerSettings(workers=1))
    release, asked = threading.Event(), []

    def ask(question, **_):
        asked.append(question)
        release.wait(10)

    monkeypatch.setattr(running.assistant, "stream", ask)
    monkeypatch.setattr(running.assistant, "search", ask)
    first = send(running.url, "/ask", json.dumps(ASKED).encode())
    wait_until(lambda: asked)
    second = send(running.url, path, json.dumps(body).encode())
    wait_until(lambda: gauge(running.url, "footnote_work_waiting") == 1)
    second.close()
    wait_until(lambda: gauge(running.url, "footnote_work_waiting") == 0)
    release.set()
    first.close()
    wait_until(lambda: gauge(running.url, "footnote_work_running") == 0)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/documents", "multipart/form-data; boundary=b"), ("/documents", "application/json")],
)
def test_an_upload_that_breaks_off_is_no_failure_of_the_server(
    quick_served, caplog, path, media_type
):
    url = quick_served().url
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nThe her'
    send(url, path, start, announced=10_000, media_type=media_type).close()
    counted = 'footnote_http_requests_total{method="POST",route="/documents",status="499"} 1.0'
    wait_until(lambda: counted in httpx.get(url + "/metrics").text)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert httpx.get(url + "/documents").json()["total"] == 0
