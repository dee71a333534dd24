"""From the options of a command to an indexed archive and the questions to ask it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from eval.errors import EvalError
from eval.questions.cases import CaseSelection, QuestionSet, select_cases
from eval.questions.indexing import (
    absolute,
    index_archive,
    index_suite,
    library_of_archive,
    library_of_store,
    scratch_data,
)
from eval.questions.library import Library
from eval.questions.question_file import BUNDLED_ARCHIVE, BUNDLED_QUESTIONS, read_question_file
from eval.questions.suite import SuiteFiles, find_suite, read_corpus, read_suite
from rag.assistant import Assistant
from rag.models import settle_encoder
from rag.settings import Settings

OnIndex = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Which questions to ask of which documents. By default: the bundled set.

    ``archive`` is a folder or file that eval indexes itself, ``data`` an existing data
    directory. ``documents`` restricts a suite's corpus. ``whole`` makes each document of a
    suite one passage; ``history`` False asks follow-up questions without their history.
    """

    questions: Path | None = None
    archive: Path | None = None
    data: Path | None = None
    suite: str | None = None
    corpus: str = "corpus.jsonl"
    queries: str = "queries.jsonl"
    documents: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    filters: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None
    sample: int | None = None
    mode: Literal["answers", "retrieval"] = "answers"
    history: bool = True
    seed: int = 20161

    def check(self) -> None:
        """Raise EvalError when options contradict each other."""
        if self.suite is not None and not self.suite.strip():
            raise EvalError("--suite is empty", remedy="name a folder")
        if self.suite and (self.questions or self.archive or self.data):
            raise EvalError(
                "--suite is given with other documents or questions",
                remedy="a suite has both: give only it",
            )
        if self.archive and self.data:
            raise EvalError("--archive and --data are both given", remedy="give one of them")
        if (self.archive or self.data) and not self.questions:
            raise EvalError("no questions are given", remedy="give --questions FILE")
        if self.questions and not (self.archive or self.data):
            raise EvalError(
                "the documents that --questions is about are not given",
                remedy="give --archive PATH or --data DIR",
            )
        if not self.suite and (self.whole or self.documents):
            raise EvalError(
                "--whole-documents or --documents is given without --suite",
                remedy="give --suite, or leave them out",
            )


@dataclass(frozen=True, slots=True)
class Prepared:
    """An Assistant over the indexed documents, and the questions to ask it.

    ``failures`` are files of the archive that could not be read, each with the reason.
    """

    assistant: Assistant
    library: Library
    questions: QuestionSet
    selection: CaseSelection
    ingest_seconds: float | None
    failures: tuple[str, ...]


@contextmanager
def prepare(target: Target, settings: Settings, on_index: OnIndex) -> Iterator[Prepared]:
    """Read and check the questions, then index what is not indexed yet.

    Raises:
        EvalError: options contradict each other or a file is malformed; nothing was
            indexed or asked.
    """
    target.check()
    if target.suite:
        yield from _suite(target, settings, on_index)
    elif target.data is not None:
        yield from _store(target, settings)
    else:
        yield from _archive(target, settings, on_index)


def _select(target: Target, questions: QuestionSet) -> CaseSelection:
    cases = select_cases(
        questions.cases,
        filters=target.filters,
        limit=target.limit,
        sample=target.sample,
        seed=target.seed,
    )
    if not target.history:
        cases = tuple(replace(case, history=()) for case in cases)
    return CaseSelection(
        cases=cases,
        filters=target.filters,
        limit=target.limit,
        sample=target.sample,
        mode=target.mode,
        whole=target.whole,
        history=target.history,
        seed=target.seed,
    )


def _with_encoder(settings: Settings, library: Library) -> Settings:
    """The settings with the encoder that a first ingest of these documents chooses."""
    languages = Counter(document.language for document in library.documents)
    return replace(settings, models=settle_encoder(settings.models, languages))


def _suite(target: Target, settings: Settings, on_index: OnIndex) -> Iterator[Prepared]:
    files = SuiteFiles(
        find_suite(target.suite or ""),
        target.corpus,
        target.queries,
        tuple(sorted(target.documents.items())),
    )
    documents = read_corpus(files.folder, files.corpus, documents=files.documents)
    library = Library(documents)
    questions = read_suite(files, library)
    selection = _select(target, questions)
    settings = _with_encoder(settings, library)
    models = settings.models
    # Whole documents cannot be reindexed, so each encoder gets an index of its own.
    whole = (
        ("whole", models.encoder, str(models.query_prompt), str(models.passage_prompt))
        if target.whole
        else ()
    )
    scratch = scratch_data(settings, files.name, library.sha256, *whole)
    with Assistant.open(settings=scratch) as assistant:
        seconds = index_suite(assistant, documents, on_index, whole=target.whole)
        yield Prepared(assistant, library, questions, selection, seconds, ())


def _store(target: Target, settings: Settings) -> Iterator[Prepared]:
    if target.questions is None:
        raise AssertionError("checked before")
    with Assistant.open(target.data, settings=settings) as assistant:
        library = library_of_store(assistant)
        questions = read_question_file(target.questions, library)
        yield Prepared(assistant, library, questions, _select(target, questions), None, ())


def _archive(target: Target, settings: Settings, on_index: OnIndex) -> Iterator[Prepared]:
    archive = target.archive or BUNDLED_ARCHIVE
    library = library_of_archive(archive)
    questions = read_question_file(
        target.questions or BUNDLED_QUESTIONS, library, bundled=target.questions is None
    )
    selection = _select(target, questions)
    settings = _with_encoder(settings, library)
    place = absolute(archive)
    scratch = scratch_data(settings, place.name, str(place))
    with Assistant.open(settings=scratch) as assistant:
        seconds, failures = index_archive(assistant, archive, library, on_index)
        yield Prepared(assistant, library, questions, selection, seconds, failures)
