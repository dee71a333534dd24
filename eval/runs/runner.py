"""Ask every question of a selection once and record each before the next."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eval.measure.judge import Judge
from eval.measure.summarise import summarise
from eval.questions.cases import Case, CaseSelection, QuestionSet
from eval.questions.library import Library
from eval.records import QuestionRecord
from eval.runs.folder import Run, read_run
from eval.runs.manifest import describe_run
from eval.runs.writer import RunWriter, find_unfinished
from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.types import Question

OnProgress = Callable[[int, int], None]

# More passages than the retrievers return.
SEARCH_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """A run to make: questions, documents, and where to write it.

    ``folder`` None makes a new folder in ``runs``, or resumes an unfinished run of the same
    identity there unless ``fresh``. ``ingest_seconds`` is the time that indexing took, or
    None if nothing was indexed.
    """

    questions: QuestionSet
    library: Library
    selection: CaseSelection
    runs: Path
    folder: Path | None = None
    fresh: bool = False
    ingest_seconds: float | None = None


def run_questions(
    assistant: Assistant,
    plan: Plan,
    *,
    on_start: Callable[[Path, int], None] = lambda folder, done: None,
    on_progress: OnProgress = lambda done, of: None,
) -> Run:
    """Ask, judge and record; return the finished run.

    ``on_start`` gets the folder and the number of questions recorded in it before, which
    are not asked again. A question that fails is recorded as failed. After Ctrl-C the run
    can be resumed.

    Raises:
        RunError: the folder has something else in it.
        KeyboardInterrupt: the user stopped it.
    """
    manifest = describe_run(assistant, plan.questions, plan.library, plan.selection)
    folder = plan.folder
    if folder is None and not plan.fresh:
        folder = find_unfinished(plan.runs, manifest.identity)
    if folder is None:
        folder = _new_folder(plan.runs, manifest.questions.name, manifest.started)
    judge = Judge(
        plan.library,
        assistant.indexer.count_tokens,
        answers=plan.selection.mode == "answers",
    )
    writer = RunWriter(folder, manifest)
    try:
        on_start(folder, len(writer.done))
        asked = {record.id for record in writer.done}
        for case in plan.selection.cases:
            if case.id not in asked:
                writer.add(_ask(assistant, case, judge))
                on_progress(len(writer.done), len(plan.selection.cases))
        writer.finish(
            summarise(
                manifest,
                writer.done,
                min_support=assistant.settings.answer.min_support,
                ingest_seconds=plan.ingest_seconds,
            )
        )
    finally:
        writer.close()
    return read_run(folder)


def _new_folder(runs: Path, name: str, started: str) -> Path:
    stamp = started[:19].replace("-", "").replace(":", "").replace("T", "-")
    folder = runs / f"{name}-{stamp}"
    number = 2
    while folder.exists():
        folder = runs / f"{name}-{stamp}-{number}"
        number += 1
    return folder


def _ask(assistant: Assistant, case: Case, judge: Judge) -> QuestionRecord:
    question = Question(case.question, history=case.history, as_of=case.as_of)
    try:
        if judge.answers:
            return judge.answered(case, assistant.ask(question))
        started = time.perf_counter()
        hits = assistant.search(question, limit=SEARCH_LIMIT).hits
        lap = (time.perf_counter() - started) * 1000
        return judge.retrieved(case, hits, {"total": lap})
    except FootnoteError as error:
        return judge.failed(case, error)
