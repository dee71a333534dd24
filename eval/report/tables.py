"""The report's tables: metrics by family, retrieval by stage, metrics by question type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.measure.measures import HEADLINE, MEASURES, Measure
from eval.records import Estimate, QuestionRecord
from eval.report.strips import interval_bar

FAMILIES = {
    "answer": "Answers",
    "citation": "Citations",
    "abstention": "Abstention",
    "selection": "Language model",
}
RETRIEVAL = "retrieval"

# An interval over fewer questions than this covers most of the scale.
FEW_QUESTIONS = 10

# The columns of the table by question type, retrieval apart.
TYPE_METRICS = {
    "answer.first_right": "first right",
    "answer.first_right_shown": "first right, shown",
    "answer.contains_gold": "contains gold",
    "answer.precision": "right, of sure",
    "citation.precision_evidence": "citations in evidence",
    "citation.recall": "evidence cited",
    "abstention.not_answered_as_sure": "rightly not sure",
    "abstention.refused_outright": "rightly abstained",
    "abstention.false_refusal": "wrongly abstained",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """An estimate with its bar; ``few`` where it rests on too few questions to rely on."""

    estimate: Estimate
    bar: Markup
    few: bool


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric of a family. ``measure`` is None for a metric of another version."""

    name: str
    measure: Measure | None
    cell: Cell


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that belong together, in the order of the summary."""

    title: str
    rows: tuple[MetricRow, ...]


@dataclass(frozen=True, slots=True)
class RetrievalRow:
    """A metric by stage, a cell or None each. ``name`` leaves the stage out.

    ``measure`` is None also where the row above is of the same kind at another depth.
    """

    name: str
    measure: Measure | None
    cells: tuple[Cell | None, ...]

    @property
    def n(self) -> int | None:
        """Number of questions that every stage rests on; None where they differ in it."""
        numbers = {cell.estimate.n for cell in self.cells if cell is not None}
        return numbers.pop() if len(numbers) == 1 else None


@dataclass(frozen=True, slots=True)
class RetrievalTable:
    """Retrieval metrics by stage."""

    stages: tuple[str, ...]
    rows: tuple[RetrievalRow, ...]


@dataclass(frozen=True, slots=True)
class TypeTable:
    """Main metrics by question type: (type, number of questions, cells)."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, int, tuple[Cell | None, ...]], ...]

    @property
    def any_few(self) -> bool:
        """Whether some cell rests on too few questions."""
        return any(cell is not None and cell.few for _, _, cells in self.rows for cell in cells)


def metric_families(metrics: Mapping[str, Estimate]) -> tuple[Family, ...]:
    """All but retrieval; an unknown family keeps its own name."""
    rows: dict[str, list[MetricRow]] = {family: [] for family in FAMILIES}
    for name, estimate in metrics.items():
        family = name.partition(".")[0]
        if family != RETRIEVAL:
            row = MetricRow(name, MEASURES.get(name), _cell(estimate))
            rows.setdefault(family, []).append(row)
    return tuple(
        Family(FAMILIES.get(family, family), tuple(found))
        for family, found in rows.items()
        if found
    )


def split_retrieval(name: str) -> tuple[str, str] | None:
    """Stage and metric of "retrieval.<stage>.<metric>"; None of any other name."""
    parts = name.split(".")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == RETRIEVAL else None


def retrieval_table(metrics: Mapping[str, Estimate]) -> RetrievalTable | None:
    """Retrieval metrics by stage; None when there are none."""
    found = {parts: metrics[name] for name in metrics if (parts := split_retrieval(name))}
    if not found:
        return None
    stages = tuple(dict.fromkeys(stage for stage, _ in found))
    rows: list[RetrievalRow] = []
    kinds: set[str] = set()
    for metric in dict.fromkeys(metric for _, metric in found):
        kind = metric.partition("@")[0]
        measure = MEASURES.get(f"{RETRIEVAL}.{stages[0]}.{metric}") if kind not in kinds else None
        cells = tuple(_cell_or_none(found.get((stage, metric))) for stage in stages)
        kinds.add(kind)
        rows.append(RetrievalRow(metric, measure, cells))
    return RetrievalTable(stages, tuple(rows))


def type_table(
    types: Mapping[str, Mapping[str, Estimate]], records: Sequence[QuestionRecord]
) -> TypeTable | None:
    """Question types by main metrics, without columns that are empty; None without types."""
    if not types:
        return None
    counts = Counter(record.type for record in records)
    columns = tuple(
        (name, label)
        for name, label in _type_columns().items()
        if any(_known(metrics.get(name)) for metrics in types.values())
    )
    rows = tuple(
        (kind, counts[kind], tuple(_cell_or_none(types[kind].get(name)) for name, _ in columns))
        for kind in sorted(types)
    )
    return TypeTable(columns, rows)


def _type_columns() -> dict[str, str]:
    """Labels by metric, then the headline's retrieval metrics."""
    stages = {name: parts for name in HEADLINE if (parts := split_retrieval(name))}
    return TYPE_METRICS | {name: f"{metric}, {stage}" for name, (stage, metric) in stages.items()}


def _known(estimate: Estimate | None) -> bool:
    return estimate is not None and estimate.value is not None


def _cell_or_none(estimate: Estimate | None) -> Cell | None:
    return _cell(estimate) if estimate is not None and estimate.value is not None else None


def _cell(estimate: Estimate) -> Cell:
    bar = Markup()
    if estimate.value is not None and 0 <= estimate.value <= 1:
        bar = Markup(interval_bar(estimate.value, estimate.low, estimate.high))
    return Cell(estimate, bar, estimate.n < FEW_QUESTIONS)
