"""A language model's answers through the ways in that speak OpenAI's protocol and MCP."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import anyio
import httpx2
import openai
import pytest
from mcp import Client

from rag.answer.settings import AnswerSettings
from rag.assistant import Assistant
from rag.config import ServerSettings
from rag.errors import StoreError
from rag.generate.settings import LanguageModelSettings
from rag.store.local.store import LocalStore
from server.mcp.tools import build_mcp, run_stdio
from server.openai.text import said_in
from tests.fake_endpoint import Reply, fake_endpoint, says
from tests.fakes import HashingEncoder, OverlapReranker
from tests.server.http.test_disconnect import gauge, send, wait_until
from tests.serving import serving

HERON = "The grey heron nests at Lake Ohrid in March 1987.\nIt lays four blue eggs.\n"
STORK = "The white stork nests at Lake Ohrid in April 1990.\n"
QUESTION = "When does the grey heron nest at Lake Ohrid?"
TRUE = "The grey heron nests at Lake Ohrid in March 1987 [1]."
OTHER = "The white stork nests at Lake Ohrid in April 1990 [2]."
INVENTED = "The grey heron was photographed by Marie Curie in 1911 [1]."
DRAFT = (f"{TRUE} ", f"{INVENTED} ", OTHER)


@pytest.fixture(scope="module")
def endpoint():
    with fake_endpoint(says("")) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def running(tmp_path_factory, settings, endpoint):
    """Two notes behind a real server, worded by whatever the endpoint's script is."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "heron.txt").write_text(f"Birds of the lake\n\n{HERON}", encoding="utf-8")
    (folder / "stork.txt").write_text(f"Storks\n\n{STORK}", encoding="utf-8")
    model = LanguageModelSettings(base_url=endpoint.base_url, model="scripted", timeout_seconds=9)
    changed = replace(
        settings,
        data=folder / "data",
        language_model=model,
        # Whether the evidence suffices is not what these tests are about.
        answer=AnswerSettings(min_support=0.0),
    )
    with Assistant(
        LocalStore.open(folder / "data"),
        changed,
        encoder=HashingEncoder(),
        reranker=OverlapReranker(),
    ) as assistant:
        assistant.ingest(folder / "heron.txt", folder / "stork.txt")
        with serving(assistant) as served:
            yield served


@pytest.fixture(scope="module")
def client(running):
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture
def script(endpoint):
    """A function that says what the model will write from now on."""

    def write(*scripts):
        endpoint.scripts[:] = scripts
        endpoint.received.clear()
        endpoint.hung_up.clear()

    return write


def chat(client, question=QUESTION, **more):
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="footnote", messages=messages, **more)


def streamed(client, **more):
    with chat(client, stream=True, **more) as stream:
        return list(stream)


def draft_held_back(seen):
    """The draft, of which the last sentence is not written before ``seen`` is set."""
    yield from DRAFT[:-1]
    assert seen.wait(8), "the first sentence was not told before the last one was written"
    yield DRAFT[-1]


def read(chunks):
    """Content and annotations that the chunks add up to, and the outcome."""
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    found = [each for d in deltas for each in getattr(d, "annotations", None) or []]
    return "".join(d.content or "" for d in deltas), found, chunks[-1].footnote


CASES = {
    "whole": Reply(pieces=DRAFT),
    "nothing supported": says(INVENTED),
    "dies after a claim": Reply(pieces=(*DRAFT, " And", " then"), dies_after=4, between=0.05),
    "dies at once": says(TRUE, dies_after=1),
    "down": Reply(status=500),
    "thinks": says(f"<think>{OTHER}</think>{TRUE}", size=5),
}


