"""Wall time of the stages that a question passes through."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Stopwatch"]


@dataclass(slots=True)
class Stopwatch:
    """Wall time of named stages, in milliseconds."""

    laps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Count the block under ``stage``, unless it raises."""
        started = time.perf_counter()
        yield
        self.laps[stage] = (time.perf_counter() - started) * 1000
