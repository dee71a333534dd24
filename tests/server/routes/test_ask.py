"""Asking and searching over HTTP."""

from __future__ import annotations

import json
import time

import httpx2 as httpx
import pytest

from rag.errors import ModelError
from rag.settings import AnswerSettings
from rag.types import Answer
from tests.server.routes.client import SILENT

QUESTION = "How many guests attended UNIDO Day 2024?"
VISIT = "When did UNIDO's LI Yong use a stop in Shenzhen to see Huawei?"


def events(answer):
    """(event, data) of a finished event stream, comments left out."""
    found = []
    for block in answer.text.split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith(":")]
        if lines:
            name, data = lines
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_an_answer_quotes_the_stored_text_at_every_footnote(served):
    outcome = httpx.post(served.url + "/ask", json={"question": QUESTION}).json()
    assert outcome["outcome"] == "answered"
    for citation in outcome["citations"]:
        document = httpx.get(served.url + citation["permalink"]).json()
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert document["span"]["quote"] == citation["quote"]
        assert document["changed"] is False
    assert outcome["receipt"] is None


def test_what_the_route_says_is_what_the_assistant_says(served):
    outcome = httpx.post(served.url + "/ask", json={"question": QUESTION}).json()
    own = served.assistant.ask(QUESTION)
    assert isinstance(own, Answer)
    assert [claim["text"] for claim in outcome["claims"]] == [c.text for c in own.claims]


def test_an_abstention_is_no_error(served):
    answer = httpx.post(served.url + "/ask", json={"question": SILENT})
    assert answer.status_code == 200
    assert answer.json()["outcome"] == "abstained"
    assert answer.json()["nearest"]


def test_the_receipt_comes_when_asked_for(served):
    outcome = httpx.post(served.url + "/ask", json={"question": QUESTION, "explain": True}).json()
    assert outcome["receipt"]["ranking"]
    assert outcome["receipt"]["candidates"]


def test_filters_and_the_day_asked_from_count(served):
    before = httpx.post(served.url + "/ask", json={"question": QUESTION, "as_of": "2018"}).json()
    cited = before.get("citations", []) + before.get("nearest", [])
    assert all(found["published"] is None or found["published"] <= "2018-12" for found in cited)
    elsewhere = {"question": QUESTION, "filters": {"sources": ["no such source"]}}
    assert httpx.post(served.url + "/ask", json=elsewhere).json()["outcome"] == "abstained"


def test_a_stream_tells_each_citation_before_its_claim_and_the_whole_last(served):
    asked = {"question": QUESTION, "stream": True}
    answer = httpx.post(served.url + "/ask", json=asked)
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer)
    names = [name for name, _ in told]
    whole = told[-1][1]
    assert names[-1] == "done"
    assert [data["claim"] for name, data in told if name == "claim"] == whole["claims"]
    assert [data["citation"] for name, data in told if name == "citation"] == whole["citations"]
    known = set()
    for name, data in told:
        if name == "citation":
            known.add(data["number"])
        elif name == "claim":
            assert set(data["claim"]["footnotes"]) <= known


def test_an_answer_that_is_not_sure_says_so_with_each_claim_and_as_a_whole(quick_served, tmp_path):
    running = quick_served(answer=AnswerSettings(min_support=1.0, min_uncertain=0.1))
    (tmp_path / "mill.txt").write_text("The mill at Larkhill burned down in 1911.\n")
    running.assistant.ingest(tmp_path / "mill.txt")
    asked = {"question": "When did the mill at Larkhill burn down?"}
    told = events(httpx.post(running.url + "/ask", json=asked | {"stream": True}))
    assert [data["sure"] for name, data in told if name == "claim"] == [False]
    for whole in (told[-1][1], httpx.post(running.url + "/ask", json=asked).json()):
        assert (whole["outcome"], whole["sure"], whole["short_answer"]) == ("answered", False, None)


def test_a_stream_of_an_abstention_says_so(served):
    told = events(httpx.post(served.url + "/ask", json={"question": SILENT, "stream": True}))
    assert [name for name, _ in told] == [*["stage"] * 3, "abstention", "done"]
    assert [data["stage"] for _, data in told[:3]] == ["understood", "ranked", "read"]
    assert told[3][1] == told[4][1]


