"""What went wrong at an endpoint, in words that never hold its key."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2
import openai

from rag.errors import LanguageModelError, LanguageModelFailure

__all__ = ["Endpoint", "failure_of"]

# Of what a server says in its refusal.
_SAID_CHARACTERS = 200
_LATE = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT}
# Servers quote a part of the key they were given.
_ABOUT_KEYS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Whom a message is about, and the key that must not be in it."""

    model: str
    host: str
    api_key: str = field(repr=False)

    @property
    def name(self) -> str:
        """Model and host, as messages begin with."""
        return f"language model '{self.model}' at {self.host}"

    def timeout(self, seconds: float) -> LanguageModelError:
        """It was not done in time."""
        return LanguageModelError(
            f"{self.name} was not done in {seconds:g} seconds",
            remedy="ask again, or raise language_model.timeout_seconds and first_token_seconds",
            kind="timeout",
        )

    def broken_off(self, how: str) -> LanguageModelError:
        """It ended before its end."""
        return LanguageModelError(
            f"{self.name} broke off: {how}", remedy="ask again", kind="interrupted"
        )

    def shortfall(self, characters: int, finish_reason: str | None) -> LanguageModelError | None:
        """What is wrong with a reply that came to its end in order, None where nothing is."""
        if finish_reason == "content_filter":
            return LanguageModelError(
                f"{self.name} refused by its content filter",
                remedy="ask in other words",
                kind="refused",
            )
        if not characters and finish_reason == "length":
            # It thinks first, where nobody sees it.
            return LanguageModelError(
                f"{self.name} came to the end of its tokens without a text",
                remedy="raise language_model.max_tokens",
                kind="empty",
            )
        if not characters:
            return LanguageModelError(f"{self.name} sent no text", remedy="ask again", kind="empty")
        # Every server of this kind says why it ended; a connection may end for other reasons.
        if finish_reason is None:
            return self.broken_off("its reply has no end")
        return None


def failure_of(
    error: Exception, endpoint: Endpoint, *, begun: bool, wrote: bool
) -> LanguageModelError:
    """The failure that an error of the client, or of reading what came, amounts to.

    ``begun`` is whether a reply had begun, ``wrote`` whether text of it had come.
    """
    match error:
        case openai.APIStatusError():
            return _refusal(error, endpoint)
        case openai.APITimeoutError():
            return LanguageModelError(
                f"{endpoint.name} did not answer in time", remedy="ask again", kind="timeout"
            )
        case openai.APIConnectionError() | httpx2.TransportError() if begun:
            return endpoint.broken_off("the connection was lost")
        case openai.APIConnectionError() | httpx2.TransportError():
            return LanguageModelError(
                f"{endpoint.name} cannot be reached",
                remedy="start it, or correct language_model.base_url",
                kind="unreachable",
            )
        case openai.APIResponseValidationError() | ValueError():
            return LanguageModelError(
                f"{endpoint.name} sent no chat completion{_because(error, endpoint)}",
                remedy=(
                    "check that "
                    "language_model.base_url is OpenAI-compatible (it mostly ends in /v1)"
                ),
                kind="malformed",
            )
    if wrote:
        return endpoint.broken_off(f"it reported a failure{_because(error, endpoint)}")
    return LanguageModelError(
        f"{endpoint.name} reported a failure{_because(error, endpoint)}",
        remedy="see its log",
        kind="refused",
    )


def _refusal(error: openai.APIStatusError, endpoint: Endpoint) -> LanguageModelError:
    status = error.status_code
    kind: LanguageModelFailure = "refused"
    remedy = "check language_model.base_url and model"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        kind, remedy = "rate_limited", "ask again later"
    elif status in _LATE:
        kind, remedy = "timeout", "ask again"
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind, remedy = "unreachable", "ask again later, or see its log"
    elif status in _ABOUT_KEYS:
        remedy = "check the key in the variable that language_model.api_key_env names"
    said = "" if status in _ABOUT_KEYS else _because(error, endpoint)
    return LanguageModelError(
        f"{endpoint.name} answered {status}{said}",
        remedy=remedy,
        kind=kind,
        retry_after_seconds=_retry_after(error.response.headers.get("retry-after", "")),
    )


def _because(error: Exception, endpoint: Endpoint) -> str:
    """What was said, on one line, cut, and without the key; begins with a bracket."""
    body = error.body if isinstance(error, openai.APIError) else None
    said = body.get("message") if isinstance(body, dict) else None
    if said is None and not isinstance(error, openai.APIStatusError):
        said = str(error)
    if not isinstance(said, str) or not said.strip():
        return ""
    if endpoint.api_key:
        said = said.replace(endpoint.api_key, "[key]")
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
