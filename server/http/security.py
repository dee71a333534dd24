"""Access control: API keys, scopes, rate limits, hosts and origins."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from rag.errors import SettingsError
from rag.journal.base import Journal
from rag.journal.base import Scope as KeyScope
from rag.settings import ServerSettings
from server.http.problems import ProblemError

_RANKS: Mapping[KeyScope, int] = {"read": 0, "write": 1, "admin": 2}
# Invalid keys sent from one address.
_FAILED_LIMIT = "20/minute"
_LOCAL_HOSTS = frozenset(("localhost", "127.0.0.1", "::1", "[::1]"))

bearer = HTTPBearer(auto_error=False, description="An API key, see 'footnote keys'")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. Without API keys every caller has ``owner`` "" and all rights."""

    owner: str
    scope: KeyScope

    def may(self, scope: KeyScope) -> bool:
        """Whether the caller has this scope."""
        return _RANKS[self.scope] >= _RANKS[scope]

    @property
    def sees_all(self) -> bool:
        """Whether the caller may see the conversations of other keys."""
        return self.scope == "admin"


def is_loopback(host: str) -> bool:
    """Whether a server that listens on ``host`` is reachable from this machine only."""
    if host.lower() in _LOCAL_HOSTS:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """The host name of a Host header, without the port; "" when there is none."""
    return _parts(f"//{host}").hostname or ""


def check_binding(settings: ServerSettings, journal: Journal) -> None:
    """Refuse to serve an archive without API keys to other machines.

    Raises:
        SettingsError: the host is not a loopback address, and there is no key.
    """
    if not is_loopback(settings.host) and not journal.has_keys():
        raise SettingsError(
            f"host {settings.host} is reachable from other machines, and there is no API key",
            remedy="create one with 'footnote keys add NAME --scope read', or use 127.0.0.1",
        )


class Guard:
    """Admits a request or says why not. May be used from several threads."""

    def __init__(self, settings: ServerSettings, journal: Journal) -> None:
        """Raises SettingsError: the rate limit is malformed."""
        self._settings = settings
        self._journal = journal
        # Not the moving window: its storage never forgets an address it has seen.
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        try:
            self._limit = parse(settings.rate_limit)
        except ValueError as error:
            raise SettingsError(
                f"setting 'server.rate_limit': {settings.rate_limit!r} is not a rate limit",
                remedy="write a number and a unit of time, such as 120/minute",
            ) from error
        self._failed_limit = parse(_FAILED_LIMIT)
        self._beyond_loopback = not is_loopback(settings.host)

    @property
    def keys_needed(self) -> bool:
        """Whether requests need a key: also after every key that was created is revoked."""
        return self._beyond_loopback or self._journal.has_keys()

    def admit(self, token: str | None, address: str, scope: KeyScope) -> Caller:
        """The caller, if admitted.

        Raises:
            ProblemError: 401 without a valid key, 403 without the scope, 429 too many requests.
        """
        caller = self._identify(token, address)
        self._count(self._limit, caller.owner or address)
        if not caller.may(scope):
            raise ProblemError(
                403,
                "scope_missing",
                f"the key has the scope '{caller.scope}', this request needs '{scope}'",
                f"use a key created with 'footnote keys add NAME --scope {scope}'",
            )
        return caller

    def _identify(self, token: str | None, address: str) -> Caller:
        if not self.keys_needed:
            return Caller("", "admin")
        key = self._journal.find_key(token) if token else None
        if key is not None:
            return Caller(key.id, key.scope)
        if token:
            self._count(self._failed_limit, f"failed {address}")
        raise ProblemError(
            401,
            "key_missing" if not token else "key_unknown",
            "an API key is required" if not token else "the API key is unknown or revoked",
            "send 'Authorization: Bearer KEY'; 'footnote keys add NAME' creates a key",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def _count(self, limit: RateLimitItem, who: str) -> None:
        if self._limiter.hit(limit, who):
            return
        reset = self._limiter.get_window_stats(limit, who).reset_time
        wait = max(1, round(reset - time.time()))
        raise ProblemError(
            429,
            "rate_limited",
            f"too many requests: the limit is {limit}",
            f"wait {wait} s, or raise server.rate_limit",
            headers={"Retry-After": str(wait)},
        )

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Refuse requests of a web page from another origin or through an unknown host name.

        Without keys nothing else distinguishes the user from a page in the user's browser:
        one that posts a form here, or whose own name resolves to this address.

        Raises:
            ProblemError: 403, 421.
        """
        if self.keys_needed:
            return  # A browser does not send a key by itself.
        host = headers.get("host", "")
        if not self._knows_host(host):
            raise ProblemError(
                421,
                "host_unknown",
                f"the host name {host!r} is not allowed",
                "use localhost, add the name to server.allowed_hosts, or create an API key",
            )
        origin = headers.get("origin")
        if origin is None or origin in self._settings.cors_origins:
            return
        if not self._is_own(origin, host):
            raise ProblemError(
                403,
                "origin_refused",
                f"pages of {origin} may not call this server",
                "add the origin to server.cors_origins if they should",
            )

    def _is_own(self, origin: str, host: str) -> bool:
        # Proxies often forward the name without the port that the browser used.
        return origin == _origin(self._settings.public_url) or _parts(origin).netloc == host

    def _knows_host(self, host: str) -> bool:
        name = host_name(host)
        own = _parts(self._settings.public_url).hostname
        allowed = {name.lower() for name in self._settings.allowed_hosts}
        known = {*_LOCAL_HOSTS, *allowed, *([own] if own else [])}
        return name in known or is_loopback(name)


def _parts(url: str) -> SplitResult:
    """The parts of a URL; all empty when it is malformed."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _origin(url: str) -> str | None:
    parts = _parts(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


def allowed(scope: KeyScope) -> Callable[..., Caller]:
    """A dependency: the caller, who must have this scope."""

    def admit(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
    ) -> Caller:
        guard: Guard = request.app.state.context.guard
        address = request.client.host if request.client else ""
        caller = guard.admit(credentials.credentials if credentials else None, address, scope)
        request.state.caller = caller
        return caller

    return admit


Reader = Annotated[Caller, Depends(allowed("read"))]
WriterCaller = Annotated[Caller, Depends(allowed("write"))]
