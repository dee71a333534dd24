import os
import signal
import subprocess
import sys
import time

import pytest

from eval.runs.folder import read_run
from tests.conftest import ROOT


@pytest.mark.slow
def test_an_interrupted_run_goes_on_without_asking_twice(tmp_path, sample_data):
    """Killed twice in the middle, by signal and outright, it ends with each question once."""
    command = [sys.executable, "-m", "server.cli.main", "eval", "--limit", "6"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
    environment["PYTHONPATH"] = str(ROOT)
    sizes = []
    for stop in (signal.SIGINT, signal.SIGKILL):
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.DEVNULL,
            # Where the tests run in the background of a script, Ctrl-C is ignored from the start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        wanted = (sizes[-1] if sizes else 0) + 2
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and _recorded(tmp_path) < wanted:
            time.sleep(0.05)
        process.send_signal(stop)
        assert process.wait(timeout=60) == (130 if stop == signal.SIGINT else -signal.SIGKILL)
        sizes.append(_recorded(tmp_path))
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "questions are done" in done.stderr
    (folder,) = (tmp_path / "eval-runs").iterdir()
    run = read_run(folder)
    assert len({record.id for record in run.records}) == len(run.records) == 6


def _recorded(folder):
    files = list(folder.glob("eval-runs/*/questions.jsonl"))
    return sum(file.read_bytes().count(b"\n") for file in files)
