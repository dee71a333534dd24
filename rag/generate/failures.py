"""What went wrong at an endpoint, in words that never hold its key."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import httpx2
import openai

from rag.errors import LanguageModelError, LanguageModelFailure

# Of what a server says in its refusal.
_SAID_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Whom a message is about, and the key that must not be in it."""

    model: str
    host: str
    api_key: str = field(repr=False)

    def timeout(self, seconds: float) -> LanguageModelError:
        """It was not done in time."""
        return self._error(
            "timeout",
            f"was not done in {seconds:g} seconds",
            "ask again, or raise language_model.timeout_seconds and first_token_seconds",
        )

    def broken_off(self, how: str) -> LanguageModelError:
        """It ended before its end."""
        return self._error("interrupted", f"broke off: {how}", "ask again")

    def shortfall(self, characters: int, finish_reason: str | None) -> LanguageModelError | None:
        """What is wrong with a reply that came to its end in order, None where nothing is."""
        if finish_reason == "content_filter":
            return self._error("refused", "refused by its content filter", "ask in other words")
        if not characters and finish_reason == "length":
            # It thinks first, where nobody sees it.
            return self._error(
                "empty",
                "came to the end of its tokens without a text",
                "raise language_model.max_tokens",
            )
        if not characters:
            return self._error("empty", "sent no text", "ask again")
        # Every server of this kind says why it ended; a connection may end for other reasons.
        return None if finish_reason else self.broken_off("its reply has no end")

    def failure(self, error: Exception, *, begun: bool) -> LanguageModelError:
        """What an error of the client, or of reading what came, amounts to; ``begun`` is
        whether anything of a reply had come."""
        match error:
            case openai.APIStatusError():
                return self._refusal(error)
            case openai.APIConnectionError() | httpx2.TransportError() if begun:
                return self.broken_off("the connection was lost")
            case openai.APIConnectionError() | httpx2.TransportError():
                return self._error(
                    "unreachable",
                    "cannot be reached",
                    "start it, or correct language_model.base_url",
                )
            case openai.APIResponseValidationError() | ValueError():
                return self._error(
                    "malformed",
                    f"sent no chat completion{self._because(error)}",
                    "check that language_model.base_url is OpenAI-compatible (it mostly ends in "
                    "/v1)",
                )
        because = self._because(error)
        if begun:
            return self.broken_off(f"it reported a failure{because}")
        return self._error("refused", f"reported a failure{because}", "see its log")

    def _refusal(self, error: openai.APIStatusError) -> LanguageModelError:
        kind: LanguageModelFailure = "refused"
        remedy = "check language_model.base_url and model"
        said = self._because(error)
        match error.status_code:
            case 429:
                kind, remedy = "rate_limited", "ask again later"
            case 408 | 504:
                kind, remedy = "timeout", "ask again"
            case 401 | 403:
                remedy = "check the key in the variable that language_model.api_key_env names"
                # Servers quote a part of the key they were given.
                said = ""
            case status if status >= 500:
                kind, remedy = "unreachable", "ask again later, or see its log"
        found = self._error(kind, f"answered {error.status_code}{said}", remedy)
        found.retry_after_seconds = _retry_after(error.response.headers.get("retry-after", ""))
        return found

    def _error(self, kind: LanguageModelFailure, what: str, remedy: str) -> LanguageModelError:
        return LanguageModelError(
            f"language model '{self.model}' at {self.host} {what}", remedy=remedy, kind=kind
        )

    def _because(self, error: Exception) -> str:
        """What was said, on one line, cut, and without the key; begins with a bracket."""
        body = error.body if isinstance(error, openai.APIError) else None
        said = body.get("message") if isinstance(body, dict) else None
        if said is None and not isinstance(error, openai.APIStatusError):
            said = str(error)
        if not isinstance(said, str) or not said.strip():
            return ""
        if self.api_key:
            said = said.replace(self.api_key, "[key]")
        plain = " ".join("".join(c if c.isprintable() else " " for c in said).split())
        return f" ({plain[:_SAID_CHARACTERS]})"


def _retry_after(header: str) -> float | None:
    """Seconds that a Retry-After header asks to wait, given as seconds or as a date."""
    try:
        if header.strip().isdigit():
            return float(header)
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
