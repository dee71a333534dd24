"""Passages of the time that a question speaks of come first: a preference, no filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from rag.question.when import AskedTime
from rag.store.records import ScoredPassage
from rag.text.tables import language_table
from rag.types import DocumentDate, parse_passage_id


def with_resolved_times(question: str, times: Sequence[AskedTime]) -> str:
    """The question with its relative times written out behind it, as documents write them."""
    written = [
        _written(time, chinese=not time.span.of(question).isascii())
        for time in times
        if time.relative and time.precision != "range"
    ]
    return " ".join([question, *written])


def _written(time: AskedTime, *, chinese: bool) -> str:
    year, month, day = time.first.year, time.first.month, time.first.day
    name = language_table("en").dates.full_months[month - 1]
    if time.precision == "year":
        return f"{year}年" if chinese else str(year)
    if time.precision == "month":
        return f"{year}年{month}月" if chinese else f"{name} {year}"
    return f"{year}年{month}月{day}日" if chinese else f"{day} {name} {year}"


def prefer_timely(
    ranking: Sequence[ScoredPassage],
    times: Sequence[AskedTime],
    dates: Mapping[str, Sequence[DocumentDate]],
    *,
    weight: float,
) -> list[ScoredPassage]:
    """The ranking with scores raised by up to ``weight`` of themselves, best first.

    The whole of it goes to passages all of whose document's publication, or of a date
    within them, lies in a time asked for; ``dates`` are those of the documents, by id.
    Ties by passage id. Scores must be positive.
    """
    raised = [
        ScoredPassage(
            scored.passage_id,
            scored.score * (1 + weight * _timeliness(scored.passage_id, times, dates)),
        )
        for scored in ranking
    ]
    return sorted(raised, key=lambda scored: (-scored.score, scored.passage_id))


def is_published_in(times: Sequence[AskedTime], dates: Sequence[DocumentDate]) -> bool:
    """Whether a document of these dates was surely published in one of the times."""
    published = [found.interval() for found in dates if found.kind == "published"]
    return any(
        interval is not None and time.first <= interval[0] and interval[1] <= time.last
        for interval in published[:1]
        for time in times
    )


def _timeliness(
    passage_id: str, times: Sequence[AskedTime], dates: Mapping[str, Sequence[DocumentDate]]
) -> float:
    """In [0, 1]: how far the passage's best date lies in one of the times."""
    document_id, span = parse_passage_id(passage_id)
    intervals = [
        interval
        for found in dates.get(document_id, ())
        if found.kind == "published"
        or (found.kind == "event" and (found.span is None or found.span.overlaps(span)))
        if (interval := found.interval()) is not None
    ]
    return max((_within(found, time) for found in intervals for time in times), default=0.0)


def _within(interval: tuple[date, date], time: AskedTime) -> float:
    """1 where the days all lie in the time; half their share in it where only some do."""
    first, last = interval
    if time.first <= first and last <= time.last:
        return 1.0
    common = min(last, time.last).toordinal() - max(first, time.first).toordinal() + 1
    # A year that holds the month asked for says little of that month.
    return 0.5 * max(0, common) / (last.toordinal() - first.toordinal() + 1)
