"""Results as the eval commands print them in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from eval.analysis.compare import Changed, Comparison, Difference
from eval.analysis.gate import GateReport
from eval.analysis.threshold import Calibration
from eval.measure.measures import HEADLINE
from eval.records import Estimate, QuestionRecord, Summary
from eval.runs.folder import Run
from rag.text.display import one_line

if TYPE_CHECKING:
    from eval.analysis.weights import FittedWeights

# Characters of an answer shown beside another.
SHOWN_CHARACTERS = 300
# Metrics over fewer questions than this are dimmed.
SMALL = 20


def plain_table(title: str, *columns: str) -> Table:
    """An unruled table; the first column stands left, the others right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        # Metric names must never be cut.
        table.add_column(column, justify="right" if position else "left", no_wrap=True)
    return table


def render_summary(run: Run) -> RenderableType:
    """A finished run: what was asked, metrics with intervals, cost."""
    summary = run.summary
    parts: list[RenderableType] = [_head(run, summary), Text()]
    for family, names in _families(summary):
        table = plain_table("", family, "value", "95% interval", "n")
        for name in names:
            found = summary.metrics[name]
            table.add_row(name.partition(".")[2], *_estimate(found))
        parts += [table, Text()]
    if len(summary.types) > 1:
        parts += [_types(summary), Text()]
    parts.append(_cost(summary))
    return Group(*parts)


def _head(run: Run, summary: Summary) -> Text:
    questions = run.manifest.questions
    lines = [
        f"{questions.name}: {summary.asked} questions over {questions.documents} documents, "
        f"{summary.answerable} answerable, {summary.unanswerable} unanswerable"
        + (f", {summary.failed} failed" if summary.failed else "")
    ]
    lines.append(f"encoder: {run.manifest.models['encoder'].name}")
    lines += [f"left out: {n} {reason}" for reason, n in questions.left_out.items()]
    lines += [f"not used: {field} ({why})" for field, why in questions.ignored_fields.items()]
    return Text("\n".join(lines))


def _families(summary: Summary) -> Iterator[tuple[str, list[str]]]:
    for family in ("answer", "citation", "abstention", "selection"):
        names = [name for name in summary.metrics if name.startswith(f"{family}.")]
        if names:
            yield family, names
    for stage in ("dense", "lexical", "hybrid", "reranked"):
        names = [name for name in summary.metrics if name.startswith(f"retrieval.{stage}.")]
        if names:
            yield f"retrieval, {stage}", names


def _estimate(found: Estimate) -> tuple[str, str, str]:
    if found.value is None:
        return "-", "", str(found.n)
    interval = (
        "" if found.low is None or found.high is None else f"{found.low:.3f}-{found.high:.3f}"
    )
    return f"{found.value:.3f}", interval, str(found.n)


# Short headings: a row must fit a terminal of eighty columns.
_BY_TYPE = {
    "answer.contains_gold": "gold",
    "answer.first_right": "right",
    "citation.recall": "cited",
    "abstention.not_answered_as_sure": "not sure",
    "abstention.false_refusal": "wrongly",
    "retrieval.reranked.ndcg@10": "ndcg@10",
}


def _types(summary: Summary) -> Table:
    shown = [name for name in _BY_TYPE if any(name in m for m in summary.types.values())]
    table = plain_table("", "by type (n)", *(_BY_TYPE[name] for name in shown))
    for kind, metrics in summary.types.items():
        cells = [metrics.get(name) for name in shown]
        table.add_row(one_line(kind), *("" if c is None else _short(c) for c in cells))
    return table


def _short(found: Estimate) -> Text:
    if found.value is None:
        return Text("-")
    style = "dim" if found.n < SMALL else ""
    return Text(f"{found.value:.2f} ({found.n})", style=style)


def _cost(summary: Summary) -> RenderableType:
    table = plain_table("", "milliseconds per question", "p50", "p95", "p99")
    for stage, quantiles in summary.latency_ms.items():
        table.add_row(stage, *(f"{quantiles[name]:.0f}" for name in ("p50", "p95", "p99")))
    indexed = summary.ingest_seconds
    lines = [
        f"{summary.seconds:.0f} s asking"
        + (f", {indexed:.0f} s indexing" if indexed is not None else ""),
        f"{summary.tokens['context']:,} tokens of context, {summary.tokens['answer']:,} of answers",
    ]
    if summary.peak_memory_mib is not None:
        lines.append(f"{summary.peak_memory_mib:.0f} MiB peak memory")
    return Group(table, Text("\n" + "; ".join(lines)))


_VERDICTS = {
    "better": "better",
    "worse": "worse",
    "no difference shown": "not shown",
    "the same": "same",
}
_STYLES = {"better": "green", "worse": "red", "no difference shown": "dim", "the same": "dim"}


