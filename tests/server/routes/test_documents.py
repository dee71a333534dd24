from __future__ import annotations

import httpx2 as httpx
import pytest

from tests.server.routes.client import upload


def test_the_document_list_is_paged_and_filtered(quick_served):
    url = quick_served().url
    upload(url, *[(f"{n}.txt", f"Note number {n} of the herons.".encode()) for n in range(5)])
    page = httpx.get(url + "/documents", params={"limit": 2, "offset": 3}).json()
    assert (page["total"], len(page["documents"])) == (5, 2)
    [one] = httpx.get(url + "/documents", params={"q": "upload:3"}).json()["documents"]
    assert one["sources"] == ["upload:3.txt"]
    none = httpx.get(url + "/documents", params={"since": "2020"}).json()
    assert none["total"] == 0


def test_a_removal_while_another_process_writes_says_when_to_come_back(quick_served):
    running = quick_served()
    [file] = upload(running.url, ("note.md", b"The heron nests.")).json()["files"]
    path = f"{running.url}/documents/{file['document_id']}"
    with running.assistant.store.write():
        answer = httpx.delete(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_busy")
    assert answer.headers["retry-after"]
    assert httpx.delete(path).status_code == 204


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
