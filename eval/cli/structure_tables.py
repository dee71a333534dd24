"""What ``footnote eval structure`` prints: figures by measure, and what they missed."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from eval.cli.render import plain_table
from eval.structure.measures import Measure, Measured, Row
from rag.text.display import one_line

TITLES: Mapping[Measure, str] = {
    "evidence": "gold evidence that is one statement or a run of whole ones",
    "rows": "rows with headers, items with lead-ins",
    "sentences": "sentence boundaries, F1",
    "recall": "recall@4 of the gold documents",
}
# Characters of a document and of each statement that a miss shows.
_SHOWN = 600


def render_structure(measured: Measured) -> RenderableType:
    """A table a measure: value, interval and n of each set and group, and the goal."""
    parts: list[RenderableType] = []
    for measure, title in TITLES.items():
        rows = [row for row in measured.rows if row.measure == measure]
        if not rows:
            continue
        counts = list(rows[0].counts)
        table = plain_table(title, "", "value", "95% interval", "n", "goal", "reached", *counts)
        for row in rows:
            table.add_row(
                f"{row.set} {row.group}",
                f"{row.value:.3f}",
                "" if row.interval is None else "{:.3f}-{:.3f}".format(*row.interval),
                str(row.n),
                f"{row.goal:.3f}",
                Text("yes", "green") if row.reached else Text("no", "red"),
                *(_count(row, name) for name in counts),
            )
        parts += [table, Text()]
    return Group(*parts)


def _count(row: Row, name: str) -> str:
    value = row.counts[name]
    return f"{value:.3f}" if name in ("precision", "recall") else f"{value:.0f}"


def render_misses(measured: Measured, measure: str) -> RenderableType:
    """Each miss of a measure: where, of what kind, the text, and what was found there."""
    parts: list[RenderableType] = []
    for miss in measured.misses:
        if miss.measure == measure:
            head = f"{miss.set} {miss.group} {miss.document}: {miss.kind}"
            found = "".join(f"\n  | {one_line(text)[:_SHOWN]}" for text in miss.found)
            parts.append(Text.assemble((head, "bold"), f"\n  {miss.text[:_SHOWN]}{found}"))
    return Group(*parts, Text(f"{len(parts)} missed"))