def test_an_error_after_a_stream_began_is_its_last_event(quick_served, monkeypatch):
    running = quick_served()

    def fail_late(*_, **__):
        time.sleep(0.2)
        raise ModelError("the reading model cannot be run", remedy="install it again")

    monkeypatch.setattr(running.assistant, "stream", fail_late)
    asked = {"question": QUESTION, "stream": True}
    told = events(httpx.post(running.url + "/ask", json=asked))
    assert [name for name, _ in told] == ["error"]
    assert told[0][1]["code"] == "model_unavailable"
    assert told[0][1]["remedy"] == "install it again"


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/ask", {"question": QUESTION}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]}),
        ("/v1/responses", {"input": QUESTION}),
    ],
)
def test_an_unforeseen_error_ends_a_stream_in_good_order_too(
    quick_served, monkeypatch, caplog, path, asked
):
    running = quick_served()

    def fail_late(*_, **__):
        time.sleep(0.2)
        raise RuntimeError("words that nobody else should read")

    monkeypatch.setattr(running.assistant, "stream", fail_late)
    monkeypatch.setattr("server.openai.ask.GRACE_SECONDS", 0.02)
    model = {"model": "footnote"} if path.startswith("/v1") else {}
    answer = httpx.post(running.url + path, json={**model, **asked, "stream": True})
    assert "an unexpected error occurred" in answer.text
    assert "words that nobody" not in answer.text
    assert "words that nobody" in caplog.text


def test_a_follow_up_is_understood_by_conversation_id_and_by_history(served):
    first = {"question": VISIT, "conversation_id": "new"}
    begun = httpx.post(served.url + "/ask", json=first).json()
    asked = {"question": "In which city was it?"}
    kept = {**asked, "conversation_id": begun["conversation_id"]}
    history = [{"role": "user", "text": VISIT}]
    by_id = httpx.post(served.url + "/ask", json=kept).json()
    by_history = httpx.post(served.url + "/ask", json={**asked, "history": history}).json()
    alone = httpx.post(served.url + "/ask", json=asked).json()
    for outcome in (by_id, by_history):
        assert "Huawei" in outcome["standalone_question"]
        assert "Shenzhen" in outcome["claims"][0]["text"].title()
    assert alone["standalone_question"] is None
    assert by_history["conversation_id"] is None
    path = f"{served.url}/conversations/{begun['conversation_id']}"
    stored = httpx.get(path).json()
    assert [turn["question"] for turn in stored["turns"]] == [VISIT, asked["question"]]
    assert stored["turns"][1]["outcome"]["claims"] == by_id["claims"]
    assert stored["turns"][1]["id"] == by_id["turn_id"]
    assert httpx.delete(path).status_code == 204
    assert httpx.get(path).status_code == 404


def test_passages_are_quoted_exactly_and_linked(served):
    by_address = httpx.get(served.url + "/search", params={"q": "Huawei", "limit": 3}).json()
    posted = httpx.post(served.url + "/search", json={"query": "Huawei", "limit": 3}).json()
    assert by_address == posted
    assert len(posted["hits"]) == 3
    for hit in posted["hits"]:
        document = httpx.get(served.url + hit["permalink"]).json()
        assert document["text"][hit["start"] : hit["end"]] == hit["quote"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"question": ""}, 422),
        ({"question": "   "}, 422),
        ({"question": "x" * 1001}, 422),
        ({"question": 5}, 422),
        ({"question": "Why?", "surprise": 1}, 422),
        ({"question": "Why?", "as_of": "yesterday"}, 422),
        ({"question": "Why?", "as_of": "2019-02-30"}, 422),
        ({"question": "Why?", "as_of": "2019-02-29"}, 400),
        ({"question": "Why?", "filters": {"since": "2020", "until": "2019"}}, 400),
        (
            {
                "question": "Why?",
                "conversation_id": "x",
                "history": [{"role": "user", "text": "?"}],
            },
            400,
        ),
        ({"question": "Why?", "conversation_id": "unknown"}, 404),
    ],
)
def test_what_is_wrong_with_a_question_is_named_with_its_remedy(quick_served, body, status):
    answer = httpx.post(quick_served().url + "/ask", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"]
    assert problem["remedy"]
    assert problem["request_id"] == answer.headers["x-request-id"]
