"""What a made document says, and what must be found in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Reading:
    """What a statement may say and what its context must then hold, outermost first."""

    text: str
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """The part of a document that is asked about.

    ``source`` is how it stands in the file. One statement must be one of ``readings``, and
    its context must hold none of ``others``, the rows or items beside it.
    """

    source: str
    readings: tuple[Reading, ...]
    others: tuple[str, ...]


# The words of one language, as words.toml has them.
Words = Mapping[str, Any]
Draw = Callable[[Words, Random], Body]
