"""Every route holds to the OpenAPI description, whatever it is sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

ROOT = Path(__file__).resolve().parents[3]

# What FastAPI finds wrong with a request is 422. What a schema cannot say is not: a day that
# is not in the calendar or a range that ends before it begins (400), a whole body too large
# (413). A document that cannot be read, or its name, is 422.
CONFIGURATION = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "413", "415", "503"]
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "503"]

[[operations]]
include-path = "/documents"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "413", "415", "422", "503"]
"""


# In a process of its own, so that the client and the server each have a core.
SERVER = """
import sys
from dataclasses import replace
from pathlib import Path

import uvicorn

from rag.assistant import Assistant
from rag.config import load_settings
from rag.settings import ServerSettings
from rag.store.local.store import LocalStore
from server.app import create_app
from server.serve import listen
from tests.fakes import HashingEncoder, OverlapReading

data = Path(sys.argv[1])
limits = ServerSettings(rate_limit="1000000/minute")
settings = replace(load_settings(environment={}), data=data, server=limits)
assistant = Assistant(
    LocalStore.open(data), settings, encoder=HashingEncoder(), reading=OverlapReading()
)
assistant.ingest(sys.argv[2])
secret = assistant.journal.add_key("tester", "admin").secret
config = uvicorn.Config(create_app(assistant), log_level="error")
listener = listen(ServerSettings(port=0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", secret, flush=True)
uvicorn.Server(config).run(sockets=[listener])
"""


@pytest.mark.slow
def test_no_request_finds_a_route_that_breaks_its_description(tmp_path):
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "data"), str(ROOT / "eval" / "archive")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            url, secret = server.stdout.readline().split()
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "schemathesis.cli", "run"),
                    f"{url}/openapi.json",
                    *("--header", f"Authorization: Bearer {secret}"),
                    *("--checks", "all", "--max-examples", "4", "--seed", "1"),
                    # A busy machine is no failure of a route.
                    *("--request-timeout", "60"),
                    "--no-color",
                ],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
            assert httpx.get(url + "/health/ready").status_code == 200
        finally:
            server.kill()
