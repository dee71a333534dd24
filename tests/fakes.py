"""Small models for tests that are not about models: real protocols, no weights."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from embeddings.reading.types import (
    AnswerSpan,
    Reading,
    ReadingModel,
    ReadingPassage,
    StatementReading,
)
from embeddings.registry import Reads
from embeddings.types import Encoder, EncoderIdentity, Progress, Vectors
from rag.generate.base import LanguageModel
from rag.types import Features, ModelIdentity

__all__ = [
    "HashingEncoder",
    "OverlapReading",
    "ScriptedModel",
    "full_features",
    "statement_reading",
]

# A run of letters and digits, or one character of a script that writes no spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u9fff\uac00-\ud7af]+")
_STOPWORDS = frozenset(
    _WORD.findall(
        "a an and are as at be by did do does for from had has have how in is it of on or "
        "that the their there they this to was were what when where which who why will with"
    )
)


def words(text: str) -> list[str]:
    """Lower-case words of a text in reading order; a Chinese character is a word."""
    return _WORD.findall(text.lower())


class HashingEncoder:
    """Bag of hashed words: texts that share words are near. Deterministic on any machine.

    Stopwords weigh a tenth, so that what a text is about decides which is nearest.
    """

    def __init__(
        self,
        dimension: int = 128,
        *,
        name: str = "hashing",
        revision: str = "1",
        query_prompt: str = "",
        passage_prompt: str = "",
        max_tokens: int = 256,
        batch_size: int = 32,
    ) -> None:
        self._identity = EncoderIdentity(name, revision, dimension, query_prompt, passage_prompt)
        self._max_tokens = max_tokens
        self._batch_size = batch_size

    @property
    def identity(self) -> EncoderIdentity:
        return self._identity

    @property
    def reads(self) -> Reads:
        return "any"

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        # Two more for the special tokens that a real encoder adds at both ends.
        return [len(words(self._identity.passage_prompt + text)) + 2 for text in texts]

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        rows = self._encode(texts, self._identity.passage_prompt)
        if progress is not None:
            for start in range(0, len(texts), self._batch_size):
                progress(min(self._batch_size, len(texts) - start))
        return rows

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._identity.query_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        rows = np.zeros((len(texts), self._identity.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words(prompt + text)[: self._max_tokens - 2]:
                digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
                column = int.from_bytes(digest[:7], "big") % len(row)
                weight = 0.1 if word in _STOPWORDS else 1.0
                # A random feature makes words that share a column cancel out on average.
                row[column] += weight if digest[7] & 1 else -weight
            norm = float(np.linalg.norm(row))
            if norm < 1e-6:  # no words at all, or all of them cancelled out
                row[:] = 0.0
                row[0] = norm = 1.0
            row /= norm
        return rows


class OverlapReading:
    """Logits from the share of the question's words that a text has: -6 none, +6 all.

    A statement has those of its lead too; its short answer is its last word, surely where
    they have a word in common.
    """

    @property
    def name(self) -> str:
        return "overlap"

    @property
    def revision(self) -> str:
        return "1"

    @property
    def reads(self) -> Reads:
        return "english"

    def read(self, question: str, passages: Sequence[ReadingPassage]) -> list[Reading]:
        return [self._read(set(words(question)) - _STOPWORDS, passage) for passage in passages]

    def _read(self, wanted: set[str], passage: ReadingPassage) -> Reading:
        def logit(text: str) -> float:
            return 12.0 * len(wanted & set(words(text))) / max(len(wanted), 1) - 6.0

        whole = logit(f"{passage.lead} {passage.text}")
        return Reading(
            relevance=whole,
            answers=whole,
            statements=tuple(
                _statement(logit(f"{passage.lead} {passage.text[start:end]}"), passage, start, end)
                for start, end in passage.statements
            ),
            yes=0.0,
            no=0.0,
        )


def _statement(logit: float, passage: ReadingPassage, start: int, end: int) -> StatementReading:
    *_, last = [None, *_WORD.finditer(passage.text, start, end)]
    sure = 9.0 if logit > -6.0 else -9.0
    answer = AnswerSpan(last.start(), last.end(), sure) if last else None
    return StatementReading(logit, answer)


class ScriptedModel:
    """Replies with its script in pieces of ``size`` characters, then fails, if it is to.

    ``script`` may be a function of the prompt. ``prompts`` are those it was given; ``closed``
    counts the replies that were closed before their end.
    """

    context_tokens = 4096
    identity = ModelIdentity("scripted", "1")

    def __init__(self, script, *, size=7, fails=None, context_tokens=4096):
        self.script, self.size, self.fails = script, size, fails
        self.context_tokens = context_tokens
        self.prompts = []
        self.schemas = []
        self.closed = 0

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def stream(self, messages, *, max_tokens, deadline_seconds, schema=None):
        [message] = messages
        self.prompts.append(message.text)
        self.schemas.append(schema)
        script = self.script(message.text) if callable(self.script) else self.script
        try:
            yield ""
            for at in range(0, len(script), self.size):
                yield script[at : at + self.size]
            if self.fails:
                raise self.fails
        except GeneratorExit:
            self.closed += 1
            raise

    def close(self) -> None:
        pass


def run(generator):
    """What a generator returns, whatever it yields before."""
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


def _conform() -> tuple[Encoder, ReadingModel, LanguageModel]:
    """For the type checker: the fakes are what the protocols say."""
    return HashingEncoder(), OverlapReading(), ScriptedModel("")


def statement_reading(logit: float = 5.0) -> tuple[Reading, StatementReading]:
    """A passage's reading and that of its one statement, all logits alike."""
    statement = StatementReading(logit, None)
    return Reading(logit, logit, (statement,), 0.0, 0.0), statement


def full_features(**changes: object) -> Features:
    """Features of a sentence that says all of the question, but for the changes."""
    everything = Features(
        relevance=5.0,
        answers=5.0,
        evidence=5.0,
        span=5.0,
        coverage=1.0,
        number_coverage=1.0,
        currency=1.0,
    )
    return replace(everything, **changes)
