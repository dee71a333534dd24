"""Reading: one pass over each passage says whether it answers, where, and in which words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, RuntimeException

from embeddings.reading.tokens import TokenPair, tokenise
from embeddings.reading.types import (
    AnswerSpan,
    Reading,
    ReadingPassage,
    StatementReading,
)
from embeddings.reading.weights import (
    Learnt,
    backbone_folder,
    backbone_tensors,
    cached_graph,
    load_tokenizer,
)
from embeddings.registry import Reads
from embeddings.types import ModelLoadError, Vectors

_RUN_ERRORS = (Fail, RuntimeException, MemoryError)
# A short answer has at most so many tokens.
_LONGEST_ANSWER = 32


class OnnxReadingModel:
    """A ``ReadingModel`` run by ONNX Runtime. Several threads may use it at once.

    Passages are run one at a time, several at once on threads of their own, so that a
    reading depends neither on the other passages of the call nor on threads.
    """

    def __init__(
        self, name: str, learnt: Learnt, cache_dir: Path, *, threads: int | None, int8: bool
    ) -> None:
        """Put the model together where that was not done before (seconds); ``int8`` takes half
        the time where the processor multiplies bytes.

        Raises:
            ModelLoadError: the backbone is missing, or the cache cannot be written.
        """
        self._name = name
        self._revision = learnt.sha256
        self._backbone = learnt.backbone
        folder = backbone_folder(learnt.backbone, cache_dir)
        path = cached_graph(learnt, folder, cache_dir, int8=int8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Warnings about nodes it would rather fuse are of no use to anybody here.
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = load_tokenizer(folder)
        self._heads = dict(learnt.tensors)
        if "rank.weight" not in self._heads:
            self._heads |= _rank_head(folder)
        self._threads = threads or _usable_processors()
        self._begin_pool()

    @property
    def name(self) -> str:
        """The name or path of its weights."""
        return self._name

    @property
    def revision(self) -> str:
        """sha256 of the weights."""
        return self._revision

    @property
    def reads(self) -> Reads:
        """The languages whose texts it reads."""
        return self._backbone.reads

    def _begin_pool(self) -> None:
        self._process = os.getpid()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="footnote-read")

    def read(self, question: str, passages: Sequence[ReadingPassage]) -> list[Reading]:
        """A reading of each passage, in order.

        Raises:
            ModelLoadError: memory ran out, or the weights are no good.
        """
        if self._process != os.getpid():
            # A forked child has the pool but none of its threads.
            self._begin_pool()
        pairs = tokenise(self._tokenizer, question, passages, prompt=self._backbone.prompt)
        # Longest first: a long pair begun last would leave the other threads idle.
        order = sorted(range(len(pairs)), key=lambda at: (-len(pairs[at]), at))
        try:
            found = list(self._pool.map(lambda at: self._read(pairs[at], passages[at]), order))
        except _RUN_ERRORS as error:
            raise ModelLoadError(
                f"model '{self._name}' failed on {len(pairs)} passages ({error})",
                remedy="free some memory",
            ) from error
        readings = dict(zip(order, found, strict=True))
        return [readings[at] for at in range(len(pairs))]

    def _read(self, pair: TokenPair, passage: ReadingPassage) -> Reading:
        feed = {
            "ids": np.array([pair.ids], dtype=np.int64),
            "types": np.array([pair.types], dtype=np.int64),
        }
        states: Vectors = self._session.run(None, feed)[0][0]
        if not np.isfinite(states).all():
            raise ModelLoadError(
                f"model '{self._name}' gave numbers that are not finite", remedy="install it again"
            )
        first = states[0]
        text = pair.text_tokens()
        mean = states[text].mean(axis=0) if text else np.zeros_like(first)
        pooled = np.concatenate([first, mean])
        tokens = self._head("tokens", states)
        verdict = self._head("verdict", pooled)
        chances = np.exp(verdict - verdict.max())
        chances /= chances.sum()
        none = float(tokens[0, 0] + tokens[0, 1])
        return Reading(
            relevance=float(self._relevance(first)),
            answers=float(self._head("answers", pooled)[0]),
            statements=tuple(
                _statement(pair, tokens, start, end, none) for start, end in passage.statements
            ),
            yes=float(chances[0]),
            no=float(chances[1]),
        )

    def _head(self, name: str, states: Vectors) -> Vectors:
        product: Vectors = states @ self._heads[f"{name}.weight"].T + self._heads[f"{name}.bias"]
        return product

    def _relevance(self, first: Vectors) -> float:
        if "rank.dense.weight" in self._heads:
            first = np.tanh(self._head("rank.dense", first))
        return float(self._head("rank", first)[0])


def _rank_head(folder: Path) -> dict[str, Vectors]:
    """A reranker's own head over the first token's state."""
    tensors = backbone_tensors(folder, beginning=("pooler.", "classifier."))
    return {
        "rank.dense.weight": tensors["pooler.dense.weight"],
        "rank.dense.bias": tensors["pooler.dense.bias"],
        "rank.weight": tensors["classifier.weight"],
        "rank.bias": tensors["classifier.bias"],
    }


def _statement(
    pair: TokenPair, tokens: Vectors, start: int, end: int, none: float
) -> StatementReading:
    inside = pair.tokens_of(start, end)
    if not inside:
        # Cut off, or without any letter: nothing was read of it.
        return StatementReading(evidence=-20.0, answer=None)
    part = tokens[inside.start : inside.stop]
    begin, last = _best_span(part[:, 0], part[:, 1])
    score = float(part[begin, 0] + part[last, 1]) - none
    places = pair.places[inside.start : inside.stop]
    return StatementReading(
        evidence=float(part[:, 2].mean()),
        answer=AnswerSpan(places[begin][0], places[last][1], score),
    )


def _best_span(starts: Vectors, ends: Vectors) -> tuple[int, int]:
    """First and last position of the likeliest span of at most ``_LONGEST_ANSWER`` tokens."""
    sums = starts[:, None] + ends[None, :]
    at = np.arange(len(starts))
    allowed = (at[None, :] >= at[:, None]) & (at[None, :] < at[:, None] + _LONGEST_ANSWER)
    best = int(np.where(allowed, sums, -np.inf).argmax())
    return best // len(starts), best % len(starts)


def _usable_processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Linux alone says which of them this process may use.
        return os.cpu_count() or 1
