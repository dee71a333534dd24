"""Who gets in: keys and scopes, hosts and origins, limits of rate and size."""

from __future__ import annotations

import time
from dataclasses import replace

import httpx2 as httpx
import pytest

from rag.errors import SettingsError
from rag.settings import ServerSettings
from server.http.problems import ProblemError
from server.http.security import Guard, check_binding, is_loopback

DOCUMENT = {"name": "note.md", "text": "The heron nests in March."}


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def keyed(quick_served):
    """A server with a key of each scope: (its url, its assistant, secrets by scope)."""
    running = quick_served()
    journal = running.assistant.journal
    secrets = {
        scope: journal.add_key(f"the {scope} one", scope).secret
        for scope in ("read", "write", "admin")
    }
    return running.url, running.assistant, secrets


def test_without_a_key_nothing_of_the_archive_can_be_read(keyed):
    url, _, _ = keyed
    for method, path in (
        ("GET", "/search?q=heron"),
        ("POST", "/ask"),
        ("GET", "/documents"),
        ("GET", "/documents/abc"),
        ("POST", "/documents"),
        ("DELETE", "/documents/abc"),
        ("GET", "/conversations"),
        ("POST", "/feedback"),
        ("GET", "/jobs/x"),
        ("GET", "/about"),
    ):
        for headers in ({}, bearer("fnk_wrong")):
            answer = httpx.request(method, url + path, headers=headers)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "footnote keys add" in answer.json()["remedy"]


def test_the_page_health_and_the_reference_need_no_key(keyed):
    url, _, _ = keyed
    html = {"Accept": "text/html"}
    for path in ("/", "/docs", "/openapi.json", "/health/ready"):
        assert httpx.get(url + path).status_code == 200, path
    assert httpx.get(url + "/health/live").status_code == 200
    assert httpx.get(url + "/documents/abc", headers=html).status_code == 200


def test_a_key_can_do_what_its_scope_allows_and_no_more(keyed):
    url, assistant, secrets = keyed
    refused = httpx.post(url + "/documents", json=DOCUMENT, headers=bearer(secrets["read"]))
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert "--scope write" in refused.json()["remedy"]
    assert not assistant.documents()
    added = httpx.post(url + "/documents", json=DOCUMENT, headers=bearer(secrets["write"]))
    assert added.status_code == 201
    found = httpx.get(url + "/search?q=heron", headers=bearer(secrets["read"]))
    assert found.json()["hits"]


def test_a_revoked_key_is_worthless_at_once(keyed):
    url, assistant, secrets = keyed
    assert httpx.get(url + "/about", headers=bearer(secrets["read"])).status_code == 200
    assert assistant.journal.revoke_key("the read one")
    assert httpx.get(url + "/about", headers=bearer(secrets["read"])).status_code == 401


def test_revoking_every_key_does_not_open_the_archive(keyed):
    url, assistant, secrets = keyed
    for name in secrets:
        assert assistant.journal.revoke_key(f"the {name} one")
    assert httpx.get(url + "/documents").status_code == 401


def test_conversations_are_their_owners_and_the_admins(keyed):
    url, assistant, secrets = keyed
    other = assistant.journal.add_key("another", "read").secret
    asked = {"question": "When does the heron nest?", "conversation_id": "new"}
    kept = httpx.post(url + "/ask", json=asked, headers=bearer(secrets["read"])).json()
    path = f"{url}/conversations/{kept['conversation_id']}"
    again = {**asked, "conversation_id": kept["conversation_id"]}
    verdict = {"turn_id": kept["turn_id"], "verdict": "wrong"}
    assert httpx.get(path, headers=bearer(other)).status_code == 404
    assert httpx.delete(path, headers=bearer(other)).status_code == 404
    assert httpx.post(url + "/ask", json=again, headers=bearer(other)).status_code == 404
    assert httpx.post(url + "/feedback", json=verdict, headers=bearer(other)).status_code == 404
    assert httpx.get(url + "/conversations", headers=bearer(other)).json()["total"] == 0
    assert httpx.get(path, headers=bearer(secrets["read"])).status_code == 200
    assert httpx.get(path, headers=bearer(secrets["admin"])).status_code == 200


def test_guessing_keys_is_slowed_down(keyed):
    url, _, _ = keyed
    codes = [httpx.get(url + "/about", headers=bearer(f"fnk_{n}")).status_code for n in range(25)]
    assert codes[0] == 401
    assert codes[-1] == 429


def test_addresses_that_tried_wrong_keys_are_forgotten(quick, monkeypatch):
    # Whoever has an IPv6 network has more addresses than the server has memory.
    monkeypatch.setattr("server.http.security._FAILED_LIMIT", "20/second")
    journal = quick().journal
    journal.add_key("reader", "read")
    guard = Guard(ServerSettings(), journal)

    def guess(address):
        with pytest.raises(ProblemError, match="unknown or revoked"):
            guard.admit("fnk_wrong", address, "read")

    def remembered():
        storage = vars(guard._limiter.storage)
        return max(len(kept) for kept in storage.values() if isinstance(kept, dict))

    for number in range(200):
        guess(f"2001:db8::{number:x}")
    assert remembered() > 100
    deadline = time.monotonic() + 10
    while remembered() > 10 and time.monotonic() < deadline:
        time.sleep(0.2)
        guess("192.0.2.1")
    assert remembered() <= 10


