"""Load on a running server, by locust (the extra ``bench``).

    python -m eval.bench.load [--seconds S] [--clients 1 4 16 64] [--seed N]

Ingests the sample archive, starts ``footnote serve`` on a free port, and lets clients ask the
sample questions as fast as they are answered: /search and then /ask, with each number of
clients. Prints requests, requests/s, p50, p95, p99, errors and the server's memory before and
after each step, and whether it stayed flat. The clients run on the same machine. Settings come
from the environment: FOOTNOTE_SERVER_WORKERS=1 measures one worker. Exit code 1 when a request
failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ARCHIVE = HERE.parent / "archive"
CLIENTS = {"/search": "SearchClient", "/ask": "AskClient"}
# Growth beyond this since the first step of the last route is reported.
FLAT_SHARE = 0.1
# How long to wait for requests in progress at the end of a step.
STOP_SECONDS = 120

console = Console(width=100)


@dataclass(frozen=True, slots=True)
class Step:
    """The result of a number of clients on a route. Times in ms, memory in bytes."""

    route: str
    clients: int
    requests: int
    errors: int
    per_second: float
    p50: float
    p95: float
    p99: float
    memory_before: int
    memory_after: int


def percentile(counts: Mapping[float, int], share: float) -> float:
    """The smallest time that at least ``share`` of requests did not exceed; 0 without any."""
    wanted = share * sum(counts.values())
    seen = 0
    for time, count in sorted(counts.items()):
        seen += count
        if seen >= wanted:
            return time
    return 0.0


@contextmanager
def serving(data: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run `footnote serve` over ``data``: its URL and its process."""
    command = [sys.executable, "-m", "footnote", "serve", "--port", "0", "--data", str(data)]
    # All clients have the same address.
    environment = {"FOOTNOTE_SERVER_RATE_LIMIT": "1000000/second"} | _environment()
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as log,
        subprocess.Popen(command, env=environment, stderr=log, cwd=data) as process,
    ):
        try:
            yield _url(process, log), psutil.Process(process.pid)
        finally:
            process.terminate()


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}


def _url(process: subprocess.Popen[bytes], log: Any) -> str:
    while process.poll() is None:
        log.seek(0)
        found = re.search(r" at (http://\S+)", log.read())
        if found:
            return found[1]
        # Poll: models take seconds to load.
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
    log.seek(0)
    raise SystemExit(f"footnote serve ended before it was ready:\n{log.read()}")


def run_step(url: str, route: str, clients: int, seconds: int, seed: int) -> Mapping[str, Any]:
    """Locust's figures for one step.

    Raises:
        SystemExit: locust itself failed.
    """
    command = [sys.executable, "-m", "locust", "--locustfile", str(HERE / "locustfile.py")]
    command += [CLIENTS[route], "--host", url, "--headless", "--json", "--only-summary"]
    command += ["--users", str(clients), "--spawn-rate", str(clients)]
    command += ["--run-time", f"{seconds}s", "--stop-timeout", str(STOP_SECONDS)]
    command += ["--questions-seed", str(seed), "--exit-code-on-error", "0"]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    try:
        (entry,) = json.loads(done.stdout)
    except ValueError as error:
        raise SystemExit(f"locust reported no figures:\n{done.stderr}") from error
    figures: Mapping[str, Any] = entry
    return figures


def measure(url: str, server: psutil.Process, plan: argparse.Namespace) -> Iterator[Step]:
    """Each step as it is done."""
    for route in CLIENTS:
        for clients in plan.clients:
            before = server.memory_info().rss
            found = run_step(url, route, clients, plan.seconds, plan.seed)
            counts = {float(time): count for time, count in found["response_times"].items()}
            seconds = found["last_request_timestamp"] - found["start_time"]
            yield Step(
                route=route,
                clients=clients,
                requests=found["num_requests"],
                errors=found["num_failures"],
                per_second=found["num_requests"] / seconds,
                p50=percentile(counts, 0.5),
                p95=percentile(counts, 0.95),
                p99=percentile(counts, 0.99),
                memory_before=before,
                memory_after=server.memory_info().rss,
            )


def table(steps: Sequence[Step]) -> Table:
    """The steps, a row each."""
    shown = Table(show_edge=False)
    for column in ("route", "clients", "requests", "req/s", "p50 ms", "p95 ms", "p99 ms"):
        shown.add_column(column, justify="left" if column == "route" else "right")
    for column in ("errors", "MiB before", "after"):
        shown.add_column(column, justify="right")
    for step in steps:
        shown.add_row(
            step.route,
            str(step.clients),
            str(step.requests),
            f"{step.per_second:.1f}",
            *(f"{time:.0f}" for time in (step.p50, step.p95, step.p99)),
            str(step.errors),
            *(f"{size / 2**20:.0f}" for size in (step.memory_before, step.memory_after)),
        )
    return shown


def flatness(steps: Sequence[Step]) -> str:
    """Whether memory stayed flat after the first step of the last route."""
    first = next(step for step in steps if step.route == steps[-1].route).memory_after
    grown = steps[-1].memory_after / first - 1
    flat = "flat" if grown <= FLAT_SHARE else "NOT flat"
    return f"memory {flat}: {grown:+.1%} from the first step of {steps[-1].route} to the last"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=20, help="of each step [20]")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--seed", type=int, default=1, help="of the order of questions [1]")
    plan = parser.parse_args(arguments)
    steps: list[Step] = []
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch)
        ingest = [sys.executable, "-m", "footnote", "ingest", str(ARCHIVE), "--data", scratch]
        subprocess.run(ingest, env=_environment(), stdout=subprocess.DEVNULL, check=True)
        with serving(data) as (url, server):
            for step in measure(url, server, plan):
                steps.append(step)
                console.print(f"{step.route}, {step.clients} clients: done", style="dim")
    console.print(table(steps))
    console.print(flatness(steps))
    errors = sum(step.errors for step in steps)
    console.print(f"{errors} errors; {plan.seconds} s a step, clients on the same machine")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
