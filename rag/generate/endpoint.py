"""A model behind an OpenAI-compatible endpoint: a local server or a hosted one."""

from __future__ import annotations

import asyncio
import json
import queue
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import openai
from anyio.from_thread import start_blocking_portal

from rag.generate.base import Message
from rag.generate.control import without_control_tokens
from rag.generate.failures import Endpoint
from rag.settings import LanguageModelSettings
from rag.types import ModelIdentity

# Newer hosted models take a parameter by another name, or not at all (None). A server says
# so in its refusal; the request is then made again as it likes it.
_OTHERWISE: Final[Mapping[str, str | None]] = {
    "max_tokens": "max_completion_tokens",
    "temperature": None,
    "seed": None,
    "response_format": None,
}
# A server that goes on past what was asked for is stopped; no vocabulary has as many
# characters a token over a whole reply.
_CHARACTERS_PER_TOKEN = 64

# Where servers put what a reasoning model thinks; it is no part of the reply.
_THOUGHTS = ("reasoning_content", "reasoning")

# How often a caller that waits gets an empty piece, and with it the chance to stop.
_PULSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _Delta:
    """What one chunk adds: text of the reply, thoughts, or the reason why it ended."""

    text: str
    thinks: bool
    finish_reason: str | None


class EndpointModel:
    """A LanguageModel over HTTP, through the official client.

    Requests run in an event loop of their own thread, so a deadline or ``close()`` ends one
    at once, whatever the server does: the connection goes, and with it the server's work.
    Redirects are not followed: documents go to the host that was named, and to no other.
    """

    def __init__(
        self,
        settings: LanguageModelSettings,
        *,
        api_key: str,
        count_tokens: Callable[[str], int],
    ) -> None:
        parts = urlsplit(settings.base_url)
        self.identity = ModelIdentity(settings.model, parts.netloc)
        self.context_tokens = settings.context_tokens
        self.count_tokens = count_tokens
        self._settings = settings
        self._endpoint = Endpoint(settings.model, parts.netloc, api_key)
        self._client = openai.AsyncOpenAI(
            base_url=settings.base_url,
            # It wants some key; without one of our own none is sent, see _headers.
            api_key=api_key or "none",
            max_retries=0,
            timeout=None,
            http_client=openai.DefaultAsyncHttpxClient(
                follow_redirects=False,
                # A proxy reaches no server on this machine.
                trust_env=not _is_loopback(parts.hostname or ""),
                timeout=None,
            ),
        )
        self._refused: set[str] = set()
        self._thread = ExitStack()
        self._loop = self._thread.enter_context(
            start_blocking_portal(name="footnote-language-model")
        )
        # In reverse order, when closed.
        self._thread.callback(self._loop.call, self._loop.stop, True)
        self._thread.callback(self._loop.call, self._client.close)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_seconds: float,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """As LanguageModel.stream; nothing within ``first_token_seconds`` is a timeout too.

        Raises:
            LanguageModelError: as LanguageModel.stream.
        """
        request = self._request(messages, max_tokens, schema)
        # Pieces as they come, None once there will be no more.
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        work = self._loop.start_task_soon(self._receive, request, pieces.put, deadline_seconds)
        work.add_done_callback(lambda _: pieces.put(None))
        try:
            while (piece := _next(pieces)) is not None:
                yield piece
            work.result()
        except CancelledError:
            raise self._endpoint.broken_off("the request was given up") from None
        finally:
            work.cancel()

    def close(self) -> None:
        """Close connections, cancel requests and end the thread. Safe to call twice."""
        self._thread.close()

    def _request(
        self, messages: Sequence[Message], max_tokens: int, schema: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._settings.model,
            "messages": [
                {"role": message.role, "content": without_control_tokens(message.text)}
                for message in messages
            ],
            "stream": True,
            "max_tokens": max_tokens,
            "temperature": self._settings.temperature,
            "seed": self._settings.seed,
        }
        if schema is not None:
            named = {"name": "reply", "schema": schema, "strict": True}
            request["response_format"] = {"type": "json_schema", "json_schema": named}
        return request

    async def _receive(
        self, request: Mapping[str, Any], put: Callable[[str], None], seconds: float
    ) -> None:
        """Hand over every piece as it comes.

        Raises:
            LanguageModelError: no reply came, or not the whole of it.
        """
        begun, characters, finish_reason = False, 0, None
        started = asyncio.get_running_loop().time()
        allowed = min(seconds, self._settings.first_token_seconds)
        try:
            async with (
                asyncio.timeout(allowed) as deadline,
                aclosing(self._deltas(request)) as deltas,
            ):
                async for delta in deltas:
                    begun = True
                    if delta.text or delta.thinks:
                        # A model that thinks is at work: the whole deadline counts.
                        allowed = seconds
                        deadline.reschedule(started + seconds)
                    if delta.text:
                        characters += len(delta.text)
                        put(delta.text)
                    finish_reason = delta.finish_reason or finish_reason
                    if characters > _CHARACTERS_PER_TOKEN * request["max_tokens"]:
                        raise ValueError("it wrote far more than asked for")
        except TimeoutError:
            raise self._endpoint.timeout(allowed) from None
        # ValueError: what came is no JSON or no UTF-8.
        except (openai.OpenAIError, httpx2.TransportError, ValueError) as error:
            # Without the cause: it holds the request, and that the key.
            raise self._endpoint.failure(error, begun=begun) from None
        if shortfall := self._endpoint.shortfall(characters, finish_reason):
            raise shortfall

    async def _deltas(self, request: Mapping[str, Any]) -> AsyncGenerator[_Delta, None]:
        """Make the request, once more for each parameter that the server refuses, and yield
        what its chunks add."""
        create = self._client.chat.completions.with_streaming_response.create
        while True:
            try:
                async with create(
                    **_adapted(request, self._refused), extra_headers=self._headers()
                ) as response:
                    kind = response.headers.get("content-type", "").partition(";")[0].strip()
                    match kind.lower():
                        case "text/event-stream":
                            async with await response.parse() as chunks:
                                async for chunk in chunks:
                                    yield _delta(chunk, "delta")
                        case "application/json":
                            # Some servers answer whole though asked for a stream.
                            whole = json.loads(await response.read(), object_hook=_as_object)
                            yield _delta(whole, "message")
                        case other:
                            raise ValueError(f"it sent {other or 'something without a type'}")
                return
            except openai.BadRequestError as error:
                refused = _parameter(error)
                if refused not in _OTHERWISE or refused in self._refused:
                    raise
                self._refused.add(refused)

    def _headers(self) -> dict[str, openai.Omit]:
        # What OPENAI_* variables of the environment say is meant for another endpoint.
        unsent = ["OpenAI-Organization", "OpenAI-Project"]
        if not self._endpoint.api_key:
            unsent.append("Authorization")
        return {name: openai.Omit() for name in unsent}


