from __future__ import annotations

import httpx2 as httpx

from rag.settings import ServerSettings


def test_a_clients_own_request_id_comes_back_unless_it_is_odd(quick_served):
    url = quick_served().url
    mine = httpx.get(url + "/health/live", headers={"X-Request-ID": "mine-1"})
    odd = httpx.get(url + "/health/live", headers={"X-Request-ID": "a b\tc" * 99})
    assert mine.headers["x-request-id"] == "mine-1"
    assert " " not in odd.headers["x-request-id"]


def test_opener_isolation_is_asked_of_browsers_only_where_they_heed_it(quick_served):
    # Over plain HTTP under another name each page would log an error instead.
    url = quick_served(server=ServerSettings(allowed_hosts=("archive.example",))).url
    name = "cross-origin-opener-policy"
    assert httpx.get(url).headers[name] == "same-origin"
    assert name not in httpx.get(url, headers={"Host": "archive.example"}).headers
    secure = {"Host": "archive.example", "X-Forwarded-Proto": "https"}
    assert httpx.get(url, headers=secure).headers.get(name) == "same-origin"


def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(quick_served):
    limits = ServerSettings(max_body_bytes=1000, max_upload_bytes=2000)
    url = quick_served(server=limits).url

    def chunks():
        for _ in range(50):
            yield b"x" * 100

    for path in ("/ask", "/documents", "/search"):
        for body in (b"x" * 5000, chunks()):
            answer = httpx.post(
                url + path, content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 413, path
            assert "bytes" in answer.json()["remedy"] or "bytes" in answer.json()["detail"]


def test_every_answer_says_that_nothing_inline_may_run(quick_served):
    url = quick_served().url
    for path in ("/", "/documents", "/nothing", "/docs", "/health/live"):
        headers = httpx.get(url + path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"]
