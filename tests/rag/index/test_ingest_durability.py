"""kill -9 in the middle of an ingest: nothing that was reported is ever lost."""

import random
from pathlib import Path

import pytest

from rag.index.files import find_files
from rag.index.indexer import Indexer
from rag.index.ingest import ingest_files
from rag.settings import SplitSettings
from rag.store.local.store import LocalStore
from tests.contract.kills import run_until_killed
from tests.fakes import HashingEncoder

KILLS = 6
FILES = 400


def ingest(sender, data, folder):
    """Ingest a folder, saying which source is done."""
    ingest_files(
        find_files([folder]),
        LocalStore.open(data),
        make_indexer,
        on_event=lambda event: sender.send(event.source),
    )
    sender.send("finished")


def make_indexer():
    return Indexer(HashingEncoder(), SplitSettings(), lambda text: len(text.split()))


def write_version(folder, version):
    """Every file gets new text, so that each run has everything to do again."""
    for number in range(FILES):
        body = " ".join(f"Ship {number} of fleet {version} met ship {other}." for other in range(4))
        (folder / f"{number:03}.txt").write_text(f"Log {number}\n\n{body}\n", encoding="utf-8")


@pytest.mark.slow
def test_no_kill_loses_what_ingest_reported_and_a_rerun_completes(tmp_path):
    folder, data = tmp_path / "files", tmp_path / "data"
    folder.mkdir()
    chance = random.Random(20)
    cut_short = 0
    for version in range(KILLS):
        write_version(folder, version)
        reported = run_until_killed(ingest, data, folder, seconds=chance.uniform(0.0, 0.15))
        assert reported
        cut_short += "finished" not in reported
        store = LocalStore.open(data)
        assert store.check() == []
        with store.read() as view:
            for source in set(reported) - {"finished"}:
                stored = view.document(view.source(source).document_id)
                assert stored.text == Path(source).read_text(encoding="utf-8"), source
        store.close()
    assert cut_short >= KILLS - 1, "too many kills came after the end"

    store = LocalStore.open(data)
    report = ingest_files(find_files([folder]), store, make_indexer)
    assert (report.failed, report.added + report.updated + report.unchanged) == ((), FILES)
    assert store.status().documents == FILES
    assert store.check() == []
    store.close()
