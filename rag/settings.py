"""All settings, section by section, with their defaults; rag.config reads them.

They are nouns: nothing here opens a file or looks at the environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import urlsplit

import platformdirs
from pydantic import BeforeValidator, Field, FiniteFloat, NonNegativeInt, PositiveFloat, PositiveInt

Composer = Literal["quote", "write"]

_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


Share = Annotated[float, Field(ge=0.0, le=1.0)]
Weight = Annotated[FiniteFloat, Field(ge=0.0)]
Seconds = Annotated[FiniteFloat, Field(gt=0.0)]


def _default_data() -> Path:
    return Path(platformdirs.user_data_dir("footnote", appauthor=False))


def _default_cache() -> Path:
    return Path(platformdirs.user_cache_dir("footnote", appauthor=False))


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where documents are kept: the ``kind`` of store, by the name it is installed under."""

    kind: str = "local"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which models run, and how.

    ``encoder`` is a registry name, local path or hub name of a sentence-transformers model.
    The encoder "auto" is that of the archive's index; for a new index the languages of the
    documents decide (`rag.models.choose_encoder`). A prompt of None is the model's own.
    ``dtype`` "auto" takes bfloat16 where the processor has it and vectors stay within cosine
    0.999 of float32. ``encoder_reads`` says which languages the encoder reads; "auto" is what
    the registry says or, of a model it does not know, what the tokenizer shows. ``reading`` is
    the reading model: "auto" takes the English one for English questions on English text and
    the multilingual one for all others; a path names a file of weights that
    `python -m embeddings.reading.train` wrote, for all. ``threads`` 0 leaves the choice to
    the libraries. ``cache_dir`` holds converted weights and the token vocabulary; it can be
    deleted at any time.
    """

    encoder: str = "auto"
    query_prompt: str | None = None
    passage_prompt: str | None = None
    encoder_reads: Literal["auto", "english", "latin", "any"] = "auto"
    reading: str = "auto"
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    batch_size: PositiveInt = 32
    threads: NonNegativeInt = 0
    cache_dir: Path = field(default_factory=_default_cache)


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """The most tokens of a passage's text (of cl100k_base) and, estimated, of the title above."""

    max_tokens: PositiveInt = 180
    title_tokens: NonNegativeInt = 32


@dataclass(frozen=True, slots=True)
class RetrieveSettings:
    """How deep each stage of retrieval looks.

    ``dense_limit`` and ``lexical_limit`` are passages each retriever returns,
    ``lexical_weight`` what the best lexical score counts beside the mean distance of the
    dense ranking. ``time_weight`` is by how much of itself a BM25
    score rises for a passage of the time that the question speaks of.
    """

    dense_limit: PositiveInt = 100
    lexical_limit: PositiveInt = 100
    lexical_weight: Weight = 0.5
    time_weight: Weight = 0.3


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """When to answer, and how much to say.

    Two thresholds of the support score (in [0, 1], see rag.answer.judge) decide
    without a language model: where some sentence reaches ``min_support``, the answer is sure
    and quotes only sentences that reach it; else, where some reach ``min_uncertain``, the
    answer quotes them and says that it is uncertain; else Footnote abstains. Higher means fewer
    answers. A ``min_uncertain`` that is not below ``min_support`` leaves no uncertain answers.
    ``passages`` is how many of the best passages the reading model reads, with those that
    repeat them (this dominates the time of a question), ``max_claims`` how many sentences
    an answer has at most, ``keep_within`` how far (in support) below the best sentence
    another may be and still be quoted, ``nearest`` how many passages an abstention lists.
    ``composer`` "quote" gives the archive's own sentences; a configured language model
    chooses which, by number. "write" (a language model words them) needs a verifier and is
    refused until there is one.
    """

    min_support: Share = 0.4
    min_uncertain: Share = 0.2
    passages: PositiveInt = 8
    max_claims: PositiveInt = 3
    keep_within: Share = 0.1
    nearest: NonNegativeInt = 3
    composer: Composer = "quote"


@dataclass(frozen=True, slots=True)
class SupportWeights:
    """What the reading model's logits count in the support score of English questions on
    English text: the logistic function of ``bias`` and the weighted logits of
    rag.types.Features.

    ``footnote eval calibrate --weights`` fits them; the defaults are fitted to several sets
    (docs/evaluation.md).
    """

    bias: FiniteFloat = -0.13
    answers: FiniteFloat = 0.35
    evidence: FiniteFloat = 0.16
    span: FiniteFloat = 0.09


# Of all other questions and texts, which the multilingual model reads.
MULTILINGUAL_WEIGHTS = SupportWeights(bias=-0.38, answers=0.4, evidence=0.17, span=0.19)


