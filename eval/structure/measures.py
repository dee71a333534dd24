"""The measures of structure over suites, made documents and finished runs, and their misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from eval.measure.metrics import recall_at
from eval.measure.statistics import percentile_interval, resample_counts, share_interval
from eval.runs.folder import Run
from eval.structure.gold import Fit, GoldDocument, boundaries, fit
from eval.structure.made.cases import MadeCase
from eval.structure.rows import fault

Measure = Literal["evidence", "rows", "sentences", "recall"]

# What an answer is composed of.
RECALL_DEPTH = 4
FINAL_STAGE = "reranked"
# Of these languages sentence ends are judged: of the others there is too little gold, or
# the gold itself is not parted into sentences.
SENTENCE_LANGUAGES = ("en", "de", "fr", "es", "ru", "zh", "ja")
ALL = "all"
# Characters around a boundary that a miss shows.
_AROUND = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: of a set, of a language or format (or of all), over ``n``.

    ``value`` is a share, of sentences F1; with its 95% interval, which is None where one
    document alone would give it. ``counts`` are what it is made of.
    """

    measure: Measure
    set: str
    group: str
    n: int
    value: float
    interval: tuple[float, float] | None
    goal: float
    counts: dict[str, float]

    @property
    def reached(self) -> bool:
        """Whether the value is at least the goal."""
        return self.value >= self.goal