def render_comparison(comparison: Comparison, *, all_metrics: bool, changed: int) -> RenderableType:
    """Differences with their intervals, then questions that changed."""
    parts: list[RenderableType] = [
        Text(f"{comparison.shared} questions in both runs" + _unshared(comparison))
    ]
    parts += [Text(f"- {one_line(note)}", style="dim") for note in comparison.notes]
    rows = [d for d in comparison.differences if all_metrics or _worth_showing(d)]
    parts += [Text(), _differences(rows)]
    if comparison.changed:
        shown = comparison.changed[:changed]
        parts += [Text(f"\n{len(comparison.changed)} questions changed, {len(shown)} shown")]
        parts += [_changed(item) for item in shown]
    return Group(*parts)


def _unshared(comparison: Comparison) -> str:
    parts = [
        (comparison.only_first, "only in the first"),
        (comparison.only_second, "only in the second"),
    ]
    said = [f"{n} {where}" for n, where in parts if n]
    return f" ({', '.join(said)})" if said else ""


def _worth_showing(difference: Difference) -> bool:
    if difference.type is None and difference.metric in HEADLINE:
        return True
    return difference.verdict in ("better", "worse")


def _differences(rows: Iterable[Difference]) -> Table:
    table = plain_table(
        "", "metric", "n", "first", "second", "change", "95% interval", "p", "verdict"
    )
    for row in rows:
        name = row.metric if row.type is None else f"{row.metric} [{one_line(row.type)}]"
        table.add_row(
            Text(name),
            str(row.n),
            f"{row.first:.3f}",
            f"{row.second:.3f}",
            f"{row.difference:+.3f}",
            f"{row.low:+.3f} {row.high:+.3f}",
            "" if row.p is None else f"{row.p:.3f}",
            Text(_VERDICTS[row.verdict], style=_STYLES[row.verdict]),
        )
    return table


def _changed(item: Changed) -> Text:
    record = item.first
    text = Text.assemble("\n", (f"? {one_line(record.question)}", "bold"), f"  {record.id}\n")
    for name in item.metrics:
        values = (item.first.measures.get(name), item.second.measures.get(name))
        text.append(f"  {name}: {_value(values[0])} -> {_value(values[1])}\n", style="dim")
    text.append(f"  gold:   {one_line('; '.join(record.gold.answers)) or _gold(record)}\n")
    text.append(f"  first:  {_said(item.first)}\n")
    text.append(f"  second: {_said(item.second)}")
    return text


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _gold(record: QuestionRecord) -> str:
    if not record.answerable:
        return "(unanswerable)"
    return one_line(", ".join(record.gold.documents))


def _said(record: QuestionRecord) -> str:
    if record.outcome == "failed":
        return f"failed: {one_line(record.error or '')}"
    if not record.claims:
        return "(abstained)" if record.outcome == "abstained" else "(searched)"
    opening = "(uncertain) " if record.outcome == "uncertain" else ""
    said = opening + one_line(" ".join(claim.text for claim in record.claims))
    return said if len(said) <= SHOWN_CHARACTERS else f"{said[:SHOWN_CHARACTERS]}…"


def render_gate(report: GateReport) -> RenderableType:
    """What was checked, and whether and why the gate failed."""
    parts: list[RenderableType] = [
        Text(f"- {one_line(note)}", style="dim") for note in report.comparison.notes
    ]
    parts += [_differences(report.checked), Text()]
    if report.failures:
        parts += [Text(failure, style="red") for failure in report.failures]
        parts.append(Text("The gate failed.", style="bold red"))
    else:
        parts.append(Text("The gate passed: no metric is significantly worse.", style="green"))
    return Group(*parts)


def render_calibration(found: Calibration) -> RenderableType:
    """The calibrated threshold and what it guarantees."""
    guarantee = found.guarantee
    low, high = found.accuracy_interval
    return Text(
        f"answer.min_support = {guarantee.threshold:.4f} (was {found.before:.4f})\n"
        f"answers {guarantee.accepted} of {guarantee.n} questions "
        f"(coverage {guarantee.coverage:.3f}), {guarantee.accepted - guarantee.errors} of them "
        f"right (accuracy {1 - guarantee.risk:.3f}, 95% interval {low:.3f}-{high:.3f}, "
        "Clopper-Pearson)\n"
        f"With {guarantee.confidence:.0%} confidence at most {guarantee.bound:.1%} of answers to "
        "new questions of this kind are wrong."
    )


def render_weights(fitted: FittedWeights) -> RenderableType:
    """The weights before and after, and how they do on sets left out."""
    changes = plain_table("", "feature", "before", "after")
    for (name, old), new in zip(
        asdict(fitted.before).items(), asdict(fitted.weights).values(), strict=True
    ):
        changes.add_row(name, f"{old:.3f}", f"{new:.3f}")
    sets = plain_table(
        "", "left out", "questions", "AUROC before", "after", "log loss before", "after"
    )
    for part in fitted.sets:
        sets.add_row(
            one_line(part.name),
            str(part.questions),
            _value(part.auroc_before),
            _value(part.auroc_left_out),
            f"{part.log_loss_before:.3f}",
            f"{part.log_loss_left_out:.3f}",
        )
    return Group(changes, Text(), sets)