@dataclass(frozen=True, slots=True)
class LanguageModelSettings:
    """Which language model chooses the statements of an answer; none by default.

    ``base_url`` is an OpenAI-compatible endpoint ("http://127.0.0.1:8080/v1") and
    ``model`` what it calls the model. ``api_key_env`` names the environment variable that
    holds its key; the key itself is not a setting. A request is given up after
    ``timeout_seconds``, or when nothing of the reply has come after ``first_token_seconds``.
    ``context_tokens`` is what the model takes, prompt and reply together; ``max_tokens`` is
    how long the reply may be, ``statements`` how many statements it is shown at most, and
    ``min_support`` the support score that each of them has at least: with 0 the model alone
    decides whether the archive answers.
    """

    base_url: str = ""
    model: str = ""
    api_key_env: str = ""
    timeout_seconds: Seconds = 60.0
    first_token_seconds: Seconds = 30.0
    context_tokens: PositiveInt = 4096
    max_tokens: PositiveInt = 400
    statements: PositiveInt = 60
    min_support: Share = 0.4
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    seed: NonNegativeInt = 1

    @property
    def configured(self) -> bool:
        """Whether there is a model to use."""
        return bool(self.base_url)

    def __post_init__(self) -> None:
        if self.base_url:
            self._check_endpoint()
        # The value is not repeated: it may be a key that was put here by mistake.
        if self.api_key_env and not _VARIABLE_NAME.fullmatch(self.api_key_env):
            raise ValueError("api_key_env must be the name of an environment variable")
        if self.api_key_env.startswith("FOOTNOTE_"):
            raise ValueError("api_key_env must not begin with FOOTNOTE_, which marks settings")
        if self.context_tokens <= self.max_tokens:
            raise ValueError("context_tokens must be above max_tokens")

    def _check_endpoint(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("base_url must begin with http:// or https:// and name a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("base_url must hold no name or password; api_key_env names a key")
        if not self.model:
            raise ValueError("model must be what the endpoint at base_url calls its model")


def _listed(value: object) -> object:
    """A list as the environment writes it: parts between commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How `footnote serve` listens, and which requests it accepts.

    ``public_url`` is the URL that clients use, behind a proxy for example; links start with
    it. ``allowed_hosts`` are further host names that it accepts. ``cors_origins`` are other
    origins whose web pages may call it; none by default. ``trusted_proxies`` are addresses
    whose forwarded headers are trusted. ``workers`` questions run at once and at most
    ``queue`` wait; one that takes longer than ``timeout_seconds``, plus the time that a
    language model may take, is cancelled. ``port`` 0 is any free one.
    ``rate_limit`` ("120/minute") applies to each key, or to each address without keys.
    Sizes are in bytes. ``log_format`` "auto" is "console" on a terminal, else "json".
    ``tracing`` exports spans to the collector set in OTEL_EXPORTER_OTLP_*, see
    `collector_named`.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    public_url: str = ""
    allowed_hosts: Listed = ()
    cors_origins: Listed = ()
    trusted_proxies: Listed = ("127.0.0.1",)
    workers: PositiveInt = 2
    queue: PositiveInt = 128
    timeout_seconds: PositiveFloat = 60.0
    rate_limit: str = "600/minute"
    max_body_bytes: PositiveInt = 1_000_000
    max_upload_bytes: PositiveInt = 50_000_000
    log_format: Literal["auto", "json", "console"] = "auto"
    tracing: bool = False

    def __post_init__(self) -> None:
        for origin in self.cors_origins:
            parts = urlsplit(origin)
            if origin != f"{parts.scheme}://{parts.netloc}" or not parts.netloc:
                raise ValueError(f"cors_origins: {origin!r} is not an origin (https://NAME[:PORT])")
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise ValueError("public_url must begin with http:// or https://")


def _path(value: object) -> Path:
    # An empty path would mean the current directory, which is never intended.
    if not isinstance(value, str | Path) or not str(value) or value == Path():
        raise ValueError(f"{value!r} is not a path")
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{error}; write the path without ~") from error


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. ``origins`` maps each dotted key to where its value came from."""

    data: Annotated[Path, BeforeValidator(_path)] = field(default_factory=_default_data)
    store: StoreSettings = field(default_factory=StoreSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    retrieve: RetrieveSettings = field(default_factory=RetrieveSettings)
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    support: SupportWeights = field(default_factory=SupportWeights)
    language_model: LanguageModelSettings = field(default_factory=LanguageModelSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    origins: Mapping[str, str] = field(default_factory=dict)

    def items(self) -> list[tuple[str, Any, str]]:
        """(dotted key, value, origin) of every setting, in a fixed order."""
        rows: list[tuple[str, Any, str]] = []
        for key in setting_keys():
            section, _, name = key.rpartition(".")
            value = getattr(getattr(self, section) if section else self, name)
            rows.append((key, value, self.origins.get(key, "default")))
        return rows


def setting_keys() -> tuple[str, ...]:
    """Every dotted key there is, such as ``data`` and ``split.max_tokens``."""
    keys = ["data"]
    for section, kind in get_type_hints(Settings).items():
        if is_dataclass(kind):
            keys += [f"{section}.{each.name}" for each in fields(kind)]
    return tuple(keys)
