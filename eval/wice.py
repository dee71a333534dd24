"""Checkers on claims and the articles they cite, as in WiCE.

    python -m eval.wice FOLDER [--limit N] [--checker overlap|facts|cross-encoder|all] [--out FILE]

FOLDER holds queries.jsonl (claims with their labels and supporting lines) and corpus.jsonl
(articles, a sentence a line). Prints how well each checker finds the supporting sentences
and decides whether the claim is supported. Kamoi, Goyal, Rodriguez & Durrett, "WiCE:
Real-World Entailment for Claims in Wikipedia", EMNLP 2023.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from embeddings.types import ModelLoadError
from eval.checkers import Checker, CrossEncoder, EverythingSupported, FactCheck, WordOverlap
from eval.checking import CheckReport, ClaimCase, Label, Split, measure_checker
from eval.errors import QuestionSetError
from eval.records import Estimate
from rag.errors import FootnoteError

__all__ = ["main", "read_claims"]

console = Console()
CHECKERS = ("overlap", "facts", "cross-encoder", "all")
_Text = Annotated[str, Field(min_length=1)]


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _ArticleRow(_Row):
    id: _Text
    text: str


class _ClaimRow(_Row):
    id: _Text
    claim: _Text
    split: Split
    label: Label
    cited_doc_ids: Annotated[list[str], Field(min_length=1, max_length=1)]
    supporting_sentence_sets: list[list[int]]


_AnyRow = TypeVar("_AnyRow", _ArticleRow, _ClaimRow)


def read_claims(folder: Path) -> list[ClaimCase]:
    """The claims of a folder in file order, each with the lines of the article it cites.

    Raises:
        QuestionSetError: a file is missing or empty, or a line of one is malformed, has an
            id seen before, cites an unknown article or a line that the article does not
            have, or is a claim with support but without supporting lines.
    """
    articles = {
        row.id: tuple(row.text.split("\n"))
        for _, row in _rows(folder / "corpus.jsonl", _ArticleRow)
    }
    return [
        _case(row, articles, where) for where, row in _rows(folder / "queries.jsonl", _ClaimRow)
    ]


def _rows(path: Path, model: type[_AnyRow]) -> Iterator[tuple[str, _AnyRow]]:
    """Each row with its place, in words."""
    seen: set[str] = set()
    try:
        # Bytes: only a line feed ends a line, and JSON is UTF-8 or it is malformed.
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    where = f"{path}, line {number}"
                    row = _parse(line.removeprefix(b"\xef\xbb\xbf"), model, where)
                    if row.id in seen:
                        raise QuestionSetError(f"{where}: id {row.id!r} was used before")
                    seen.add(row.id)
                    yield where, row
    except OSError as error:
        raise QuestionSetError(
            f"{path}: {error.strerror}",
            remedy="a folder of claims holds corpus.jsonl and queries.jsonl",
        ) from error
    if not seen:
        raise QuestionSetError(f"{path} is empty")


def _parse(line: bytes, model: type[_AnyRow], where: str) -> _AnyRow:
    try:
        return model.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise QuestionSetError(f"{where}: {f'{field}: ' if field else ''}{first['msg']}") from error


def _case(row: _ClaimRow, articles: Mapping[str, tuple[str, ...]], where: str) -> ClaimCase:
    [document] = row.cited_doc_ids
    if document not in articles:
        raise QuestionSetError(f"{where}: article {document!r} is not in corpus.jsonl")
    sentences = articles[document]
    outside = [
        line
        for lines in row.supporting_sentence_sets
        for line in lines
        if not 0 <= line < len(sentences)
    ]
    if outside:
        raise QuestionSetError(
            f"{where}: supporting line {outside[0]} is not among the {len(sentences)} lines "
            f"of article {document!r}, which count from 0"
        )
    # Beside some claims that are labelled not supported WiCE names lines all the same, with
    # the empty set as another choice: the label decides.
    given = row.supporting_sentence_sets if row.label != "not_supported" else []
    sets = tuple(dict.fromkeys(frozenset(lines) for lines in given if lines))
    if not sets and row.label != "not_supported":
        raise QuestionSetError(f"{where}: label is {row.label!r}, but no line supports the claim")
    return ClaimCase(row.id, row.claim, row.split, row.label, document, sentences, sets)


def _first(cases: Sequence[ClaimCase], limit: int | None) -> list[ClaimCase]:
    """The first ``limit`` cases of each split: one split alone would change the design."""
    kept: list[ClaimCase] = []
    for case in cases:
        if limit is None or sum(other.split == case.split for other in kept) < limit:
            kept.append(case)
    return kept


@contextmanager
def _checkers(which: str) -> Iterator[list[Checker]]:
    """The checkers asked for, after the one that says yes to everything."""
    overlap = WordOverlap()
    found: list[Checker] = [EverythingSupported()]
    if which in ("overlap", "all"):
        found.append(overlap)
    if which in ("facts", "all"):
        found.append(FactCheck())
    if which in ("overlap", "facts"):
        yield found
        return
    # Loads faiss and the store: seconds that counting words does not need.
    from rag.assistant import Assistant
    from rag.config import load_settings

    with tempfile.TemporaryDirectory() as scratch:
        settings = load_settings(environment={}, flags={"data": Path(scratch)})
        with Assistant.open(settings=settings) as assistant:
            found.append(CrossEncoder(assistant.reranker, prefilter=overlap))
            yield found


def main(arguments: Sequence[str] | None = None) -> None:
    """Score every claim with the checkers asked for and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=_positive, help="only the first N claims of each split")
    parser.add_argument("--checker", choices=CHECKERS, default="all")
    parser.add_argument("--out", type=Path, help="write each claim's verdicts here, as JSON lines")
    asked = parser.parse_args(arguments)
    try:
        cases = _first(read_claims(asked.folder), asked.limit)
        with _checkers(asked.checker) as checkers:
            reports = {checker.name: _report(checker, cases) for checker in checkers}
        # Printed first: a file that cannot be written must not cost the figures.
        _print(reports)
        if asked.out:
            _write_verdicts(reports, asked.out)
    except (FootnoteError, ModelLoadError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _report(checker: Checker, cases: Sequence[ClaimCase]) -> CheckReport:
    steps = track(
        cases,
        description=checker.name,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    return measure_checker(cases, [checker.check(case.claim, case.sentences) for case in steps])


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _write_verdicts(reports: Mapping[str, CheckReport], path: Path) -> None:
    rows = [
        {
            "checker": name,
            "id": verdict.case.id,
            "split": verdict.case.split,
            "label": verdict.case.label,
            # JSON has no infinities: an article of which nothing was read has no score.
            "support": verdict.support if math.isfinite(verdict.support) else None,
            "decided": dict(verdict.decided),
            "chosen": verdict.chosen,
            "f1": verdict.selection[2] if verdict.selection else None,
        }
        for name, report in reports.items()
        for verdict in report.verdicts
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def _print(reports: Mapping[str, CheckReport]) -> None:
    any_report = next(iter(reports.values()))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("n", justify="right")
    for name in reports:
        table.add_column(name, no_wrap=True)
    for group, measures in any_report.estimates.items():
        table.add_row(group, style="bold")
        for measured, estimate in measures.items():
            cells = [_cell(report.estimates[group][measured]) for report in reports.values()]
            table.add_row(f"  {measured}", str(estimate.n), *cells)
        table.add_section()
    console.print(any_report.design, "95% bootstrap intervals", sep="; ")
    console.print(table)
    for name, report in reports.items():
        console.print(f"{name}: {_fitted(report)}", highlight=False)


def _fitted(report: CheckReport) -> str:
    """What was fitted, in words, as a range where the folds differ."""
    rules = [found.rule for found in report.fits]
    most = sorted({rule.most for rule in rules}, key=lambda most: most or math.inf)
    many = " or ".join("all" if n is None else f"best {n}" for n in most)
    parts = [f"{many} sentences, from {_range([rule.least for rule in rules])}"]
    for decision in report.fits[0].thresholds:
        cuts = _range([found.thresholds[decision] for found in report.fits])
        parts.append(f"{decision} from {cuts}")
    return "; ".join(parts)


def _range(values: Sequence[float]) -> str:
    low, high = f"{min(values):.3f}", f"{max(values):.3f}"
    return low if low == high else f"{low} to {high}"


def _cell(estimate: Estimate) -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "-"
    value, low, high = (f"{x:.3f}" for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} {high})"


if __name__ == "__main__":
    main()
