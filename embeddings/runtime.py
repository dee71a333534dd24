"""A loaded model that several threads may use. Importing this imports torch (seconds).

Only ``load_encoder`` imports it, and only when it is called.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers.utils import logging as transformers_logging

from embeddings.precision import Dtype, bfloat16_flags, bfloat16_is_faithful
from embeddings.registry import Reads
from embeddings.types import ModelLoadError, Vectors
from embeddings.weights import ModelFolder

Inputs = Sequence[str] | Sequence[tuple[str, str]]

# One at a time: what is silenced while loading belongs to the whole process.
_LOADING = threading.Lock()
# What the loaders raise of a folder whose JSON or weights are not what they should be.
_LOAD_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    ImportError,
    RuntimeError,
    SafetensorError,
)
# A tokenizer made for such text has a piece for every character of it, and for many pairs.
_CHINESE_PROBE = "联合国工业发展组织总干事访问了华为公司在深圳的总部，并参观了展厅。"
# Encodings of this many texts are held at once while counting tokens.
_COUNTED_TOGETHER = 1024


class LoadedModel:
    """A sentence-transformers model on the CPU, its tokenizer and a lock around it."""

    def __init__(self, name: str, model: SentenceTransformer) -> None:
        self.name = name
        self.model = model.eval()
        self._lock = threading.Lock()
        self._counter = _untruncated(name, model)

    @property
    def max_tokens(self) -> int:
        """Tokens read of an input, special tokens and prompt included."""
        return int(self.model.max_seq_length or self.model.tokenizer.model_max_length)

    def count_tokens(self, inputs: Inputs) -> list[int]:
        """Tokens each input takes, special tokens included, untruncated."""
        counts: list[int] = []
        for start in range(0, len(inputs), _COUNTED_TOGETHER):
            part = list(inputs[start : start + _COUNTED_TOGETHER])
            counts.extend(len(encoding) for encoding in self._counter.encode_batch_fast(part))
        return counts

    def run(self, inputs: Inputs, *, output: str, prompt: str = "") -> Vectors:
        """The named output for one batch: float32, one row an input.

        Raises:
            ModelLoadError: memory ran out, or the weights give numbers that are not finite.
        """
        try:
            # The tokenizer keeps padding and truncation as its own changeable state and
            # fails when two threads want it; the weights are only read.
            with self._lock:
                features = self.model.preprocess(inputs, prompt=prompt or None)
            with torch.inference_mode():
                rows: Vectors = self.model(features)[output].float().numpy()
        except (RuntimeError, MemoryError) as error:
            raise ModelLoadError(
                f"model '{self.name}' failed on a batch of {len(inputs)} ({error})",
                remedy="set a smaller batch size",
            ) from error
        if not np.isfinite(rows).all():
            raise ModelLoadError(
                f"model '{self.name}' gave numbers that are not finite",
                remedy="set its dtype to 'float32', or name another model",
            )
        return rows

    def knows_chinese(self) -> bool:
        """Whether the tokenizer has pieces for Chinese: none unknown, no more than characters."""
        pieces = self._counter.encode(_CHINESE_PROBE, add_special_tokens=False).tokens
        unknown = getattr(self.model.tokenizer, "unk_token", None)
        return unknown not in pieces and len(pieces) <= len(_CHINESE_PROBE)

    def copy_in_bfloat16(self) -> LoadedModel:
        """The same model in bfloat16; this one stays as it is."""
        model: SentenceTransformer = copy.deepcopy(self.model).bfloat16()
        return LoadedModel(self.name, model)


def load_sentence_transformer(folder: ModelFolder, *, threads: int | None) -> LoadedModel:
    """The encoder in this folder, in float32.

    Raises:
        ModelLoadError: the folder holds no model that sentence-transformers can load.
    """

    def load() -> SentenceTransformer:
        return SentenceTransformer(str(folder.path), device="cpu", local_files_only=True)

    return _load(folder, load, threads)


def scripts_read(folder: ModelFolder, loaded: LoadedModel) -> Reads:
    """What the registry says the model reads; of an unknown one what its tokenizer shows."""
    if folder.spec is not None:
        return folder.spec.reads
    return "any" if loaded.knows_chinese() else "latin"


def settle_dtype(
    loaded: LoadedModel,
    dtype: Dtype,
    deviation: Callable[[LoadedModel, LoadedModel], float],
    *,
    limit: float,
    revision: str,
    cache_dir: Path,
) -> LoadedModel:
    """The model in the precision asked for; it may be the one given, changed.

    "auto" is bfloat16 where the processor has it and ``deviation`` of the model's copy in
    bfloat16 from the model is at most ``limit``, else float32.
    """

    def measure() -> float:
        return deviation(loaded, loaded.copy_in_bfloat16())

    if dtype == "bfloat16" or (
        dtype == "auto"
        and bfloat16_is_faithful(
            measure,
            limit=limit,
            revision=revision,
            torch_version=str(torch.__version__),
            flags=bfloat16_flags(),
            cache_dir=cache_dir,
        )
    ):
        loaded.model.bfloat16()
    return loaded


def _load(
    folder: ModelFolder,
    load: Callable[[], SentenceTransformer],
    threads: int | None,
) -> LoadedModel:
    if threads is not None:
        torch.set_num_threads(threads)  # of the whole process: torch knows no other way
    with _LOADING, _quiet():
        try:
            model = load()
        except _LOAD_ERRORS as error:
            raise ModelLoadError(
                f"model '{folder.name}': '{folder.path}' could not be loaded "
                f"({type(error).__name__}: {error})",
                remedy="name a sentence-transformers model",
            ) from error
    return LoadedModel(folder.name, model)


def _untruncated(name: str, model: SentenceTransformer) -> Tokenizer:
    """A private copy of the model's tokenizer, never changed after this."""
    fast = getattr(model.tokenizer, "backend_tokenizer", None)
    if fast is None:
        raise ModelLoadError(
            f"model '{name}' has no fast tokenizer", remedy="name one that has a tokenizer.json"
        )
    private = Tokenizer.from_str(fast.to_str())
    private.no_truncation()
    private.no_padding()
    return private


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' progress bars and load reports off the terminal for a while."""
    verbosity = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity(logging.ERROR)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
