"""The summary of a run: every metric with its interval, by type, and the cost."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from eval.measure.aggregates import Floats, Weights, weighted_mean
from eval.measure.measures import HEADLINE, MEASURES, Measure
from eval.measure.statistics import percentile_interval, resample_counts, share_interval
from eval.records import SCHEMA_VERSION, Estimate, Manifest, QuestionRecord, Summary

RESAMPLES = 10_000


def questions_of(name: str, records: Sequence[QuestionRecord]) -> list[int]:
    """Positions of the records for which a metric is defined."""
    if MEASURES[name].aggregate is None:
        return [at for at, record in enumerate(records) if record.measures.get(name) is not None]
    return [at for at, record in enumerate(records) if _was_asked(record)]


def _was_asked(record: QuestionRecord) -> bool:
    """Whether it was asked for an answer and not only for a ranking."""
    return any(key.startswith("abstention.") for key in record.measures)


def aggregate(name: str, records: Sequence[QuestionRecord], weights: Weights) -> Floats:
    """A metric for resamples of the records: weights of shape (b, n) give shape (b,)."""
    measure = MEASURES[name]
    if measure.aggregate is not None:
        return measure.aggregate(records, weights)
    values = [record.measures.get(name) for record in records]
    return weighted_mean([np.nan if value is None else value for value in values], weights)


def estimate(name: str, records: Sequence[QuestionRecord], *, seed: int) -> Estimate:
    """A metric with its 95% interval: Wilson's if every question is 0 or 1, else the
    percentile bootstrap over 10,000 resamples of the questions.

    If all questions agree, the bootstrap's interval has no width, whatever their number.
    """
    chosen = [records[at] for at in questions_of(name, records)]
    n = len(chosen)
    if not n:
        return Estimate(value=None, low=None, high=None, n=0)
    measure: Measure = MEASURES[name]
    value = float(aggregate(name, chosen, np.ones((1, n)))[0])
    values = {record.measures.get(name) for record in chosen}
    if measure.aggregate is None and values <= {0.0, 1.0}:
        low, high = share_interval(round(value * n), n)
    else:
        counts = resample_counts(n, resamples=RESAMPLES, seed=seed)
        low, high = percentile_interval(aggregate(name, chosen, counts))
    return Estimate(value=_known(value), low=_known(low), high=_known(high), n=n)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 6)


def summarise(
    manifest: Manifest,
    records: Sequence[QuestionRecord],
    *,
    min_support: float,
    ingest_seconds: float | None,
) -> Summary:
    """The summary of a finished run."""
    names = [name for name in MEASURES if questions_of(name, records)]
    kinds = sorted({record.type for record in records})
    by_type = {kind: [r for r in records if r.type == kind] for kind in kinds}
    return Summary(
        schema_version=SCHEMA_VERSION,
        identity=manifest.identity,
        asked=len(records),
        failed=sum(record.outcome == "failed" for record in records),
        answerable=sum(record.answerable for record in records),
        unanswerable=sum(not record.answerable for record in records),
        metrics={name: estimate(name, records, seed=manifest.seed) for name in names},
        types={
            kind: {
                name: estimate(name, members, seed=manifest.seed)
                for name in HEADLINE
                if questions_of(name, members)
            }
            for kind, members in by_type.items()
        },
        latency_ms=_latency(records),
        tokens={
            kind: sum(record.tokens.get(kind, 0) for record in records)
            for kind in ("context", "answer")
        },
        peak_memory_mib=_peak_memory(),
        ingest_seconds=None if ingest_seconds is None else round(ingest_seconds, 1),
        seconds=round(sum(record.timings_ms.get("total", 0.0) for record in records) / 1000, 1),
        operating_point=_operating_point(records, min_support),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _latency(records: Sequence[QuestionRecord]) -> dict[str, dict[str, float]]:
    stages = dict.fromkeys(stage for record in records for stage in record.timings_ms)
    found: dict[str, dict[str, float]] = {}
    # In the order in which they ran, but a question may lack the first ones.
    for stage in sorted(stages, key=lambda stage: stage == "total"):
        laps = [r.timings_ms[stage] for r in records if stage in r.timings_ms]
        quantiles = np.percentile(laps, (50, 95, 99))
        found[stage] = {
            name: round(float(value), 1)
            for name, value in zip(("p50", "p95", "p99"), quantiles, strict=True)
        }
    return found


def _operating_point(
    records: Sequence[QuestionRecord], min_support: float
) -> dict[str, float | None]:
    asked = [record for record in records if _was_asked(record)]
    answered = [record for record in asked if record.outcome == "answered"]
    wrong = sum(not (record.answerable and record.best_right) for record in answered)
    return {
        "min_support": min_support,
        "coverage": round(len(answered) / len(asked), 6) if asked else None,
        "risk": round(wrong / len(answered), 6) if answered else None,
    }


def _peak_memory() -> float | None:
    """Of this process so far, in MiB; None if the system does not report it."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes on Linux, bytes on macOS.
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
