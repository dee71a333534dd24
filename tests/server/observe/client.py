"""What the tests of logs and metrics read."""

from __future__ import annotations

import httpx2 as httpx
from prometheus_client.parser import text_string_to_metric_families

SECRET = "zebra-in-the-question"


def samples(url, **headers):
    """{(name, labels): value} of /metrics."""
    answer = httpx.get(url + "/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
