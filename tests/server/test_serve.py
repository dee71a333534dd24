"""`footnote serve` as a process: how it starts, ends, and what survives its death."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx2 as httpx
import pytest

from rag.assistant import Assistant
from rag.settings import ServerSettings
from server.serve import listen
from tests.conftest import ROOT

QUESTION = {"question": "How many guests attended UNIDO Day 2024?"}


@contextmanager
def footnote_serve(data, *options):
    """The running command, and its address once it says that it serves."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli.main", "serve", "--data", data, "--port", "0", *options],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = ""
    # What it says later is read too, or it would wait for a reader.
    reader = threading.Thread(target=process.stderr.read)
    with process:
        try:
            for line in process.stderr:
                said += line
                if found := re.search(r"http://\S+", line):
                    reader.start()
                    yield process, found[0], said
                    return
            raise AssertionError(f"it ended with {process.wait()}: {said}")
        finally:
            process.kill()
            if reader.ident:
                reader.join()


@pytest.mark.slow
def test_a_request_that_runs_when_the_end_is_called_is_answered(sample_data):
    with footnote_serve(sample_data) as (process, url, said):
        assert "There is no API key" in said
        answers = []

        def ask():
            answers.append(httpx.post(url + "/ask", json=QUESTION, timeout=30))

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        while httpx.get(url + "/metrics").text.count("footnote_work_running 0.0"):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        for asker in askers:
            asker.join()
        assert [answer.status_code for answer in answers] == [200] * 4
        assert all(answer.json()["outcome"] == "answered" for answer in answers)
        assert process.wait(20) == 0


@pytest.mark.slow
def test_an_upload_once_acknowledged_survives_kill_9(sample_data, settings, tmp_path):
    data = tmp_path / "data"
    with Assistant.open(data, settings=settings) as assistant:
        with footnote_serve(data) as (process, url, _), assistant.store.write():
            # Another process writes, so the upload can only wait.
            files = {"file": ("heron.txt", b"The grey heron nests at Lake Ohrid in March.\n")}
            accepted = httpx.post(url + "/documents", files=files, timeout=30)
            assert accepted.status_code == 202
            process.kill()
        with footnote_serve(data) as (_, url, _):
            job = {"state": "queued"}
            for _ in range(300):
                job = httpx.get(url + accepted.headers["location"]).json()
                if job["state"] == "done":
                    break
                time.sleep(0.1)
            assert job["files"][0]["outcome"] == "added"
            assert httpx.get(url + "/search", params={"q": "heron"}).json()["hits"]


def test_it_refuses_to_open_an_archive_without_keys_to_other_machines(footnote, tmp_path):
    code, _, error = footnote("serve", "--host", "0.0.0.0", "--data", tmp_path)
    assert code == 1
    assert "footnote keys add" in error


def test_a_body_never_waits_behind_its_headers():
    """With Nagle's algorithm each answer on a kept connection took 40 ms more."""
    with (
        listen(ServerSettings(port=0)) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_is_named(footnote, tmp_path, sample_data):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, error = footnote("serve", "--port", port, "--data", sample_data)
    assert code == 1
    assert str(port) in error
