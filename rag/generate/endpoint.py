"""A model behind an OpenAI-compatible endpoint: a local server or a hosted one."""

from __future__ import annotations

import asyncio
import json
import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import openai

from rag.generate.base import Message
from rag.generate.control import without_control_tokens
from rag.generate.failures import Endpoint, failure_of
from rag.generate.worker import Worker
from rag.settings import LanguageModelSettings
from rag.types import ModelIdentity

__all__ = ["EndpointModel"]

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

# What the thread that receives hands to the one that asked: a piece, the end, or a failure.
_Arrival = str | None | BaseException


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
        identity: ModelIdentity | None = None,
    ) -> None:
        host = urlsplit(settings.base_url).netloc
        self._settings = settings
        self._count_tokens = count_tokens
        self._identity = identity or ModelIdentity(settings.model, host)
        self._endpoint = Endpoint(settings.model, host, api_key)
        self._worker = Worker("footnote-language-model")
        # Both only touched by the worker's thread.
        self._client: openai.AsyncOpenAI | None = None
        self._refused: set[str] = set()

    @property
    def identity(self) -> ModelIdentity:
        """The endpoint's name of the model, and its host."""
        return self._identity

    @property
    def context_tokens(self) -> int:
        """As set: endpoints do not tell it in one way."""
        return self._settings.context_tokens

    def count_tokens(self, text: str) -> int:
        """As LanguageModel.count_tokens."""
        return self._count_tokens(text)

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
        ends = time.monotonic() + deadline_seconds
        arrivals: queue.SimpleQueue[_Arrival] = queue.SimpleQueue()
        work = self._worker.start(
            self._produce(
                self._request(messages, max_tokens, schema), arrivals.put, deadline_seconds
            )
        )
        work.add_done_callback(lambda done: _pass_on(done, arrivals.put))
        try:
            while True:
                left = ends - time.monotonic()
                try:
                    arrival = arrivals.get(timeout=max(0.0, min(left, _PULSE_SECONDS)))
                except queue.Empty:
                    if left > 0:
                        yield ""
                        continue
                    raise self._endpoint.timeout(deadline_seconds) from None
                if arrival is None:
                    return
                if isinstance(arrival, BaseException):
                    raise arrival
                yield arrival
        finally:
            work.cancel()

    def close(self) -> None:
        """Close connections and end the thread."""
        self._worker.close(self._let_go)

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

    async def _produce(
        self, request: dict[str, Any], put: Callable[[_Arrival], None], seconds: float
    ) -> None:
        """Hand over every piece as it comes, then None or what went wrong."""
        reply = _Reply(put, limit=_CHARACTERS_PER_TOKEN * request["max_tokens"])
        started = asyncio.get_running_loop().time()
        patience = min(seconds, self._settings.first_token_seconds)
        try:
            async with asyncio.timeout(patience) as waiting:
                # From the first sign of a reply on, the whole deadline counts.
                reply.on_sign = lambda: waiting.reschedule(started + seconds)
                await self._receive(request, reply)
            put(self._endpoint.shortfall(reply.characters, reply.finish_reason))
        except TimeoutError:
            put(self._endpoint.timeout(seconds if reply.signs else patience))
        except asyncio.CancelledError:
            put(self._endpoint.broken_off("the request was given up"))
            raise
        # ValueError: what came is no JSON or no UTF-8.
        except (openai.OpenAIError, httpx2.TransportError, ValueError) as error:
            put(failure_of(error, self._endpoint, begun=reply.begun, wrote=reply.characters > 0))

    async def _receive(self, request: dict[str, Any], reply: _Reply) -> None:
        """Make the request, and once more for each parameter that the server refuses."""
        while True:
            try:
                await self._receive_once(_adapted(request, self._refused), reply)
                return
            except openai.BadRequestError as error:
                refused = _parameter(error)
                if refused not in _OTHERWISE or refused in self._refused:
                    raise
                self._refused.add(refused)

    async def _receive_once(self, request: dict[str, Any], reply: _Reply) -> None:
        completions = self._connected().chat.completions
        async with completions.with_streaming_response.create(
            **request, extra_headers=self._headers()
        ) as response:
            reply.begun = True
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == "text/event-stream":
                async with await response.parse() as chunks:
                    async for chunk in chunks:
                        reply.take(chunk, "delta")
            elif kind == "application/json":
                # Some servers answer whole though asked for a stream.
                whole = json.loads(await response.read(), object_hook=_as_object)
                reply.take(whole, "message")
            else:
                raise ValueError(f"it sent {kind or 'something without a content type'}")

    def _headers(self) -> dict[str, openai.Omit]:
        # What OPENAI_* variables of the environment say is meant for another endpoint.
        unsent = ["OpenAI-Organization", "OpenAI-Project"]
        if not self._endpoint.api_key:
            unsent.append("Authorization")
        return {name: openai.Omit() for name in unsent}

    def _connected(self) -> openai.AsyncOpenAI:
        if self._client is None:
            host = urlsplit(self._settings.base_url).hostname or ""
            self._client = openai.AsyncOpenAI(
                base_url=self._settings.base_url,
                # It wants some key; without one of our own none is sent, see _headers.
                api_key=self._endpoint.api_key or "none",
                max_retries=0,
                timeout=None,
                http_client=openai.DefaultAsyncHttpxClient(
                    follow_redirects=False,
                    # A proxy reaches no server on this machine.
                    trust_env=not _is_loopback(host),
                    timeout=None,
                ),
            )
        return self._client

    async def _let_go(self) -> None:
        if self._client is not None:
            await self._client.close()


class _Reply:
    """What has come of one reply."""

    def __init__(self, put: Callable[[_Arrival], None], *, limit: int) -> None:
        self.begun = False
        self.signs = False
        self.characters = 0
        self.finish_reason: str | None = None
        self.on_sign: Callable[[], None] = lambda: None
        self._put = put
        self._limit = limit

    def take(self, chunk: object, part: str) -> None:
        """Hand over the text of one chunk, or of a whole completion.

        The client builds its objects from whatever JSON came, so nothing is taken for granted.

        Raises:
            ValueError: it has no such shape, or more came than was asked for.
        """
        choices = getattr(chunk, "choices", None)
        if not isinstance(choices, list):
            raise ValueError("it sent JSON of another shape")
        # A chunk without choices counts tokens.
        for choice in choices[:1]:
            content = getattr(choice, part, None)
            text = getattr(content, "content", None)
            reason = getattr(choice, "finish_reason", None)
            if not isinstance(text, str | None) or not isinstance(reason, str | None):
                raise ValueError("it sent JSON of another shape")
            # A model that thinks first is at work, though nothing of the reply is there.
            if text or any(getattr(content, name, None) for name in _THOUGHTS):
                self.signs = True
                self.on_sign()
            if text:
                self.characters += len(text)
                self._put(text)
            self.finish_reason = reason or self.finish_reason
        if self.characters > self._limit:
            raise ValueError("it wrote far more than asked for")


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


def _pass_on(done: Future[None], put: Callable[[_Arrival], None]) -> None:
    """Hand an error that nothing expected to whoever waits, who would else see a timeout."""
    error = None if done.cancelled() else done.exception()
    if error is not None:
        put(error)
