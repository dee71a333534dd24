"""A GGUF model in this process, by the runtime of the extra ``embedded``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from rag.errors import LanguageModelError, ModelError
from rag.generate.base import Message
from rag.generate.carried import CARRIED_SHA256, carried_file, sha256_of
from rag.generate.endpoint import EndpointModel
from rag.generate.settings import CARRIER, LanguageModelSettings
from rag.types import ModelIdentity

__all__ = ["EmbeddedModel"]

# A tokenizer takes milliseconds; a busy machine more.
_TOKENIZE_SECONDS = 10.0
_GGUF_MAGIC = b"GGUF"


class EmbeddedModel:
    """A LanguageModel of this process.

    The runtime is a server by nature: it listens on a free port of 127.0.0.1 and lets in
    whoever has the key made here, which is this object alone. So drafts, deadlines and
    breaking off work exactly as with any endpoint. One draft is written at a time; others
    wait, and their deadlines run.
    """

    def __init__(self, settings: LanguageModelSettings, *, cache_dir: Path) -> None:
        """Load the weights, which takes seconds.

        Raises:
            ModelError: the runtime is not installed, or the file is missing, altered or not
                one that it can run.
        """
        carried = settings.embedded == CARRIER
        path = carried_file(cache_dir) if carried else Path(settings.embedded).expanduser()
        _check_file(path)
        key = secrets.token_urlsafe(32)
        self._server: Any = _start(path, key, settings)
        address: str = self._server.listening_address
        revision = CARRIED_SHA256 if carried else sha256_of(path)
        self._http = httpx2.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=_TOKENIZE_SECONDS,
            trust_env=False,
        )
        self._model = EndpointModel(
            replace(settings, base_url=f"{address}/v1", model=path.stem, embedded=""),
            api_key=key,
            count_tokens=self._tokens,
            identity=ModelIdentity(path.stem, revision),
        )

    @property
    def identity(self) -> ModelIdentity:
        """The file's name without its ending, and its sha256."""
        return self._model.identity

    @property
    def context_tokens(self) -> int:
        """As set; so much memory is taken for it."""
        return self._model.context_tokens

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text`` by the model's own tokenizer.

        Raises:
            LanguageModelError: the runtime does not answer.
        """
        return self._model.count_tokens(text)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_seconds: float,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        """As LanguageModel.stream.

        Raises:
            LanguageModelError: as LanguageModel.stream.
        """
        return self._model.stream(
            messages, max_tokens=max_tokens, deadline_seconds=deadline_seconds, stop=stop
        )

    def close(self) -> None:
        """End the runtime and give its memory back."""
        self._model.close()
        self._http.close()
        # Its end is that of the object: there is no other way to stop it.
        self._server = None

    def _tokens(self, text: str) -> int:
        try:
            reply = self._http.post("/tokenize", json={"content": text, "parse_special": False})
            reply.raise_for_status()
            return len(reply.json()["tokens"])
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            raise LanguageModelError(
                f"embedded language model '{self.identity.name}' counts no tokens ({error})",
                remedy="restart",
                kind="unreachable",
            ) from error


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_GGUF_MAGIC))
    except OSError as error:
        raise ModelError(
            f"language_model.embedded '{path}' cannot be read ({error.strerror})",
            remedy="set it to a GGUF file, or to 'carrier'",
        ) from error
    if magic != _GGUF_MAGIC:
        raise ModelError(
            f"language_model.embedded '{path}' is no GGUF file", remedy="set it to one"
        )


def _start(path: Path, key: str, settings: LanguageModelSettings) -> Any:
    # The server's threads wait asleep: spinning, they starve whatever else runs. Read once,
    # when the runtime's library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelError(
            f"the runtime of language_model.embedded is not installed ({error})",
            remedy="pip install 'footnote[embedded]'",
        ) from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.api_keys = [key]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = settings.context_tokens
    params.n_parallel = 1
    threads = settings.threads or _cores()
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    # The repacked layouts crash on some processors with AMX.
    params.no_extra_bufts = True
    params.warmup = False
    # Beside its one slot it would keep old prompts, in up to 8 GB.
    params.cache_ram_mib = 0
    params.ui = False
    params.endpoint_slots = False
    params.offline = True
    # Only errors: its log would hold prompts.
    params.verbosity = -1
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"language_model.embedded '{path}' cannot be run ({error})",
            remedy="set it to another GGUF file, or language_model.context_tokens lower",
        ) from error


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
