"""The models that answer questions, loaded when first needed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from threading import Lock

from embeddings.encoder import load_encoder
from embeddings.reading.load import ENGLISH, MULTILINGUAL, load_reading_model
from embeddings.reading.types import ReadingModel
from embeddings.registry import DEFAULT_ENCODER, MULTILINGUAL_ENCODER
from embeddings.types import Encoder, EncoderIdentity, ModelLoadError
from rag.errors import IndexMismatchError, ModelError
from rag.generate.base import LanguageModel
from rag.generate.open import open_language_model
from rag.plugins import load_plugin
from rag.settings import LanguageModelSettings, ModelSettings
from rag.text.language import reads_text
from rag.text.tokens import TokenCounter, load_tokenizer
from rag.types import ModelIdentity

_log = logging.getLogger(__name__)

# As a setting: the encoder of the archive's index.
AUTO = "auto"
# Share of the documents of an archive whose encoder reads English only.
_MOST_FOREIGN = 0.2


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """Which encoder an archive's languages ask for, and which it has.

    ``documents`` are counted, ``foreign`` of them in a known language other than English.
    ``recommended`` is what a new index would have by the setting "auto"; ``encoder`` is
    that of the index, "" where there is none, and ``setting`` what settings say.
    """

    setting: str
    encoder: str
    recommended: str
    documents: int
    foreign: int

    @property
    def automatic(self) -> bool:
        """Whether settings leave the encoder open."""
        return self.setting == AUTO


def choose_encoder(setting: str, encoder: str, languages: Mapping[str, int]) -> EncoderChoice:
    """The choice for so many documents by language; "und" is no known language."""
    documents = sum(languages.values())
    foreign = documents - languages.get("en", 0) - languages.get("und", 0)
    many = foreign > _MOST_FOREIGN * documents
    recommended = MULTILINGUAL_ENCODER if many else DEFAULT_ENCODER
    return EncoderChoice(setting, encoder, recommended, documents, foreign)


class Models:
    """The encoder, the reading models, the language model and the token counter of the settings.

    Those given are used instead of the settings'. May be used from several threads.
    """

    def __init__(
        self,
        settings: ModelSettings,
        writer: LanguageModelSettings,
        *,
        encoder: Encoder | None = None,
        reading: ReadingModel | None = None,
        language_model: LanguageModel | None = None,
    ) -> None:
        """Load nothing yet. ``writer`` says which language model chooses statements."""
        self.settings = settings
        self.writer = writer
        self._given_language_model = language_model
        self._opening = Lock()
        self._opened: LanguageModel | None = None
        self._given_encoder = encoder
        self._follows = encoder is None and settings.encoder == AUTO
        self._given_reading = reading

    @property
    def encoder(self) -> Encoder:
        """The encoder: of the settings or, where these say "auto", the one last chosen or
        followed, the default one before. Raises ModelError when it cannot be loaded."""
        if self._given_encoder is not None:
            return self._given_encoder
        settings = self.settings
        if settings.encoder == AUTO:
            settings = replace(settings, encoder=DEFAULT_ENCODER)
        with model_errors():
            return _load_encoder(settings)

    def choose_encoder(self, languages: Mapping[str, int]) -> None:
        """Take the encoder for a new index of so many documents by language, if settings
        say "auto"."""
        if self._follows:
            self.settings = settle_encoder(replace(self.settings, encoder=AUTO), languages)

    def follow_encoder(self, built: EncoderIdentity) -> Encoder:
        """The encoder; the one that an index was built with, if settings say "auto".

        Raises:
            ModelError: it cannot be loaded.
        """
        if self._follows and self.settings.encoder != built.name:
            self.settings = replace(self.settings, encoder=built.name)
        return self.encoder

    def reading_for(self, question: str, text: str, language: str) -> ReadingModel | None:
        """The model that reads a text of a document in ``language`` for a question.

        None where only the multilingual model could and it is not installed.

        Raises:
            ModelError: it cannot be loaded.
        """
        if self._given_reading is not None:
            return self._given_reading
        if self.settings.reading != AUTO:
            with model_errors():
                return _load_reading(self.settings, self.settings.reading)
        if reads_text("english", question) and reads_text("english", text, language):
            return self.english_reading
        return self.multilingual_reading

    @cached_property
    def english_reading(self) -> ReadingModel:
        """What reads English for English questions. Raises ModelError when it cannot be loaded."""
        with model_errors():
            return _load_reading(self.settings, ENGLISH)

    @cached_property
    def multilingual_reading(self) -> ReadingModel | None:
        """What reads other languages; None, and a warning, where it cannot be loaded."""
        try:
            return _load_reading(self.settings, MULTILINGUAL)
        except ModelLoadError as error:
            _log.warning(
                "the multilingual reading model cannot be used (%s): %s; texts that are not "
                "English are found but not read",
                *(error.detail, error.remedy),
            )
            return None

    def reading_identities(self) -> dict[str, ModelIdentity]:
        """The reading models that answer, loaded: of English, and of other languages where that
        is another one. Raises ModelError when one cannot be loaded."""
        found = {
            "reading": self.reading_for("", "", "en"),
            "reading_of_other_languages": self.reading_for("", "", "zh"),
        }
        if found["reading"] is found["reading_of_other_languages"]:
            del found["reading_of_other_languages"]
        return {
            name: ModelIdentity(model.name, model.revision)
            for name, model in found.items()
            if model is not None
        }

    def load_reading(self) -> None:
        """Load the model that most questions need. Raises ModelError when it cannot be loaded."""
        self.reading_for("", "", "en")

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

    def encoder_of(self, built: EncoderIdentity) -> Encoder:
        """The encoder to ask an index with that was built with that one.

        Raises:
            IndexMismatchError: settings name another one.
            ModelError: it cannot be loaded.
        """
        encoder = self.follow_encoder(built)
        if built != encoder.identity:
            raise IndexMismatchError(
                f"index was built with {_describe(built)}, settings name "
                f"{_describe(encoder.identity)}",
                remedy="run 'footnote reindex' or restore the settings",
            )
        return encoder


def settle_encoder(models: ModelSettings, languages: Mapping[str, int]) -> ModelSettings:
    """The settings with the encoder "auto" replaced by the one for so many documents by
    language; the default one, and a warning, where that cannot be loaded."""
    if models.encoder != AUTO:
        return models
    name = choose_encoder(AUTO, "", languages).recommended
    chosen = replace(models, encoder=name)
    if name == DEFAULT_ENCODER:
        return chosen
    try:
        _load_encoder(chosen)
    except ModelLoadError as error:
        _log.warning(
            "the encoder '%s', which these languages need, cannot be used (%s): %s; '%s', which "
            "reads English, is used instead; 'footnote reindex' tries again",
            *(name, error.detail, error.remedy, DEFAULT_ENCODER),
        )
        return replace(models, encoder=DEFAULT_ENCODER)
    return chosen


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


@lru_cache(maxsize=4)
def _load_reading(models: ModelSettings, name: str) -> ReadingModel:
    return load_reading_model(name, cache_dir=models.cache_dir, threads=models.threads or None)


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
