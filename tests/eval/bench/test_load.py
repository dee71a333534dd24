"""The load test works on a running server and tells the truth."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.bench.load import Step, flatness, measure, percentile, table

STEP = Step(
    route="/ask",
    clients=4,
    requests=100,
    errors=0,
    per_second=5.0,
    p50=200.0,
    p95=300.0,
    p99=400.0,
    memory_before=90,
    memory_after=100,
)


@given(st.lists(st.integers(0, 50), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_the_least_time_that_enough_requests_kept(times, share):
    counts = {float(time): times.count(time) for time in times}
    found = percentile(counts, share)
    assert sum(time <= found for time in times) >= share * len(times)
    assert sum(time < found for time in times) < share * len(times)


def test_memory_is_flat_when_the_last_step_needs_hardly_more_than_the_first():
    steps = [replace(STEP, route="/search", memory_after=50), STEP]
    assert "memory flat: +5.0%" in flatness([*steps, replace(STEP, memory_after=105)])
    assert "NOT flat" in flatness([*steps, replace(STEP, memory_after=120)])


@pytest.mark.slow
def test_a_short_load_on_a_running_server_has_no_errors(served):
    plan = argparse.Namespace(clients=[2], seconds=1, seed=7)
    steps = list(measure(served.url, psutil.Process(os.getpid()), plan))
    assert [step.route for step in steps] == ["/search", "/ask"]
    for step in steps:
        assert step.requests > 0
        assert step.errors == 0
        assert 0 < step.p50 <= step.p95 <= step.p99
        assert step.per_second > 0
    assert table(steps).row_count == 2


@pytest.mark.slow
def test_a_request_that_fails_is_an_error_of_its_step(quick_served, settings):
    refusing = quick_served(server=replace(settings.server, rate_limit="1/hour"))
    plan = argparse.Namespace(clients=[1], seconds=4, seed=7)
    search = next(measure(refusing.url, psutil.Process(os.getpid()), plan))
    assert search.errors == search.requests - 1 > 0
