from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.server.routes.client import upload

HERON = {"name": "heron.md", "text": "The grey heron nests at Lake Ohrid in March 1987.\n"}


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
