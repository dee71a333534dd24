"""Footnote's own HTTP routes, asked by a real client over loopback."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from rag.errors import ModelError
from rag.settings import ServerSettings
from rag.types import Answer
from server.app import create_app
from server.routes.reference import endpoints

QUESTION = "When did LI Yong visit Huawei's headquarters?"
SILENT = "Who is the mayor of Beijing?"
HERON = {"name": "heron.md", "text": "The grey heron nests at Lake Ohrid in March 1987.\n"}


def events(answer):
    """(event, data) of a finished event stream, comments left out."""
    found = []
    for block in answer.text.split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith(":")]
        if lines:
            name, data = lines
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def upload(url, *files, **form):
    parts = [("file", (name, content)) for name, content in files]
    return httpx.post(url + "/documents", files=parts, data=form, timeout=30)


# -- questions


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
    before = {"question": QUESTION, "as_of": "2018"}
    assert httpx.post(served.url + "/ask", json=before).json()["outcome"] == "abstained"
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


def test_a_stream_of_an_abstention_says_so(served):
    told = events(httpx.post(served.url + "/ask", json={"question": SILENT, "stream": True}))
    assert [name for name, _ in told] == [*["stage"] * 3, "abstention", "done"]
    assert [data["stage"] for _, data in told[:3]] == ["understood", "ranked", "read"]
    assert told[3][1] == told[4][1]


def test_an_error_after_a_stream_began_is_its_last_event(quick_served, monkeypatch):
    running = quick_served()

    def fail_late(*_, **__):
        time.sleep(0.2)
        raise ModelError("the reranker cannot be run", remedy="install it again")

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
    first = {"question": QUESTION, "conversation_id": "new"}
    begun = httpx.post(served.url + "/ask", json=first).json()
    asked = {"question": "In which city was it?"}
    kept = {**asked, "conversation_id": begun["conversation_id"]}
    history = [{"role": "user", "text": QUESTION}]
    by_id = httpx.post(served.url + "/ask", json=kept).json()
    by_history = httpx.post(served.url + "/ask", json={**asked, "history": history}).json()
    alone = httpx.post(served.url + "/ask", json=asked).json()
    for outcome in (by_id, by_history):
        assert "Huawei" in outcome["standalone_question"]
        assert "Shenzhen" in outcome["claims"][0]["text"].title()
    assert alone["standalone_question"] is None
    assert alone["outcome"] == "abstained"
    assert by_history["conversation_id"] is None
    path = f"{served.url}/conversations/{begun['conversation_id']}"
    stored = httpx.get(path).json()
    assert [turn["question"] for turn in stored["turns"]] == [QUESTION, asked["question"]]
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


def test_feedback_is_kept_with_its_turn(served):
    asked = {"question": SILENT, "conversation_id": "new"}
    kept = httpx.post(served.url + "/ask", json=asked).json()
    verdict = {"turn_id": kept["turn_id"], "verdict": "wrong", "note": "It is on page 3."}
    assert httpx.post(served.url + "/feedback", json=verdict).status_code == 201
    found = served.assistant.journal.feedback()[-1]
    assert (found.turn.question.text, found.note) == (SILENT, "It is on page 3.")
    httpx.delete(f"{served.url}/conversations/{kept['conversation_id']}")


# -- documents


def test_an_uploaded_document_is_asked_and_a_removed_one_is_not(served):
    asked = {"question": "In which month does the grey heron nest at Lake Ohrid?"}
    before = httpx.post(served.url + "/ask", json=asked).json()
    job = httpx.post(served.url + "/documents", json=HERON, timeout=30)
    assert job.status_code == 201
    [file] = job.json()["files"]
    assert (job.json()["state"], file["outcome"]) == ("done", "added")
    during = httpx.post(served.url + "/ask", json=asked).json()
    path = f"{served.url}/documents/{file['document_id']}"
    link = during["citations"][0]["permalink"]
    assert httpx.get(path).json()["text"] == HERON["text"]
    assert httpx.delete(path).status_code == 204
    after = httpx.post(served.url + "/ask", json=asked).json()
    gone = httpx.get(served.url + link)
    assert [o["outcome"] for o in (before, during, after)] == ["abstained", "answered", "abstained"]
    assert during["claims"][0]["text"] == HERON["text"].strip()
    assert (gone.status_code, gone.json()["code"]) == (404, "document_gone")
    assert httpx.delete(path).status_code == 404


def test_a_name_with_other_content_is_replaced_only_when_told_so(quick_served):
    url = quick_served().url
    first = upload(url, ("note.md", b"The heron nests in March."))
    same = upload(url, ("note.md", b"The heron nests in March."))
    other = upload(url, ("note.md", b"The heron nests in April."))
    told = upload(url, ("note.md", b"The heron nests in April."), replace="true")
    assert [answer.status_code for answer in (first, same, other, told)] == [201, 201, 409, 201]
    assert same.json()["files"][0]["outcome"] == "unchanged"
    assert "replace" in other.json()["remedy"]
    old, new = (answer.json()["files"][0]["document_id"] for answer in (first, told))
    gone = httpx.get(f"{url}/documents/{old}").json()
    assert (gone["code"], gone["replaced_by"]) == ("document_gone", new)
    assert httpx.get(url + "/documents").json()["total"] == 1


def test_a_broken_file_never_stops_the_others(quick_served):
    url = quick_served().url
    job = upload(url, ("a.txt", b"The heron nests."), ("b.txt", b"\x00\x01\x02"), ("c.md", b"Owl."))
    outcomes = [file["outcome"] for file in job.json()["files"]]
    assert outcomes == ["added", "failed", "added"]
    assert job.json()["files"][1]["reason"]
    assert httpx.get(url + job.headers["location"]).json() == job.json()


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("broken.txt", b"\x00\x01\x02", 422, "unreadable_document"),
        ("empty.txt", b"", 422, "unreadable_document"),
        ("program.exe", b"MZ", 415, "media_type"),
    ],
)
def test_a_document_that_cannot_be_read_is_named(quick_served, name, content, status, code):
    answer = upload(quick_served().url, (name, content))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["remedy"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.txt", "/etc/passwd.txt", "..\\..\\passwd.txt", "C:\\x\\passwd.txt"]
)
def test_an_uploaded_name_never_becomes_a_path(quick_served, name):
    running = quick_served()
    assert upload(running.url, (name, b"The heron nests.")).status_code == 201
    [summary] = running.assistant.documents()
    assert summary.sources == ("upload:passwd.txt",)
    stray = [p.name for p in Path(running.assistant.settings.data).rglob("*passwd*")]
    assert stray == []


def test_the_document_list_is_paged_and_filtered(quick_served):
    url = quick_served().url
    upload(url, *[(f"{n}.txt", f"Note number {n} of the herons.".encode()) for n in range(5)])
    page = httpx.get(url + "/documents", params={"limit": 2, "offset": 3}).json()
    assert (page["total"], len(page["documents"])) == (5, 2)
    [one] = httpx.get(url + "/documents", params={"q": "upload:3"}).json()["documents"]
    assert one["sources"] == ["upload:3.txt"]
    none = httpx.get(url + "/documents", params={"since": "2020"}).json()
    assert none["total"] == 0


def test_a_long_upload_is_a_job_that_can_be_asked_for(quick_served, monkeypatch):
    monkeypatch.setattr("server.routes.uploads._WAIT_SECONDS", 0.05)
    running = quick_served()
    with running.assistant.store.write():
        accepted = upload(running.url, ("note.md", b"The heron nests in March."))
        assert accepted.status_code == 202
        asked = httpx.get(running.url + accepted.headers["location"]).json()
        assert asked["state"] == "queued"
    for _ in range(200):
        asked = httpx.get(running.url + accepted.headers["location"]).json()
        if asked["state"] == "done":
            break
        time.sleep(0.05)
    assert asked["files"][0]["outcome"] == "added"


def test_readers_go_on_while_documents_come_in(quick_served):
    running = quick_served()
    upload(running.url, ("heron.txt", b"The heron nests in March."))
    wrong, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            answer = httpx.get(running.url + "/search", params={"q": "heron"})
            if answer.status_code != 200 or not answer.json()["hits"]:
                wrong.append(answer.text)

    readers = [threading.Thread(target=ask) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(8):
        assert upload(running.url, (f"{n}.txt", f"Owl number {n}.".encode())).status_code == 201
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert httpx.get(running.url + "/search", params={"q": "owl number 7"}).json()["hits"]


def test_a_removal_while_another_process_writes_says_when_to_come_back(quick_served):
    running = quick_served()
    [file] = upload(running.url, ("note.md", b"The heron nests.")).json()["files"]
    path = f"{running.url}/documents/{file['document_id']}"
    with running.assistant.store.write():
        answer = httpx.delete(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_busy")
    assert answer.headers["retry-after"]
    assert httpx.delete(path).status_code == 204


# -- what is wrong with a request


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


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("TEXT/HTML; q=0.9, application/json;q=0.1", "text/html"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("text/html;q=0, application/json", "application/json"),
        ("text/html;q=odd", "text/html"),
        ("text/htmlish", "application/json"),
        ("*/*", "application/json"),
        ("", "application/json"),
    ],
)
def test_a_document_comes_as_the_page_only_to_those_who_would_rather_have_it(
    quick_served, accept, kind
):
    running = quick_served()
    added = upload(running.url, ("note.md", b"The heron nests in March.")).json()
    path = f"{running.url}/documents/{added['files'][0]['document_id']}"
    answer = httpx.get(path, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)


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


def test_a_monitor_may_ask_for_the_head_alone(quick_served):
    url = quick_served().url
    for path in ("/", "/health/live"):
        answer = httpx.head(url + path)
        assert (answer.status_code, answer.content) == (200, b"")


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


def test_a_clients_own_request_id_comes_back_unless_it_is_odd(quick_served):
    url = quick_served().url
    mine = httpx.get(url + "/health/live", headers={"X-Request-ID": "mine-1"})
    odd = httpx.get(url + "/health/live", headers={"X-Request-ID": "a b\tc" * 99})
    assert mine.headers["x-request-id"] == "mine-1"
    assert " " not in odd.headers["x-request-id"]


def test_it_is_not_ready_when_the_index_was_made_by_another_model(quick_served, monkeypatch):
    running = quick_served()
    assert httpx.get(running.url + "/health/ready").status_code == 200
    upload(running.url, ("note.md", b"The heron nests."))
    other = type(running.assistant.encoder)(name="another")
    monkeypatch.setitem(running.assistant.models.__dict__, "encoder", other)
    answer = httpx.get(running.url + "/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "index_mismatch")
    assert "footnote reindex" in answer.json()["remedy"]
    assert httpx.get(running.url + "/health/live").status_code == 200


# -- its description


def test_every_route_says_how_it_fails_and_the_reference_shows_it(quick_served):
    running = quick_served(server=ServerSettings())
    schema = create_app(running.assistant).openapi()
    page = httpx.get(running.url + "/docs").text
    # Without one a browser asks for /favicon.ico and logs an error.
    assert "static/icon.svg" in page
    for endpoint in endpoints(schema):
        assert f"{endpoint['method']} {endpoint['path']}" in page
        statuses = {response["status"] for response in endpoint["responses"]}
        if endpoint["key"]:
            assert {"401", "403", "429"} <= statuses, endpoint
    assert "http" not in page.replace("http://127.0.0.1", "").split("<main>")[0]