def test_too_many_requests_are_told_when_to_come_back(quick_served):
    url = quick_served(server=ServerSettings(rate_limit="3/minute")).url
    answers = [httpx.get(url + "/documents") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    # One more may pass where a window of the clock ends between them.
    answers = [httpx.get(url + "/documents") for _ in range(2)]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert "server.rate_limit" in answers[-1].json()["remedy"]


def test_a_rate_limit_that_cannot_be_read_is_named(quick_served):
    with pytest.raises(SettingsError, match=r"rate_limit.*120/minute"):
        quick_served(server=ServerSettings(rate_limit="often"))


def test_without_keys_it_answers_only_to_this_machines_names(quick_served):
    # What DNS rebinding does: a page's own name is made to mean 127.0.0.1.
    url = quick_served().url
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", ""):
        answer = httpx.get(url + "/documents", headers={"Host": host})
        assert answer.status_code in (400, 421), host
    assert httpx.get(url + "/documents", headers={"Host": "localhost:1"}).status_code == 200


def test_a_name_or_public_url_that_was_allowed_is_answered(quick_served):
    allowed = ServerSettings(allowed_hosts=("archive.example",), public_url="https://a.example/x")
    url = quick_served(server=allowed).url
    for host in ("archive.example", "a.example"):
        assert httpx.get(url + "/documents", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Host": "[bad"}, {"Host": "[::1"}, {"Origin": "http://["}, {"Origin": "null"}]
)
def test_a_malformed_host_or_origin_is_refused_like_a_foreign_one(quick_served, headers):
    answer = httpx.get(quick_served().url + "/documents", headers=headers)
    assert answer.status_code == (421 if "Host" in headers else 403)


def test_the_page_at_the_public_url_may_call_it_whichever_port_the_proxy_passes_on(quick_served):
    behind = ServerSettings(public_url="https://a.example:8443/")
    url = quick_served(server=behind).url
    for origin, status in (
        ("https://a.example:8443", 200),
        ("https://a.example:9000", 403),
        ("http://a.example:8443", 403),
    ):
        answer = httpx.get(url + "/documents", headers={"Host": "a.example", "Origin": origin})
        assert answer.status_code == status, origin


def test_pages_of_other_origins_may_not_call_it(quick_served):
    running = quick_served()
    answer = httpx.post(
        running.url + "/documents",
        files={"file": ("note.md", b"Planted by another page.")},
        headers={"Origin": "https://evil.example"},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")
    assert not running.assistant.documents()
    own = httpx.get(running.url + "/documents", headers={"Origin": running.url})
    assert own.status_code == 200
    assert "access-control-allow-origin" not in own.headers


def test_the_page_works_behind_a_proxy_that_drops_its_port_from_the_name(quick_served):
    public = "https://archive.example:8443"
    url = quick_served(server=ServerSettings(public_url=public)).url
    for origin, status in ((public, 200), ("https://archive.example:9", 403), ("null", 403)):
        headers = {"Host": "archive.example", "Origin": origin}
        assert httpx.get(url + "/static/js/main.js", headers=headers).status_code == status


def test_a_public_url_that_is_not_set_admits_no_origin_without_a_host(quick_served):
    headers = {"Origin": "null"}
    assert httpx.get(quick_served().url + "/documents", headers=headers).status_code == 403


def test_names_and_origins_that_are_none_are_refused_and_no_error(quick_served):
    url = quick_served(server=ServerSettings(public_url="https://archive.example")).url
    assert httpx.get(url + "/documents", headers={"Host": "[x"}).status_code in (400, 421)
    assert httpx.get(url + "/documents", headers={"Origin": "http://[x"}).status_code == 403


def test_origins_named_in_the_settings_may(quick_served):
    page = "https://reading-room.example"
    url = quick_served(server=ServerSettings(cors_origins=(page,))).url
    asked = {
        "Origin": page,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    preflight = httpx.options(url + "/ask", headers=asked)
    assert preflight.headers["access-control-allow-origin"] == page
    # What the clients of OpenAI and of MCP send beside those.
    asked["Access-Control-Request-Headers"] += ",x-stainless-arch,mcp-protocol-version"
    assert httpx.options(url + "/v1/models", headers=asked).status_code == 200
    asked["Origin"] = "https://evil.example"
    refused = httpx.options(url + "/v1/models", headers=asked)
    assert "access-control-allow-origin" not in refused.headers
    assert httpx.get(url + "/documents", headers={"Origin": page}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1"])
def test_loopback_is_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_what_is_not_loopback_is_not_taken_for_it(host):
    assert not is_loopback(host)


def test_listening_beyond_loopback_needs_a_key(quick):
    assistant = quick()
    beyond = replace(assistant.settings.server, host="0.0.0.0")
    with pytest.raises(SettingsError, match="footnote keys add"):
        check_binding(beyond, assistant.journal)
    check_binding(assistant.settings.server, assistant.journal)
    assistant.journal.add_key("reader", "read")
    check_binding(beyond, assistant.journal)


@pytest.mark.parametrize(
    "origin", ["https://a.example/", "https://a.example/page", "a.example", "*"]
)
def test_an_origin_that_no_browser_sends_is_refused_in_the_settings(origin):
    with pytest.raises(ValueError, match="is not an origin"):
        ServerSettings(cors_origins=(origin,))


def test_a_damaged_journal_is_named_and_the_process_still_counts_as_alive(quick_served):
    running = quick_served()
    running.assistant.journal.add_key("reader", "read")
    running.assistant.store.close()
    (running.assistant.settings.data / "journal.db").write_bytes(b"no database" * 1000)
    answer = httpx.get(running.url + "/documents")
    assert answer.json()["code"] in ("store_damaged", "store_unavailable")
    assert answer.json()["remedy"]
    assert httpx.get(running.url + "/health/live").status_code == 200
