"""A text whose encoding was guessed says so, in every way in."""

import json

import httpx2 as httpx
import pytest
from rich.console import Console

from rag.types import Document
from server.cli.render import render_outcome, render_passages
from server.mcp.tools import _metadata
from server.wire.footnotes import outcome_text
from tests.server.routes.client import upload

NOTICE = "Музей часов закрыт по вторникам. Билет в музей часов стоит 350 рублей.\n"
QUESTION = "Сколько стоит билет в музей часов?"
SAID = "encoding guessed: koi8-r"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "museum.txt").write_bytes(NOTICE.encode("koi8-r"))
    (folder / "plain.txt").write_text("The ferry leaves at nine.\n", encoding="utf-8")
    return folder


def test_ingest_and_the_list_name_the_file_and_its_encoding(footnote, folder):
    code, out, _ = footnote("ingest", folder, "--data", "d")
    assert code == 0
    assert f"warning: docs/museum.txt: {SAID}" in out
    assert "plain.txt" not in out
    (folder / "second.txt").write_bytes(("Внимание. " + NOTICE).encode("koi8-r"))
    report = json.loads(footnote("ingest", folder, "--data", "d", "--json")[1])
    assert [warning["reason"] for warning in report["warnings"]] == [SAID]
    assert SAID in footnote("list", "--data", "d")[1]
    listed = json.loads(footnote("list", "--data", "d", "--json")[1])
    assert [item["encoding_note"] for item in listed] == [SAID, None, SAID]
    assert SAID in footnote("show", "museum.txt", "--data", "d")[1]


def test_a_file_saved_anew_in_utf8_loses_its_note(quick, folder):
    assistant = quick()
    assert [warning.reason for warning in assistant.ingest(folder).warnings] == [SAID]
    (folder / "museum.txt").write_text(NOTICE, encoding="utf-8")
    assert assistant.ingest(folder).warnings == ()
    assert assistant.document("museum.txt").encoding_note is None


def test_quotes_carry_the_note_as_text_and_to_models(quick, folder):
    assistant = quick()
    assistant.ingest(folder)
    outcome = assistant.ask(QUESTION)
    assert SAID in outcome_text(outcome, lambda citation: "url")
    assert SAID in shown(render_outcome(outcome))
    assert SAID in shown(render_passages(assistant.search(QUESTION).citations))
    document = assistant.document("museum.txt")
    assert isinstance(document, Document)
    assert _metadata(document, None)["encoding_note"] == SAID


def shown(renderable):
    console = Console(width=200)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_uploads_and_answers_over_http_say_it(quick_served):
    url = quick_served().url
    job = upload(url, ("museum.txt", NOTICE.encode("koi8-r")), ("b.md", b"The ferry leaves.\n"))
    assert [file["reason"] for file in job.json()["files"]] == [SAID, None]
    listed = httpx.get(f"{url}/documents").json()["documents"]
    assert [item["encoding_note"] for item in listed] == [SAID, None]
    answer = httpx.post(f"{url}/ask", json={"question": QUESTION}).json()
    cited = [*answer.get("citations", ()), *answer.get("mentions", ()), *answer.get("nearest", ())]
    notes = {citation["source"]: citation["encoding_note"] for citation in cited}
    assert notes["upload:museum.txt"] == SAID
    found = httpx.post(f"{url}/search", json={"query": QUESTION}).json()["hits"]
    assert found[0]["encoding_note"] == SAID
    told = {"model": "footnote", "messages": [{"role": "user", "content": QUESTION}]}
    chat = httpx.post(f"{url}/v1/chat/completions", json=told).json()
    assert SAID in chat["choices"][0]["message"]["content"]
    asked = {"model": "footnote", "input": QUESTION, "include": ["file_search_call.results"]}
    call = httpx.post(f"{url}/v1/responses", json=asked).json()["output"][0]
    assert call["results"][0]["attributes"]["encoding_note"] == SAID
