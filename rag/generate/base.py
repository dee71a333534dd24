"""What Footnote asks of a language model: a reply to messages, within a deadline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from rag.types import ModelIdentity

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat: who says it, and what."""

    role: Role
    text: str


class LanguageModel(Protocol):
    """A model that replies to messages. No reply of it is ever shown as an answer.

    ``identity`` is its name with, as revision, the host that serves it. ``context_tokens``
    is how many tokens of prompt and reply it takes together. Safe to share between threads.
    """

    @property
    def identity(self) -> ModelIdentity:
        """Which model this is."""

    @property
    def context_tokens(self) -> int:
        """Tokens of prompt and reply together, at most."""

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text`` in cl100k_base, an estimate for most models.

        Without what a chat template adds to each message (a handful of tokens).
        """

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_seconds: float,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """Yield the reply as it comes; while there is nothing new, an empty piece some times
        a second, so that the caller can stop.

        It ends when the model has finished or has written ``max_tokens`` tokens. Closing
        the iterator (``close()`` of the generator) stops the work. Nothing is waited for
        longer than ``deadline_seconds`` after the first piece was asked for. ``schema`` is
        a JSON Schema that the reply should follow; a model that cannot be held to it replies
        in its own way.

        Raises:
            LanguageModelError: no reply, or only a part of it, could be had; its ``kind``
                says why. Pieces yielded before remain the beginning of a reply.
        """

    def close(self) -> None:
        """Release connections, threads and memory; the model is not used again."""
