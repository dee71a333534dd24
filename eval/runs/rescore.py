"""Compute a run's metrics again from its records."""

from __future__ import annotations

from dataclasses import replace

from eval.errors import RunError
from eval.measure.measures import question_measures
from eval.measure.summarise import summarise
from eval.runs.folder import Run, write_run


def rescore(run: Run) -> Run:
    """The run, rewritten with the metrics as this version defines them.

    Nothing is asked; time and memory stay as they were measured.

    Raises:
        RunError: the run's settings are damaged.
    """
    min_support = run.manifest.settings.get("answer.min_support")
    if not isinstance(min_support, float | int):
        raise RunError(f"run '{run.folder}' is damaged: its settings have no answer.min_support")
    answers = run.manifest.mode == "answers"
    records = tuple(
        record.model_copy(update={"measures": question_measures(record, answers=answers)})
        for record in run.records
    )
    summary = summarise(
        run.manifest,
        records,
        min_support=float(min_support),
        ingest_seconds=run.summary.ingest_seconds,
    )
    measured = {"peak_memory_mib": run.summary.peak_memory_mib, "finished": run.summary.finished}
    summary = summary.model_copy(update=measured)
    write_run(run.folder, records, summary)
    return replace(run, records=records, summary=summary)
