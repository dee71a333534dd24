"""A killed writer while snapshots are taken all the time, and the oplog is pruned behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.store.local.settings import LocalStoreSettings
from rag.store.local.store import LocalStore
from tests.contract.kills import survive_kills


def open_snapshotting(data: Path) -> LocalStore:
    settings = LocalStoreSettings(session_operations=30, end_share=0.0, kept_operations=20)
    return LocalStore.open(data, settings=settings)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    opener = f"{__name__}:open_snapshotting"
    survive_kills(opener, tmp_path / "data", kills=16)