@dataclass(frozen=True, slots=True)
class Miss:
    """What did not come out right: in which document, of what kind, and the text there."""

    measure: Measure
    set: str
    group: str
    document: str
    kind: str
    text: str
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures, and what they missed."""

    rows: tuple[Row, ...] = ()
    misses: tuple[Miss, ...] = ()

    def __add__(self, other: Measured) -> Measured:
        return Measured(self.rows + other.rows, self.misses + other.misses)


# --- Gold evidence -----------------------------------------------------------------


def evidence_measure(name: str, documents: Sequence[GoldDocument]) -> Measured:
    """How much of the gold evidence is exactly one statement or a run of whole ones."""
    fits: dict[str, Counter[Fit]] = {}
    misses: list[Miss] = []
    for gold in documents:
        language = gold.document.language
        for piece in gold.evidence:
            kind = fit(piece, gold.statements)
            fits.setdefault(language, Counter())[kind] += 1
            if kind not in ("one", "run"):
                misses.append(
                    Miss(
                        "evidence",
                        name,
                        language,
                        gold.document.sources[0],
                        kind,
                        piece.of(gold.document.text),
                        tuple(
                            span.of(gold.document.text)
                            for span in gold.statements
                            if span.overlaps(piece)
                        ),
                    )
                )
    rows = [
        _share("evidence", name, language, found["one"] + found["run"], found.total(), counts)
        for language, found in _with_all(fits)
        for counts in [{kind: float(found[kind]) for kind in get_args(Fit)}]
    ]
    return Measured(tuple(rows), tuple(misses))


def _with_all(counted: dict[str, Counter[Fit]]) -> Iterator[tuple[str, Counter[Fit]]]:
    yield from sorted(counted.items())
    if len(counted) > 1:
        yield ALL, sum(counted.values(), Counter[Fit]())


def _share(
    measure: Measure, name: str, group: str, right: int, n: int, counts: dict[str, float]
) -> Row:
    return Row(
        measure=measure,
        set=name,
        group=group,
        n=n,
        value=right / n,
        interval=share_interval(right, n),
        goal=goal_of(measure, group),
        counts=counts,
    )


def goal_of(measure: Measure, group: str) -> float:
    """The share that a measure should reach; of evidence and recall it is higher in English."""
    match measure:
        case "evidence":
            return 0.97 if group == "en" else 0.93
        case "rows":
            return 0.98
        case "sentences":
            return 0.985
        case "recall":
            return 0.97 if group == "en" else 0.92


# --- Rows and items ----------------------------------------------------------------


def rows_measure(
    cases: Iterable[MadeCase], find_fault: Callable[[MadeCase], str | None] = fault
) -> Measured:
    """How many of the made documents have their row or item with what it needs."""
    judged = [(case, find_fault(case)) for case in cases]
    groups: dict[str, list[bool]] = {}
    for key in ("format", "shape", "language"):
        for case, problem in judged:
            groups.setdefault(getattr(case, key), []).append(problem is None)
    groups[ALL] = [problem is None for _, problem in judged]
    return Measured(
        tuple(
            _share("rows", "made", group, sum(right), len(right), {})
            for group, right in groups.items()
        ),
        tuple(
            Miss(
                "rows",
                "made",
                case.language,
                f"{case.id} ({case.shape})",
                problem,
                case.data.decode(),
                (case.readings[0].text, *case.readings[0].context),
            )
            for case, problem in judged
            if problem is not None
        ),
    )


# --- Sentences ---------------------------------------------------------------------


def sentences_measure(name: str, documents: Sequence[GoldDocument]) -> Measured:
    """Precision, recall and F1 of sentence boundaries, by language."""
    counts: dict[str, list[tuple[int, int, int]]] = {}
    misses: list[Miss] = []
    for gold in documents:
        language = gold.document.language
        if language not in SENTENCE_LANGUAGES:
            continue
        found = boundaries(gold)
        counts.setdefault(language, []).append(
            (len(found.right), len(found.missed), len(found.false))
        )
        for kind, offsets in (("missed", found.missed), ("false", found.false)):
            misses += [
                Miss(
                    "sentences",
                    name,
                    language,
                    gold.document.sources[0],
                    kind,
                    _around(gold.document.text, at),
                )
                for at in offsets
            ]
    grouped = sorted(counts.items())
    if len(grouped) > 1:
        grouped.append((ALL, [each for found in counts.values() for each in found]))
    return Measured(
        tuple(_f1(name, language, np.array(found)) for language, found in grouped), tuple(misses)
    )


def _around(text: str, at: int) -> str:
    before = text[max(0, at - _AROUND) : at]
    return f"{before}¦{text[at : at + _AROUND]}"


def _f1(name: str, language: str, found: npt.NDArray[np.int64]) -> Row:
    """F1 of rows (right, missed, false), a document each; the interval draws documents."""
    right, missed, false = (int(n) for n in found.sum(axis=0))
    drawn = resample_counts(len(found)) @ found.astype(np.float64)
    interval = percentile_interval(_f1_of(*drawn.T)) if len(found) > 1 else None
    return Row(
        measure="sentences",
        set=name,
        group=language,
        n=right + missed,
        value=float(_f1_of(*(np.array([n], np.float64) for n in (right, missed, false)))[0]),
        interval=interval,
        goal=goal_of("sentences", language),
        counts={
            "documents": len(found),
            "precision": right / max(1, right + false),
            "recall": right / max(1, right + missed),
            "missed": missed,
            "false": false,
        },
    )


def _f1_of(
    right: npt.NDArray[np.float64], missed: npt.NDArray[np.float64], false: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    total = 2 * right + missed + false
    found = np.full(total.shape, np.nan)
    np.divide(2 * right, total, out=found, where=total > 0)
    return found


# --- Retrieval ---------------------------------------------------------------------


def recall_measure(run: Run) -> Measured:
    """Recall of the gold documents among the first four of a run's final ranking."""
    name = run.manifest.questions.name
    values: dict[str, list[float]] = {}
    misses: list[Miss] = []
    for record in run.records:
        if not (record.answerable and record.gold.documents):
            continue
        ranking = record.rankings.get(FINAL_STAGE, [])
        value = recall_at(RECALL_DEPTH, ranking, record.gold.documents)
        values.setdefault(record.language, []).append(value)
        if value < 1:
            misses.append(
                Miss(
                    "recall",
                    name,
                    record.language,
                    ", ".join(record.gold.documents),
                    record.id,
                    record.question,
                    tuple(ranking[:RECALL_DEPTH]),
                )
            )
    grouped = sorted(values.items())
    if len(grouped) > 1:
        grouped.append((ALL, [value for found in values.values() for value in found]))
    return Measured(tuple(_mean(name, *group) for group in grouped), tuple(misses))


def _mean(name: str, language: str, values: Sequence[float]) -> Row:
    row = _share("recall", name, language, sum(value == 1 for value in values), len(values), {})
    if set(values) <= {0.0, 1.0}:
        return row
    drawn = resample_counts(len(values)) @ np.array(values) / len(values)
    mean = sum(values) / len(values)
    return replace(row, value=mean, interval=percentile_interval(drawn))
