"""Cross-encoders: pairs of question and text to logits. Importing this imports no torch."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings.batching import length_sorted_batches
from embeddings.precision import PROBE_TEXTS, Dtype, multiplies_bytes
from embeddings.registry import DEFAULT_RERANKER, MODELS, Reads
from embeddings.types import Reranker, Vectors
from embeddings.weights import ModelFolder, locate_model, locate_quantised

if TYPE_CHECKING:
    from embeddings.runtime import LoadedModel

# Logits by which bfloat16 may move a pair's score, alone or in a batch; 0.04 is usual,
# and right and wrong passages are ten or more apart.
_MOST_DEVIATION = 0.1
# With the probe texts these give high, middling and low scores.
_PROBE_QUERIES = (
    "When did the ministry open its office in Nairobi?",
    "What did the committee decide about the workshops?",
    "How much did revenue rise?",
)


class CrossEncoderReranker:
    """A ``Reranker`` over a loaded model. Several threads may use it at once."""

    def __init__(
        self, loaded: LoadedModel, revision: str, *, reads: Reads, batch_size: int
    ) -> None:
        self._loaded = loaded
        self._revision = revision
        self._reads = reads
        self._batch_size = batch_size

    @property
    def name(self) -> str:
        """The model's registry name, hub name or path."""
        return self._loaded.name

    @property
    def revision(self) -> str:
        """sha256 of the weights."""
        return self._revision

    @property
    def reads(self) -> Reads:
        """The scripts whose texts its logits mean something of."""
        return self._reads

    def score(self, query: str, texts: Sequence[str]) -> Vectors:
        """Logits, float32 of shape (len(texts),): higher is more relevant, 0 is neutral.

        In float32 a text's score moves by less than 1e-4 with the others of the call; in
        bfloat16 it may move in its last digit kept (0.03 at 5, 0.06 at 10).

        Raises:
            ModelLoadError: memory ran out, or the weights are no good.
        """
        pairs = [(query, text) for text in texts]
        scores = np.empty(len(pairs), dtype=np.float32)
        for batch in length_sorted_batches(self._loaded.count_tokens(pairs), self._batch_size):
            scores[batch] = _logits(self._loaded, [pairs[i] for i in batch])
        return scores


def load_reranker(
    name: str = DEFAULT_RERANKER,
    *,
    cache_dir: Path,
    dtype: Dtype = "auto",
    reads: Reads | None = None,
    batch_size: int = 6,
    threads: int | None = None,
    max_tokens: int = 512,
) -> Reranker:
    """The reranker of this registry name, local folder or hub name.

    Small batches pad little: on pairs of 20 to 250 tokens 6 took a tenth less time than 16.
    ``dtype`` "auto" is int8 where the model is carried so and the processor multiplies
    bytes; else bfloat16 where the processor has it and scores move by at most 0.1 logit;
    else float32. Of a pair longer than ``max_tokens`` the longer half is cut.
    ``threads`` sets torch's threads for the whole process. Float weights of a quantised
    model and the measured choice of dtype are kept in ``cache_dir``. ``reads`` None is what
    the registry says or, of a model it does not know, what the tokenizer shows.

    Raises:
        ModelLoadError: the model is missing, altered or no reranker.
    """
    if dtype == "auto" and multiplies_bytes() and importlib.util.find_spec("onnxruntime"):
        quantised = locate_quantised(name, kind="reranker")
        if quantised is not None:
            return _load_int8(quantised, reads=reads, max_tokens=max_tokens, threads=threads)
    folder = locate_model(name, kind="reranker", cache_dir=cache_dir)
    # torch and transformers take seconds to import; see load_encoder.
    from embeddings.runtime import load_cross_encoder, scripts_read, settle_dtype

    loaded = settle_dtype(
        load_cross_encoder(folder, max_tokens=max_tokens, threads=threads),
        dtype,
        _deviation,
        limit=_MOST_DEVIATION,
        revision=folder.revision,
        cache_dir=cache_dir,
    )
    return CrossEncoderReranker(
        loaded,
        folder.revision,
        reads=reads or scripts_read(folder, loaded),
        batch_size=batch_size,
    )


def _load_int8(
    folder: ModelFolder, *, reads: Reads | None, max_tokens: int, threads: int | None
) -> Reranker:
    # Half a second to import, and nobody else needs it.
    from embeddings.int8 import Int8Reranker

    # Models are carried quantised under registry names alone.
    known = MODELS[folder.name].reads
    return Int8Reranker(
        folder.name,
        folder.path,
        folder.revision,
        reads=reads or known,
        max_tokens=max_tokens,
        threads=threads,
    )


def _logits(loaded: LoadedModel, pairs: Sequence[tuple[str, str]]) -> Vectors:
    return loaded.run(pairs, output="scores").reshape(len(pairs))


def _deviation(exact: LoadedModel, rough: LoadedModel) -> float:
    pairs = [(query, text) for query in _PROBE_QUERIES for text in PROBE_TEXTS]
    expected = _logits(exact, pairs)
    alone = np.concatenate([_logits(rough, [pair]) for pair in pairs])
    return float(np.abs(np.stack([_logits(rough, pairs), alone]) - expected).max())
