"""What an encoder is, for every stage that uses one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.registry import Reads

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]


class ModelLoadError(Exception):
    """Weights are missing, altered or failed to run.

    ``detail`` says what is wrong with which model, ``remedy`` what to do about it.
    """

    def __init__(self, detail: str, *, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.detail = detail
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """What makes two encoders' vectors comparable: all of these must be equal.

    ``revision`` is the sha256 of the weights (or the hub revision where that is all
    there is); the prompts are the strings put before queries and passages.
    """

    name: str
    revision: str
    dimension: int
    query_prompt: str
    passage_prompt: str


class Encoder(Protocol):
    """Texts to unit vectors."""

    @property
    def identity(self) -> EncoderIdentity:
        """Which vectors this encoder makes."""
        ...

    @property
    def reads(self) -> Reads:
        """The languages whose texts its vectors mean something of."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens it reads of a text, special tokens and prompt included."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens each passage text takes, special tokens and prompt included, untruncated."""
        ...

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Encode as float32 of shape (len(texts), dimension), unit rows, in the order given.

        ``progress`` is told how many more texts are done after each batch.

        Raises:
            ModelLoadError: the model could not be loaded or ran out of memory.
        """
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode as float32 of shape (len(texts), dimension), unit rows, in the order given."""
        ...