@pytest.mark.parametrize("composer", ["auto", "generative", "extractive"])
@pytest.mark.parametrize("case", CASES)
def test_a_stream_adds_up_to_what_is_answered_whole(client, script, case, composer):
    extension = {"extra_body": {"footnote": {"composer": composer}}}
    script(CASES[case])
    if composer == "generative" and case in ("dies at once", "down"):
        for ask in (chat, streamed):
            with pytest.raises(openai.APIError, match="scripted"):
                ask(client, **extension)
        return
    whole = chat(client, **extension)
    chunks = streamed(client, **extension)
    content, annotations, outcome = read(chunks)
    message = whole.choices[0].message
    assert content == message.content
    assert annotations == [each.model_dump() for each in message.annotations]
    for key in ("outcome", "claims", "citations", "spans", "fallback", "withheld"):
        assert outcome.get(key) == whole.footnote.get(key)
    assert "Curie" not in content
    for claim, span in zip(outcome.get("claims", ()), outcome.get("spans", ()), strict=True):
        assert content[span["start"] : span["end"]] == claim["text"]
    if outcome["outcome"] == "answered":
        # Sent back as history it is its claims, without notes and links.
        assert said_in(content) == " ".join(claim["text"] for claim in outcome["claims"])


def test_each_sentence_is_sent_once_it_is_verified_and_the_rest_is_told_at_the_end(client, script):
    seen, said = threading.Event(), []
    script(Reply(pieces=draft_held_back(seen)))
    with chat(client, stream=True) as stream:
        for chunk in stream:
            if chunk.choices[0].delta.content:
                said.append(chunk.choices[0].delta)
                seen.set()
    first, second, note = (delta.content for delta in said)
    assert first.startswith("The grey heron nests at Lake Ohrid in March 1987. [[1]](")
    assert second.startswith("\n\nThe white stork nests at Lake Ohrid in April 1990. [[2]](")
    assert note == "\n\n*Withheld, since the archive does not support it: 1 sentence.*"
    [annotation] = said[1].annotations
    whole = "".join(delta.content for delta in said)
    place = annotation["url_citation"]
    assert whole[place["start_index"] : place["end_index"]].startswith("[[2]](")
    assert chunk.footnote["composer"] == "generative"


def test_the_events_of_a_response_come_as_it_is_written(client, script):
    seen, events = threading.Event(), []
    script(Reply(pieces=draft_held_back(seen)))
    how = {"model": "footnote", "input": QUESTION, "include": ["file_search_call.results"]}
    with client.responses.stream(**how) as stream:
        for event in stream:
            events.append(event)
            if event.type == "response.output_text.delta":
                seen.set()
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == final.output_text
    assert len(deltas) == 3
    added = [e.annotation for e in events if e.type == "response.output_text.annotation.added"]
    told = [each.model_dump() for each in final.output[1].content[0].annotations]
    assert [each if isinstance(each, dict) else each.model_dump() for each in added] == told
    done = [e.item for e in events if e.type == "response.output_item.done"]
    call, message = final.output
    assert (done[0].queries, done[0].results) == (call.queries, call.results)
    assert done[0].results
    assert (done[1].id, done[1].content[0].text) == (message.id, message.content[0].text)
    begun = events[0].response
    assert (begun.id, begun.created_at) == (final.id, final.created_at)
    assert final.id == f"resp_{final.footnote['turn_id']}"
    assert client.responses.retrieve(final.id).output_text == final.output_text
    script(Reply(pieces=DRAFT))
    whole = client.responses.create(**how)
    assert whole.output_text == final.output_text
    assert [c["quote"] for c in whole.footnote["citations"]] == [
        c["quote"] for c in final.footnote["citations"]
    ]


def test_a_failure_after_the_first_sentence_ends_the_events_of_the_same_response(
    client, script, running, monkeypatch
):
    seen = threading.Event()
    script(Reply(pieces=draft_held_back(seen)))
    monkeypatch.setattr(running.assistant.journal, "add_turn", fail)
    with client.responses.stream(model="footnote", input=QUESTION) as stream:
        events = []
        for event in stream:
            events.append(event)
            if event.type == "response.output_text.delta":
                seen.set()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds.count("response.created") == 1
    assert kinds[-1] == "response.failed"
    assert events[-1].response.id == events[0].response.id


def fail(*_):
    raise StoreError("the journal cannot be written; make room")


ASKS = {
    "/ask": {"question": QUESTION},
    "/ask streamed": {"question": QUESTION, "stream": True, "conversation_id": "new"},
    "/v1/chat/completions": {
        "model": "footnote",
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
    },
    "/v1/responses": {"model": "footnote", "input": QUESTION},
    "/mcp": {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "ask", "arguments": {"question": QUESTION}},
    },
}


