"""Sentence-transformers encoders: texts to unit vectors. Importing this imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings.batching import length_sorted_batches
from embeddings.precision import PROBE_TEXTS, Dtype
from embeddings.registry import DEFAULT_ENCODER, Reads
from embeddings.types import Encoder, EncoderIdentity, ModelLoadError, Progress, Vectors
from embeddings.weights import ModelFolder, locate_model

if TYPE_CHECKING:
    from embeddings.runtime import LoadedModel

_OUTPUT = "sentence_embedding"
# Of 1 - cosine of a text's bfloat16 vector with its float32 one; 0.0001 is usual.
_MOST_DEVIATION = 0.001


class SentenceEncoder:
    """An ``Encoder`` over a loaded model. Several threads may use it at once."""

    def __init__(
        self, loaded: LoadedModel, identity: EncoderIdentity, *, reads: Reads, batch_size: int
    ) -> None:
        self._loaded = loaded
        self._identity = identity
        self._reads = reads
        self._batch_size = batch_size

    @property
    def identity(self) -> EncoderIdentity:
        """Which vectors this encoder makes. Float32 and bfloat16 ones may be mixed."""
        return self._identity

    @property
    def reads(self) -> Reads:
        """The languages whose texts its vectors mean something of."""
        return self._reads

    @property
    def max_tokens(self) -> int:
        """Tokens it reads of a text, special tokens and prompt included."""
        return self._loaded.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens each passage text takes, special tokens and prompt included, untruncated."""
        prompt = self._identity.passage_prompt
        return self._loaded.count_tokens([prompt + text for text in texts])

    def encode_passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Encode as float32 of shape (len(texts), dimension), unit rows, in the order given.

        ``progress`` is told how many more texts are done after each batch.

        Raises:
            ModelLoadError: memory ran out, or the weights are no good.
        """
        return self._encode(texts, self._identity.passage_prompt, progress)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode as float32 of shape (len(texts), dimension), unit rows, in the order given.

        Raises:
            ModelLoadError: memory ran out, or the weights are no good.
        """
        return self._encode(texts, self._identity.query_prompt, None)

    def _encode(self, texts: Sequence[str], prompt: str, progress: Progress | None) -> Vectors:
        rows = np.empty((len(texts), self._identity.dimension), dtype=np.float32)
        lengths = self._loaded.count_tokens(texts)
        for batch in length_sorted_batches(lengths, self._batch_size):
            rows[batch] = _unit_rows(self._loaded, [texts[i] for i in batch], prompt)
            if progress is not None:
                progress(len(batch))
        return rows


def load_encoder(
    name: str = DEFAULT_ENCODER,
    *,
    cache_dir: Path,
    dtype: Dtype = "auto",
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
    reads: Reads | None = None,
    batch_size: int = 32,
    threads: int | None = None,
) -> Encoder:
    """The encoder of this registry name, local folder or hub name.

    A prompt of None is the model's own; ``reads`` None is what the registry says or, of a
    model it does not know, what the tokenizer shows. ``dtype`` "auto" is bfloat16 where
    the processor has it and the vectors stay the same to a cosine of 0.999, else float32.
    ``threads`` sets torch's threads for the whole process. What is derived from the model (float
    weights of a quantised one, the measured choice of dtype) is kept in ``cache_dir``.

    Raises:
        ModelLoadError: the model is missing, altered or no encoder.
    """
    folder = locate_model(name, kind="encoder", cache_dir=cache_dir)
    # torch and transformers take seconds to import; whoever only reads help, settings
    # or the list of documents should not wait for them.
    from embeddings.runtime import load_sentence_transformer, scripts_read, settle_dtype

    loaded = settle_dtype(
        load_sentence_transformer(folder, threads=threads),
        dtype,
        _deviation,
        limit=_MOST_DEVIATION,
        revision=folder.revision,
        cache_dir=cache_dir,
    )
    own_query_prompt, own_passage_prompt = _own_prompts(folder, loaded)
    identity = EncoderIdentity(
        name=folder.name,
        revision=folder.revision,
        dimension=_dimension(folder, loaded),
        query_prompt=own_query_prompt if query_prompt is None else query_prompt,
        passage_prompt=own_passage_prompt if passage_prompt is None else passage_prompt,
    )
    return SentenceEncoder(
        loaded, identity, reads=reads or scripts_read(folder, loaded), batch_size=batch_size
    )


def _unit_rows(loaded: LoadedModel, texts: Sequence[str], prompt: str) -> Vectors:
    rows = loaded.run(texts, output=_OUTPUT, prompt=prompt)
    # Not every model ends in a normalising layer, and one in bfloat16 is inexact.
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _deviation(exact: LoadedModel, rough: LoadedModel) -> float:
    pairs = _unit_rows(exact, PROBE_TEXTS, "") * _unit_rows(rough, PROBE_TEXTS, "")
    return 1.0 - float(pairs.sum(axis=1).min())


def _own_prompts(folder: ModelFolder, loaded: LoadedModel) -> tuple[str, str]:
    """The query and the passage prompt that belong to the model."""
    if folder.spec is not None:
        return folder.spec.query_prompt, folder.spec.passage_prompt
    prompts = loaded.model.prompts
    # Models call the second one by either name.
    passage = prompts.get("document") or prompts.get("passage") or ""
    return prompts.get("query") or "", passage


def _dimension(folder: ModelFolder, loaded: LoadedModel) -> int:
    dimension = int(loaded.run(["dimension"], output=_OUTPUT).shape[1])
    if folder.spec is not None and dimension != folder.spec.dimension:
        raise ModelLoadError(
            f"model '{folder.name}' gives vectors of {dimension} numbers, the registry says "
            f"{folder.spec.dimension}",
            remedy=f"delete '{folder.path}' or install the model again",
        )
    return dimension
