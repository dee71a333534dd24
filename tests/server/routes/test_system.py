from __future__ import annotations

import httpx2 as httpx

from tests.server.routes.client import upload


def test_a_monitor_may_ask_for_the_head_alone(quick_served):
    url = quick_served().url
    for path in ("/", "/health/live"):
        answer = httpx.head(url + path)
        assert (answer.status_code, answer.content) == (200, b"")


def test_it_is_not_ready_when_the_index_was_made_by_another_model(quick_served, monkeypatch):
    running = quick_served()
    assert httpx.get(running.url + "/health/ready").status_code == 200
    upload(running.url, ("note.md", b"The heron nests."))
    other = type(running.assistant.encoder)(name="another")
    monkeypatch.setattr(running.assistant.models, "_given_encoder", other)
    answer = httpx.get(running.url + "/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "index_mismatch")
    assert "footnote reindex" in answer.json()["remedy"]
    assert httpx.get(running.url + "/health/live").status_code == 200
