"""The models that answer questions, loaded when first needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from threading import Lock

from embeddings.encoder import load_encoder
from embeddings.reranker import load_reranker
from embeddings.types import Encoder, EncoderIdentity, ModelLoadError, Reranker
from rag.errors import IndexMismatchError, ModelError
from rag.generate.base import LanguageModel
from rag.generate.open import open_language_model
from rag.plugins import load_plugin
from rag.settings import LanguageModelSettings, ModelSettings
from rag.text.tokens import TokenCounter, load_tokenizer


class Models:
    """The encoder, the reranker, the language model and the token counter of the settings.

    Those given are used instead of the settings'. May be used from several threads.
    """

    def __init__(
        self,
        settings: ModelSettings,
        writer: LanguageModelSettings,
        *,
        encoder: Encoder | None = None,
        reranker: Reranker | None = None,
        language_model: LanguageModel | None = None,
    ) -> None:
        """Load nothing yet. ``writer`` says which language model chooses statements."""
        self.settings = settings
        self.writer = writer
        self._given_language_model = language_model
        self._opening = Lock()
        self._opened: LanguageModel | None = None
        if encoder is not None:
            self.encoder = encoder
        if reranker is not None:
            self.reranker = reranker

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder. Raises ModelError when it cannot be loaded."""
        with model_errors():
            return _load_encoder(self.settings)

    @cached_property
    def reranker(self) -> Reranker:
        """The reranker. Raises ModelError when it cannot be loaded."""
        with model_errors():
            return _load_reranker(self.settings)

    @property
    def language_model(self) -> LanguageModel | None:
        """The language model, None where none is configured.

        Raises:
            SettingsError: the variable that should hold its key does not.
            ModelError: the vocabulary that counts its tokens could not be loaded.
        """
        if self._given_language_model is not None:
            return self._given_language_model
        # Two questions at once must not open it twice: one would be left open.
        with self._opening:
            if self._opened is None:
                self._opened = open_language_model(self.writer)
            return self._opened

    def close(self) -> None:
        """Let go of the language model, if it was opened."""
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    @cached_property
    def token_counter(self) -> TokenCounter:
        """The counter of cl100k_base tokens. Raises ModelError when it cannot be loaded."""
        return load_tokenizer()

    def check_encoder(self, built: EncoderIdentity) -> None:
        """Make sure that an index built with that encoder can be asked.

        Raises:
            IndexMismatchError: it was another one.
        """
        current = self.encoder.identity
        if built != current:
            raise IndexMismatchError(
                f"index was built with {_describe(built)}, settings name {_describe(current)}",
                remedy="run 'footnote reindex' or restore the settings",
            )


# One process, one copy of a model, however many archives it opens.
@lru_cache(maxsize=2)
def _load_encoder(models: ModelSettings) -> Encoder:
    # What is not installed under a name is a path or a hub's name.
    load = load_plugin("footnote.encoders", models.encoder) or load_encoder
    encoder: Encoder = load(
        models.encoder,
        cache_dir=models.cache_dir,
        dtype=models.dtype,
        query_prompt=models.query_prompt,
        passage_prompt=models.passage_prompt,
        reads=None if models.encoder_reads == "auto" else models.encoder_reads,
        batch_size=models.batch_size,
        threads=models.threads or None,
    )
    return encoder


@lru_cache(maxsize=2)
def _load_reranker(models: ModelSettings) -> Reranker:
    return load_reranker(
        models.reranker,
        cache_dir=models.cache_dir,
        dtype=models.dtype,
        reads=None if models.reranker_reads == "auto" else models.reranker_reads,
        threads=models.threads or None,
    )


@contextmanager
def model_errors() -> Iterator[None]:
    """Within the block, the leaf package's errors come under the one tree.

    Raises:
        ModelError: a model could not be loaded or run.
    """
    try:
        yield
    except ModelLoadError as error:
        raise ModelError(error.detail, remedy=error.remedy) from error


def _describe(identity: EncoderIdentity) -> str:
    prompts = [p for p in (identity.query_prompt, identity.passage_prompt) if p]
    said = f" with prompts {prompts}" if prompts else ""
    return f"'{identity.name}@{identity.revision[:8]}' ({identity.dimension} dimensions){said}"
