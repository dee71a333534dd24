from __future__ import annotations

from dataclasses import replace

import httpx2 as httpx

from rag.settings import AnswerSettings
from tests.server.observe.client import samples
from tests.serving import serving


def test_every_question_is_counted_by_its_outcome_and_stages(mill):
    with serving(mill) as running:
        for question in ("Who was the owner of the mill at Larkhill?", "Who is mayor of Beijing?"):
            assert httpx.post(running.url + "/ask", json={"question": question}).is_success
        found = samples(running.url)
    outcomes = {key: value for key, value in found.items() if key[0] == "footnote_outcomes_total"}
    assert sum(outcomes.values()) == 2
    answered = ("footnote_outcomes_total", ("kind", ""), ("outcome", "answered"), ("reason", ""))
    assert outcomes[answered] == 1
    abstained = [dict(key[1:]) for key in outcomes if ("outcome", "abstained") in key]
    assert abstained[0]["reason"]
    assert found["footnote_stage_duration_seconds_count", ("stage", "total")] == 2
    assert found["footnote_stage_duration_seconds_count", ("stage", "read")] >= 1


def test_answers_that_are_not_sure_are_counted_apart(mill):
    unsure = AnswerSettings(min_support=1.0, min_uncertain=0.1)
    mill.settings = replace(mill.settings, answer=unsure)
    with serving(mill) as running:
        asked = {"question": "Who was the owner of the mill at Larkhill?"}
        assert httpx.post(running.url + "/ask", json=asked).is_success
        found = samples(running.url)
    counted = ("footnote_outcomes_total", ("kind", ""), ("outcome", "uncertain"), ("reason", ""))
    assert found[counted] == 1


def test_the_archive_the_queue_and_refusals_are_shown(mill, tmp_path):
    with serving(mill) as running:
        before = samples(running.url)
        assert before[("footnote_archive_documents",)] == 1
        assert before[("footnote_work_running",)] == before[("footnote_work_waiting",)] == 0
        assert before[("footnote_uploads_waiting",)] == 0
        assert before[("process_resident_memory_bytes",)] > 0
        (tmp_path / "quay.txt").write_text("The quay of Saltby was built by Tom Reed in 1950.")
        mill.ingest(tmp_path / "quay.txt")
        after = samples(running.url)
    assert after[("footnote_archive_documents",)] == 2
    states = [
        {key for key in found if key[0] == "footnote_archive_info"} for found in (before, after)
    ]
    assert states[0] != states[1]


def test_refusals_are_counted(quick, settings):
    limited = type(settings.server)(rate_limit="2/minute")
    with serving(quick(server=limited)) as running:
        statuses = [httpx.get(running.url + "/about").status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        key = running.assistant.journal.add_key("monitor", "read")
        found = samples(running.url, Authorization=f"Bearer {key.secret}")
    assert found["footnote_http_refusals_total", ("status", "429")] == 1


def test_metrics_need_a_key_where_keys_are_on(quick_served):
    running = quick_served()
    key = running.assistant.journal.add_key("monitor", "read")
    assert httpx.get(running.url + "/metrics").status_code == 401
    assert samples(running.url, Authorization=f"Bearer {key.secret}")


def test_two_servers_in_one_process_count_apart(quick_served, tmp_path):
    first, second = quick_served(data=tmp_path / "a"), quick_served(data=tmp_path / "b")
    httpx.get(first.url + "/about")
    about = ("footnote_http_requests_total", ("method", "GET"), ("route", "/about"))
    assert samples(first.url)[*about, ("status", "200")] == 1
    assert (*about, ("status", "200")) not in samples(second.url)
