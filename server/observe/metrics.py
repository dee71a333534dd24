"""Metrics of a running server in the Prometheus text format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from rag.store.records import StoreStatus
from rag.types import Abstention, Answer, Outcome, Selection

_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_STAGE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_REFUSALS = frozenset((429, 503))


class Metrics:
    """Counts what a server does. One per app; may be used from several threads.

    Labels have few values: route templates, never paths; reasons, never words of a
    question.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = Counter(
            "footnote_http_requests",
            "HTTP requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "footnote_http_request_duration_seconds",
            "From the first byte received to the last byte sent.",
            ("method", "route"),
            buckets=_REQUEST_SECONDS,
            registry=self.registry,
        )
        self._refusals = Counter(
            "footnote_http_refusals",
            "Requests refused because of a rate limit (429) or overload (503).",
            ("status",),
            registry=self.registry,
        )
        self._outcomes = Counter(
            "footnote_outcomes",
            "Questions by outcome; abstentions by reason and kind.",
            ("outcome", "reason", "kind"),
            registry=self.registry,
        )
        self._selections = Counter(
            "footnote_selections",
            "Questions for which a language model was to choose statements, by its result.",
            ("result",),
            registry=self.registry,
        )
        self._stages = Histogram(
            "footnote_stage_duration_seconds",
            "Duration of the stages of a question; 'total' is the whole.",
            ("stage",),
            buckets=_STAGE_SECONDS,
            registry=self.registry,
        )

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; ``route`` is its template."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        if status in _REFUSALS:
            self._refusals.labels(str(status)).inc()

    def count_outcome(self, outcome: Outcome) -> None:
        """Count the outcome of a question."""
        match outcome:
            case Answer():
                self._outcomes.labels("answered" if outcome.sure else "uncertain", "", "").inc()
            case Abstention():
                self._outcomes.labels("abstained", outcome.reason, outcome.kind or "").inc()
        if outcome.selection is not None:
            self._selections.labels(_result(outcome.selection)).inc()
        for stage, milliseconds in outcome.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)

    def watch(self, name: str, what: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read whenever the metrics are."""
        self.registry.register(_Gauges(lambda: [GaugeMetricFamily(name, what, value=read())]))

    def watch_archive(self, status: Callable[[], StoreStatus]) -> None:
        """Add gauges for the size of the archive and its state."""
        self.registry.register(_Gauges(lambda: _archive(status())))

    def render(self, accept: str) -> tuple[bytes, str]:
        """The metrics and their content type, in the format that Accept prefers."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


class _Gauges(Collector):
    """Gauges that are read only when the metrics are."""

    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families()

    def describe(self) -> Iterator[Metric]:
        # Without this the registry would collect while the server is being built.
        return iter(())


def _result(selection: Selection) -> str:
    if selection.failure is not None:
        return "failed"
    return "declined" if selection.declined else "chose"


def _archive(status: StoreStatus) -> list[Metric]:
    gauges = (
        ("footnote_archive_documents", "Documents in the archive.", status.documents),
        ("footnote_archive_passages", "Passages in the archive.", status.passages),
        ("footnote_archive_index_vectors", "Vectors in the index.", status.index_vectors),
        ("footnote_archive_disk_bytes", "Size of the data directory.", status.disk_bytes),
    )
    state = {"generation": status.generation}
    return [
        InfoMetricFamily("footnote_archive", "The state that the archive is in.", value=state),
        *(GaugeMetricFamily(name, what, value=value) for name, what, value in gauges),
    ]