def _next(pieces: queue.SimpleQueue[str | None]) -> str | None:
    try:
        return pieces.get(timeout=_PULSE_SECONDS)
    except queue.Empty:
        return ""


def _delta(chunk: object, part: str) -> _Delta:
    """What a chunk, or a whole completion, adds.

    The client builds its objects from whatever JSON came, so nothing is taken for granted.

    Raises:
        ValueError: it has no such shape.
    """
    choices = getattr(chunk, "choices", None)
    if not isinstance(choices, list):
        raise ValueError("it sent JSON of another shape")
    if not choices:
        # It counts tokens.
        return _Delta("", False, None)
    content = getattr(choices[0], part, None)
    text = getattr(content, "content", None)
    reason = getattr(choices[0], "finish_reason", None)
    if not isinstance(text, str | None) or not isinstance(reason, str | None):
        raise ValueError("it sent JSON of another shape")
    thinks = any(getattr(content, name, None) for name in _THOUGHTS)
    return _Delta(text or "", thinks, reason)


def _adapted(request: Mapping[str, Any], refused: set[str]) -> dict[str, Any]:
    names = {name: _OTHERWISE[name] if name in refused else name for name in request}
    return {new: request[name] for name, new in names.items() if new is not None}


def _as_object(members: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(**members)


def _parameter(error: openai.BadRequestError) -> str:
    """The parameter of ours that the server refuses; empty where it names none."""
    if isinstance(error.param, str):
        return error.param.partition(".")[0]
    return next((name for name in _OTHERWISE if name in error.message), "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
