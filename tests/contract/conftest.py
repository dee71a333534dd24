"""The engines that the contract is tested over. Another store is one more line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.store.base import Store
from tests.contract.kills import open_store as open_engine

# What opens each, as an entry point of footnote.stores would say it.
ENGINES: dict[str, str] = {"local": "rag.store.local.store:LocalStore.open"}


@pytest.fixture(params=sorted(ENGINES))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """A function that opens the test's archive; each call as another process would."""
    opened: list[Store] = []

    def again() -> Store:
        opened.append(open_engine(ENGINES[request.param], tmp_path / "data"))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store], request: pytest.FixtureRequest) -> Store:
    opened = open_store()
    needed = request.node.get_closest_marker("needs")
    if needed is not None and opened.lacks.intersection(needed.args):
        pytest.skip(f"this engine declares that it lacks {', '.join(needed.args)}")
    return opened
