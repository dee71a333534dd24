"""What Footnote asks of a language model: text for messages, within a deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.types import ModelIdentity

__all__ = ["LanguageModel", "Message", "Role"]

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat: who says it, and what."""

    role: Role
    text: str


class LanguageModel(Protocol):
    """A model that writes. What it writes is a draft, never an answer by itself.

    ``identity`` is its name with, as revision, the host that serves it or the hash of its
    weights. ``context_tokens`` is how many tokens of prompt and draft it takes together.
    Safe to share between threads.
    """

    @property
    def identity(self) -> ModelIdentity:
        """Which model this is."""

    @property
    def context_tokens(self) -> int:
        """Tokens of prompt and draft together, at most."""

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text``: the model's own where it has a tokenizer here, else cl100k_base.

        Without what a chat template adds to each message (a handful of tokens).
        """

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_seconds: float,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        """Yield the draft as it is written, in pieces of at least one character.

        It ends when the model has finished or has written ``max_tokens`` tokens. Closing
        the iterator (``close()`` of the generator) stops the work, and so does ``stop``,
        which is asked some times a second, also while the model reads: the failure is
        then "interrupted". Nothing is waited for longer than ``deadline_seconds`` after
        the first piece was asked for.

        Raises:
            LanguageModelError: no draft, or only a part of it, could be had; its ``kind``
                says why. Pieces yielded before remain the beginning of a draft.
        """

    def close(self) -> None:
        """Let go of connections, threads and memory; the model is not used again."""
