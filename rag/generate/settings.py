"""Settings of the language model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from urllib.parse import urlsplit

__all__ = ["CARRIER", "LanguageModelSettings"]

# As ``embedded``: the one model whose file packages carry.
CARRIER = "carrier"
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class LanguageModelSettings:
    """Which language model writes drafts; none by default.

    ``base_url`` is an OpenAI-compatible endpoint ("http://127.0.0.1:8080/v1") and
    ``model`` what it calls the model. ``api_key_env`` names the environment variable that
    holds its key; the key itself is no setting. ``embedded`` is, instead of an endpoint,
    the path of a GGUF file to run in process, or "carrier". A draft is given up after
    ``timeout_seconds``, or when nothing of it has come after ``first_token_seconds``.
    ``context_tokens`` is what the model takes, prompt and draft together, and
    ``max_tokens`` how long the draft may be. ``decompose`` has it take questions of several
    parts apart first, to find passages for each. ``threads`` of the embedded model; 0 is one
    for each core that this process may use.
    """

    base_url: str = ""
    model: str = ""
    api_key_env: str = ""
    embedded: str = ""
    timeout_seconds: float = 60.0
    first_token_seconds: float = 30.0
    context_tokens: int = 4096
    max_tokens: int = 400
    temperature: float = 0.0
    seed: int = 1
    decompose: bool = False
    threads: int = 0

    @property
    def configured(self) -> bool:
        """Whether there is a model to use."""
        return bool(self.base_url or self.embedded)

    def __post_init__(self) -> None:
        if self.base_url:
            self._check_endpoint()
        if self.base_url and self.embedded:
            raise ValueError("set base_url or embedded, not both")
        # The value is not repeated: it may be a key that was put here by mistake.
        if self.api_key_env and not _VARIABLE_NAME.fullmatch(self.api_key_env):
            raise ValueError("api_key_env must be the name of an environment variable")
        if self.api_key_env.startswith("FOOTNOTE_"):
            raise ValueError("api_key_env must not begin with FOOTNOTE_, which marks settings")
        for name in ("timeout_seconds", "first_token_seconds"):
            value = getattr(self, name)
            if not isfinite(value) or value <= 0:
                raise ValueError(f"{name} must be above 0")
        if self.max_tokens < 1:
            raise ValueError("max_tokens must be 1 or more")
        if self.context_tokens <= self.max_tokens:
            raise ValueError("context_tokens must be above max_tokens")
        if not 0.0 <= self.temperature <= 2.0:
            raise ValueError("temperature must be from 0 to 2")
        if self.seed < 0:
            raise ValueError("seed must be 0 or more")
        if self.threads < 0:
            raise ValueError("threads must be 0 (one for each core) or more")

    def _check_endpoint(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("base_url must begin with http:// or https:// and name a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("base_url must hold no name or password; api_key_env names a key")
        if not self.model:
            raise ValueError("model must be what the endpoint at base_url calls its model")
