"""Damage to a data directory, and what a repair leaves of it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from rag.index.indexer import Indexer
from rag.index.reindex import complete_index
from rag.settings import SplitSettings
from rag.store.local.connection import DATABASE_NAME
from rag.store.local.store import LocalStore
from tests.store_cases import (
    ENCODER,
)

INDEXER = Indexer(ENCODER, SplitSettings(), len)


def change(data: Path, *statements: str) -> None:
    """Damage the database as no code of ours would."""
    with sqlite3.connect(data / DATABASE_NAME) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def codes(store: LocalStore) -> set[str]:
    return {problem.code for problem in store.check()}


def repaired(store: LocalStore) -> list[str]:
    """What a repair did, what it leaves to be made again included."""
    return [*store.repair(store.check()), *complete(store)]


def complete(store: LocalStore) -> list[str]:
    """Make words and vectors again, as the caller of a repair does."""
    return complete_index(store, lambda: INDEXER)


def repaired_at_most_once(store: LocalStore) -> bool:
    """Whether a repair leaves nothing that a second one would repair, and hides nothing."""
    lasting = {found for found in store.check() if not found.repairable}
    store.repair(store.check())
    missing = {"vector.damaged", "words.damaged"}  # what the caller of a repair makes again
    return lasting == {found for found in store.check() if found.code not in missing}


def run_as_another_user(script: str, *arguments: object) -> None:
    """Run Python that may not write what the tests have written; root may, so not as root."""
    head = "import os, sys\nfrom pathlib import Path\nfrom tests.store_cases import *\n"
    drop = "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
    imports = (
        "from rag.errors import *\nfrom rag.store.local.store import LocalStore\n"
        # Whatever is imported late is imported now, while it can be read.
        "import tempfile\n"
        "with LocalStore.open(Path(tempfile.mkdtemp())).write() as w: put(w, document('x'))\n"
    )
    subprocess.run(
        [sys.executable, "-c", head + imports + drop + script, *map(str, arguments)],
        check=True,
        timeout=60,
    )
