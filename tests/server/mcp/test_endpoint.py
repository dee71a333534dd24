from __future__ import annotations

import json
from dataclasses import replace

import anyio
import anyio.to_thread
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.server.mcp.client import text_of


def over_http(url, work, *, mode="auto", **headers):
    """What ``work(client)`` returns, with the SDK's client connected to a running server."""

    async def main():
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(url + "/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                return await work(client)

    return anyio.run(main)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_client_over_http_is_answered_with_links_that_open(served, mode):
    async def work(client):
        asked = await client.call_tool(
            "ask", {"question": "How many guests attended UNIDO Day 2024?"}
        )
        found = await client.call_tool("search", {"query": "Huawei in Shenzhen"})
        first = json.loads(text_of(found))["results"][0]
        return asked, first, await client.call_tool("fetch", {"id": first["id"]})

    asked, first, fetched = over_http(served.url, work, mode=mode)
    assert "300 guests" in text_of(asked)
    assert asked.structured_content["outcome"] == "answered"
    assert f"{served.url}/documents/" in text_of(asked)
    assert httpx2.get(first["url"]).json()["span"]["quote"] == first["text"]
    assert json.loads(text_of(fetched))["url"] == first["url"]


def test_many_clients_at_once_are_all_answered(served):
    async def work(client):
        answers = []

        async def ask(number):
            answers.append(await client.call_tool("search", {"query": f"Huawei {number}"}))

        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(ask, number)
        return answers

    answers = over_http(served.url, work)
    assert len(answers) == 12
    assert not any(answer.is_error for answer in answers)


def test_a_key_is_needed_and_a_reading_one_is_enough(quick_served):
    running = quick_served()
    key = running.assistant.journal.add_key("tools", "read")
    refused = httpx2.post(running.url + "/mcp", json={})
    assert refused.status_code == 401
    assert refused.json()["code"] == "key_missing"

    async def work(client):
        return await client.call_tool("search", {"query": "anything"})

    result = over_http(running.url, work, Authorization=f"Bearer {key.secret}")
    assert json.loads(text_of(result)) == {"results": []}


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [("Host", "attacker.example", 421), ("Origin", "https://attacker.example", 403)],
)
def test_a_page_of_elsewhere_cannot_reach_the_tools(quick_served, header, value, status):
    running = quick_served()
    answer = httpx2.post(running.url + "/mcp", json={}, headers={header: value})
    assert answer.status_code == status


def test_the_limits_of_other_routes_hold(quick_served, settings):
    limited = replace(settings.server, rate_limit="2/minute", max_body_bytes=1000)
    running = quick_served(server=limited)
    assert httpx2.post(running.url + "/mcp", content=b"x" * 2000).status_code == 413
    statuses = [httpx2.post(running.url + "/mcp", json={}).status_code for _ in range(3)]
    assert statuses[-1] == 429
    assert httpx2.get(running.url + "/mcp").status_code == 405
