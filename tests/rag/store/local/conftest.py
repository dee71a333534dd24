from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.store.local.store import LocalStore


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(data: Path) -> Iterator[LocalStore]:
    opened = LocalStore.open(data)
    yield opened
    opened.close()
