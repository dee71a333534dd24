"""A scripted OpenAI-compatible endpoint: real HTTP on loopback, misbehaving on purpose."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["FakeEndpoint", "Received", "Reply", "fake_endpoint", "says", "sends"]


@dataclass(frozen=True)
class Reply:
    """What the endpoint does with one request.

    ``pieces`` are sent as the deltas of a stream as they come, ``first_after`` seconds
    after the request and ``between`` seconds apart, ``thoughts`` before them as deltas of
    ``thinks_in``; with ``streams`` False as one completion. Without a ``finish_reason`` the
    last chunk and [DONE] are missing. ``dies_after`` that many pieces the connection is
    reset. ``body`` is sent instead of all that, as it is. ``pings`` sends comments for that
    many seconds before anything else, as some servers do.
    """

    pieces: Iterable[str] = ()
    thoughts: tuple[str, ...] = ()
    thinks_in: str = "reasoning_content"
    first_after: float = 0.0
    between: float = 0.0
    pings: float = 0.0
    finish_reason: str | None = "stop"
    streams: bool = True
    dies_after: int | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""
    body: bytes | None = None


def says(text: str, *, size: int | None = None, **how: Any) -> Reply:
    """A draft, in pieces of ``size`` characters (default: words)."""
    if size is None:
        words = text.split(" ")
        pieces = tuple(word if at == 0 else f" {word}" for at, word in enumerate(words))
    else:
        pieces = tuple(text[at : at + size] for at in range(0, len(text), size))
    return Reply(pieces=pieces, **how)


def sends(body: bytes | str, *, content_type: str = "application/json", **how: Any) -> Reply:
    """Bytes as they are."""
    data = body.encode() if isinstance(body, str) else body
    return Reply(body=data, content_type=content_type, **how)


@dataclass(frozen=True)
class Received:
    """One request as it came; names of headers in lower case."""

    path: str
    headers: Mapping[str, str]
    json: dict[str, Any]

    @property
    def prompt(self) -> str:
        """All messages, one after another."""
        return "\n\n".join(message["content"] for message in self.json["messages"])


Script = Reply | Callable[[Received], Reply]


@dataclass
class FakeEndpoint:
    """A running endpoint: ``script`` may be changed at any time.

    ``received`` are the requests so far. ``hung_up`` is set when a client went away before
    the end of its reply.
    """

    base_url: str
    scripts: list[Script]
    received: list[Received] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: Received) -> Reply:
        """The reply to a request: scripts in order, the last one again and again."""
        with self.lock:
            self.received.append(request)
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        return script(request) if callable(script) else script

    def wait(self, seconds: float) -> None:
        """Wait, unless the endpoint is closing."""
        self.released.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    endpoint: FakeEndpoint

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        request = Received(
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            json.loads(self.rfile.read(length) or b"{}"),
        )
        reply = self.endpoint.take(request)
        self.close_connection = True
        try:
            self._answer(reply)
        except (BrokenPipeError, ConnectionResetError):
            self.endpoint.hung_up.set()

    def _answer(self, reply: Reply) -> None:
        if reply.body is not None:
            self.endpoint.wait(reply.first_after)
            self._head(reply, reply.content_type)
            self.wfile.write(reply.body)
        elif not reply.streams:
            self.endpoint.wait(reply.first_after)
            self._head(reply, "application/json")
            message = {"role": "assistant", "content": "".join(reply.pieces)}
            choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
            self.wfile.write(json.dumps(_completion("chat.completion", [choice])).encode())
        else:
            self._head(reply, reply.content_type or "text/event-stream")
            self._stream(reply)

    def _stream(self, reply: Reply) -> None:
        self._event(_chunk({"role": "assistant", "content": ""}))
        ends = time.monotonic() + reply.pings
        while time.monotonic() < ends and not self.endpoint.released.is_set():
            self._write(b": ping\n\n")
            self.endpoint.wait(0.02)
        self.endpoint.wait(reply.first_after)
        for thought in reply.thoughts:
            self._event(_chunk({reply.thinks_in: thought}))
            self.endpoint.wait(reply.between)
        for at, piece in enumerate(reply.pieces):
            if at == reply.dies_after:
                self._reset()
                return
            if at:
                self.endpoint.wait(reply.between)
            self._event(_chunk({"content": piece}))
        if reply.finish_reason is not None:
            self._event(_chunk({}, reply.finish_reason))
            self._write(b"data: [DONE]\n\n")

    def _head(self, reply: Reply, content_type: str) -> None:
        self.send_response(reply.status)
        if content_type:
            self.send_header("Content-Type", content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def _event(self, data: object) -> None:
        self._write(f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode())

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _reset(self) -> None:
        """End the connection as a crash does: without a good-bye."""
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.rfile.close()
        self.connection.close()


def _completion(kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 0, "model": "fake", "choices": choices}


def _chunk(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _completion("chat.completion.chunk", [choice])


class _Server(ThreadingHTTPServer):
    # A client may go away at any time; handlers say so themselves.
    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def fake_endpoint(*scripts: Script) -> Iterator[FakeEndpoint]:
    """Serve scripts, one a request and the last one for all further, until the context ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    endpoint = FakeEndpoint(f"http://127.0.0.1:{server.server_address[1]}/v1", list(scripts))
    server.RequestHandlerClass = type("_Bound", (_Handler,), {"endpoint": endpoint})
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
