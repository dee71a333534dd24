"""What one question is answered with: the same value for every stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rag.models import Models
from rag.settings import Settings
from rag.store.base import Store
from rag.types import ModelIdentity, Question


@dataclass(frozen=True, slots=True)
class QueryContext:
    """A question as asked, and what answers it.

    ``limit`` is how many of the best passages are read. ``laps`` collects the wall time of
    each stage that ran, in milliseconds.
    """

    question: Question
    store: Store
    models: Models
    settings: Settings
    limit: int
    laps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Count the block under ``stage``, unless it raises."""
        started = time.perf_counter()
        yield
        self.laps[stage] = (time.perf_counter() - started) * 1000

    def models_used(self) -> dict[str, ModelIdentity]:
        """The encoder, where it took part."""
        models: dict[str, ModelIdentity] = {}
        if "encode" in self.laps:
            identity = self.models.encoder.identity
            models["encoder"] = ModelIdentity(identity.name, identity.revision)
        return models
