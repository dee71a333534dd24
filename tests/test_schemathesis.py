"""Every route holds to the OpenAPI description, whatever it is sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from rag.config import ServerSettings

ROOT = Path(__file__).resolve().parent.parent

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


@pytest.mark.slow
def test_no_request_finds_a_route_that_breaks_its_description(quick_served, tmp_path):
    limits = ServerSettings(rate_limit="1000000/minute")
    running = quick_served(server=limits)
    running.assistant.ingest(ROOT / "eval" / "archive")
    secret = running.assistant.store.journal.add_key("tester", "admin").secret
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"{running.url}/openapi.json",
            *("--header", f"Authorization: Bearer {secret}"),
            *("--checks", "all", "--max-examples", "10", "--seed", "1"),
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert httpx.get(running.url + "/health/ready").status_code == 200
