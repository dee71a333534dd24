"""Shared fixtures: real models and the ingested archives, made once for all tests."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from eval.questions.cases import CaseSelection, select_cases
from eval.questions.indexing import library_of_archive
from eval.questions.question_file import BUNDLED_QUESTIONS, read_question_file
from eval.runs.runner import Plan, run_questions
from rag.assistant import Assistant
from rag.config import load_settings
from rag.store.local.store import LocalStore
from server.cli import main as cli
from tests.fakes import HashingEncoder, OverlapReading
from tests.serving import serving

# A busy machine makes no test false.
hypothesis_settings.register_profile(
    "footnote", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("footnote")

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_ARCHIVE = ROOT / "eval" / "archive"
# The owner's pages lie beside the checkout, not in it.
OWNERS_PAGES = ROOT.parent / "shared" / "archive" / "unido"


def pytest_collection_modifyitems(items):
    """Files with slow tests first, so that none is left to one worker at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def settings():
    """The defaults, whatever the environment of whoever runs the tests says."""
    return load_settings(environment={})


@pytest.fixture(scope="session")
def sample_data(tmp_path_factory, settings):
    """A data directory with the sample archive, ingested by the real models."""
    data = tmp_path_factory.mktemp("sample") / "data"
    with Assistant.open(data, settings=settings) as assistant:
        report = assistant.ingest(SAMPLE_ARCHIVE)
    assert not report.failed
    return data


@pytest.fixture(scope="session")
def sample(sample_data, settings):
    """An Assistant over the sample archive."""
    with Assistant.open(sample_data, settings=settings) as assistant:
        yield assistant


@pytest.fixture(scope="session")
def served(tmp_path_factory, sample_data, settings):
    """The sample archive, served by the real models; tests may add what they remove."""
    data = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(sample_data, data)
    with (
        Assistant.open(data, settings=settings) as assistant,
        serving(assistant) as running,
    ):
        yield running


@pytest.fixture
def quick_served(quick):
    """A function that serves an archive with models that need no weights."""
    with ExitStack() as running:
        yield lambda **sections: running.enter_context(serving(quick(**sections)))


class Recorder:
    """An Assistant that remembers what it answered."""

    def __init__(self, assistant):
        self.assistant = assistant
        self.outcomes = []

    def __getattr__(self, name):
        return getattr(self.assistant, name)

    def ask(self, question):
        self.outcomes.append(self.assistant.ask(question))
        return self.outcomes[-1]


def bundled_plan(runs, **selection):
    """A plan to ask the bundled questions, or those that the selection's arguments choose."""
    library = library_of_archive(SAMPLE_ARCHIVE)
    questions = read_question_file(BUNDLED_QUESTIONS, library, bundled=True)
    chosen = {"filters": {}, "limit": None, "sample": None, "seed": 20161} | selection
    cases = select_cases(questions.cases, **chosen)
    return Plan(
        questions, library, CaseSelection(cases=cases, mode="answers", whole=False, **chosen), runs
    )


@pytest.fixture(scope="session")
def bundled(sample, tmp_path_factory):
    """Every bundled question asked once: (finished run, outcomes by question id)."""
    recorder = Recorder(sample)
    run = run_questions(recorder, bundled_plan(tmp_path_factory.mktemp("runs")))
    ids = [record.id for record in run.records]
    return run, dict(zip(ids, recorder.outcomes, strict=True))


@pytest.fixture
def footnote(monkeypatch, capsys, tmp_path):
    """Run the command line in this process: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["footnote", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield run
    # `footnote serve` and `footnote mcp` log to a stream that is gone with this test.
    root.handlers, root.level = handlers, level


@pytest.fixture
def quick(tmp_path, settings):
    """A function that opens an Assistant with models that need no weights."""
    opened = []

    def open_quick(data=tmp_path / "data", encoder=None, model=None, **sections):
        assistant = Assistant(
            LocalStore.open(data),
            replace(settings, data=data, **sections),
            encoder=encoder or HashingEncoder(),
            reading=OverlapReading(),
            language_model=model,
        )
        opened.append(assistant)
        return assistant

    yield open_quick
    for assistant in opened:
        assistant.close()
