"""Shared fixtures: real models and the ingested archives, made once for all tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.assistant import Assistant
from rag.config import load_settings
from rag.store.local import LocalStore
from tests.fakes import HashingEncoder, OverlapReranker

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_ARCHIVE = ROOT / "eval" / "archive"
# The owner's pages lie beside the checkout, not in it.
OWNERS_PAGES = ROOT.parent / "shared" / "archive" / "unido"


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


@pytest.fixture
def quick(tmp_path, settings):
    """A function that opens an Assistant with models that need no weights."""
    opened = []

    def open_quick(data=tmp_path / "data", encoder=None, **sections):
        assistant = Assistant(
            LocalStore.open(data),
            replace(settings, data=data, **sections),
            encoder=encoder or HashingEncoder(),
            reranker=OverlapReranker(),
        )
        opened.append(assistant)
        return assistant

    yield open_quick
    for assistant in opened:
        assistant.close()