@pytest.mark.parametrize("path", ASKS)
def test_a_client_that_leaves_stops_the_model_though_it_only_reads(running, script, endpoint, path):
    script(Reply(pieces=DRAFT, pings=20))
    turns = running.assistant.journal.count_conversations(None)
    connection = send(running.url, path.split()[0], json.dumps(ASKS[path]).encode())
    wait_until(lambda: endpoint.received)
    connection.close()
    assert endpoint.hung_up.wait(5)
    wait_until(lambda: gauge(running.url, "footnote_work_running") == 0)
    assert running.assistant.journal.count_conversations(None) == turns


@pytest.mark.parametrize(
    ("asked", "told"), [("7", "7"), ("0", "1"), ("9" * 400, "3600"), ("soon", "10")]
)
def test_a_client_is_told_to_wait_as_long_as_the_endpoint_asks(running, script, asked, told):
    script(Reply(status=429, headers={"Retry-After": asked}))
    answer = httpx2.post(f"{running.url}/ask", json={**ASKS["/ask"], "composer": "generative"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, told)


def test_a_model_that_reads_for_long_is_waited_for_with_comments(running, script, monkeypatch):
    monkeypatch.setattr("server.openai.ask.GRACE_SECONDS", 0.01)
    monkeypatch.setattr("server.openai.ask.KEEPALIVE_SECONDS", 0.1)
    script(Reply(pieces=DRAFT, first_after=0.5))
    body = ASKS["/v1/chat/completions"]
    answer = httpx2.post(f"{running.url}/v1/chat/completions", json=body)
    before, _, after = answer.text.partition("data: ")
    assert before.count(":") >= 2
    assert after.endswith("data: [DONE]\n\n")


def test_a_model_may_take_its_own_time_beside_that_of_a_question(quick_served, tmp_path, script):
    (tmp_path / "heron.txt").write_text(HERON, encoding="utf-8")
    with fake_endpoint(Reply(pieces=DRAFT, first_after=30)) as silent:
        served = quick_served(
            server=ServerSettings(timeout_seconds=0.8),
            answer=AnswerSettings(min_support=0.0),
            language_model=LanguageModelSettings(
                base_url=silent.base_url, model="silent", timeout_seconds=1.2
            ),
        )
        served.assistant.ingest(tmp_path / "heron.txt")
        answer = httpx2.post(f"{served.url}/ask", json=ASKS["/ask"])
    assert answer.status_code == 200
    assert "was not done in 1.2 seconds" in answer.json()["fallback"]


@pytest.mark.parametrize(("composer", "asked"), [("extractive", 0), ("generative", 1), (None, 1)])
def test_a_client_of_mcp_says_who_words_the_answer(running, script, endpoint, composer, asked):
    script(Reply(pieces=DRAFT))

    async def run(call):
        return await anyio.to_thread.run_sync(call)

    async def main():
        async with Client(build_mcp(running.assistant, run)) as client:
            how = {"composer": composer} if composer else {}
            return await client.call_tool("ask", {"question": QUESTION, **how})

    result = anyio.run(main)
    assert len(endpoint.received) == asked
    assert result.structured_content["composer"] == (composer or "generative")
    said = "Withheld, since the archive does not support it: 1 sentence."
    assert (said in result.content[0].text) == bool(asked)


def test_a_question_given_up_over_standard_input_keeps_no_other_waiting(
    running, script, endpoint, monkeypatch
):
    script(Reply(pieces=DRAFT, pings=20))

    async def talk(server):
        async with Client(server) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "ask", {"question": QUESTION})
                await anyio.to_thread.run_sync(wait_until, lambda: endpoint.received)
                group.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(endpoint.hung_up.wait, 5)
            assert not (await client.call_tool("search", {"query": "heron"})).is_error

    outcomes = []
    monkeypatch.setattr("server.mcp.tools.MCPServer.run_stdio_async", talk)
    with running.assistant.observed(outcomes.append):
        anyio.run(run_stdio, running.assistant)
    # Not even the answer that is given where a model takes too long.
    assert outcomes == []
