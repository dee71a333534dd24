"""The language model that the settings name, if they name one."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rag.errors import SettingsError
from rag.generate.base import LanguageModel
from rag.settings import LanguageModelSettings


def open_language_model(
    settings: LanguageModelSettings,
    *,
    environment: Mapping[str, str] | None = None,
) -> LanguageModel | None:
    """The configured model, or None. The endpoint is not called.

    The endpoint's key is read from ``environment`` (default: the process's), where
    ``api_key_env`` names it; it belongs to the machine and is not a setting.

    Raises:
        SettingsError: the named variable holds no usable key.
        ModelError: the vocabulary could not be loaded.
    """
    if not settings.base_url:
        return None
    # Late, so that commands without a model do not load the client.
    from rag.generate.endpoint import EndpointModel
    from rag.text.tokens import load_tokenizer

    found = os.environ if environment is None else environment
    key = _key(settings.api_key_env, found) if settings.api_key_env else ""
    return EndpointModel(settings, api_key=key, count_tokens=load_tokenizer().count)


def _key(variable: str, environment: Mapping[str, str]) -> str:
    key = environment.get(variable, "").strip()
    if not key:
        raise SettingsError(
            f"environment variable {variable}, which language_model.api_key_env names, is not set",
            remedy="set it to the endpoint's key",
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SettingsError(
            f"environment variable {variable}, which language_model.api_key_env names, holds no "
            "key: keys are printable ASCII without spaces",
            remedy="correct it",
        )
    return key
