"""What every store promises of a writer that is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.conftest import ENGINES
from tests.contract.kills import survive_kills


@pytest.mark.slow
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_nothing_acknowledged_is_lost_by_kill_9(engine: str, tmp_path: Path) -> None:
    survive_kills(ENGINES[engine], tmp_path / "data", kills=5)
