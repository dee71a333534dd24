from __future__ import annotations

import httpx2 as httpx
import pytest


@pytest.mark.parametrize("path", ["/ask", "/search", "/v1/chat/completions"])
def test_a_body_that_is_not_sent_as_json_is_told_which_header_is_missing(quick_served, path):
    # What curl sends with -d and nothing else.
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = httpx.post(quick_served().url + path, content=b'{"question": "x"}', headers=form)
    assert answer.status_code in (400, 422)
    assert "Content-Type: application/json" in answer.text


def test_a_path_or_method_that_is_not_offered_is_named(quick_served):
    url = quick_served().url
    nothing = httpx.get(url + "/nothing")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    wrong = httpx.put(url + "/search")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "GET, POST"


def test_an_unforeseen_error_tells_the_client_no_more_than_its_id(
    quick_served, monkeypatch, caplog
):
    running = quick_served()

    def fail(*_):
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(running.assistant, "status", fail)
    answer = httpx.get(running.url + "/about")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "secret" in caplog.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
