"""Who looks at the pages: sessions, and the one-time codes and tokens that begin them; `hub_login` adds a hub."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import Request

from ltt_collab.access.gatekeeper import Gatekeeper, digest_of
from ltt_collab.model.identity import Principal, Sight
from ltt_collab.ports.clock import Clock

CODE_SECONDS = 15 * 60.0
"""How long a printed link works, if nobody has used it before: time to start the demo and find the terminal again."""

SESSION_SECONDS = 12 * 3600.0
"""How long somebody stays logged in: a day's teaching."""

MOST = 10_000
"""Codes, and sessions, that are kept; the oldest give way."""

TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody logged in until ``expires`` (on the clock's monotonic scale).

    ``token``: what they showed to get in, '' for a one-time code. ``owner``: whether they came by a link that the
    operator printed, who thereby lends them the Jupyter server's own login. ``by_hub``: ``token`` is the hub's.
    """

    principal: Principal
    csrf: str
    expires: float
    token: str = field(default="", repr=False)
    owner: bool = False
    by_hub: bool = False


class Login(Protocol):
    """Who looks, by the cookie of a session."""

    async def session_of(self, request: Request) -> Session | None:
        """The session that the request's cookie names; None without one that holds.

        Raises:
            StoreUnavailableError
        """
        ...

    async def sight_of(self, session: Session) -> Sight | None:
        """Whom they may see now; None when they may not come in any more.

        Raises:
            StoreUnavailableError, HubUnavailableError
            ForbiddenError: they are known, and may do nothing here.
        """
        ...


class CodeLogin:
    """Implements ``Login`` with one-time codes, and with tokens that the gatekeeper knows.

    Invariants:
        1. A code works once, and not after ``CODE_SECONDS``.
        2. Codes and cookies are kept as digests: what leaks from memory opens nothing.
        3. A session that came of a token ends when the gatekeeper no longer knows the token.
    """

    def __init__(self, gatekeeper: Gatekeeper, clock: Clock) -> None:
        self._gatekeeper, self._clock = gatekeeper, clock
        self._codes: OrderedDict[str, tuple[float, Principal]] = OrderedDict()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def issue(self, principal: Principal) -> str:
        """A new one-time code for that person."""
        code = secrets.token_urlsafe(TOKEN_BYTES)
        self._codes[digest_of(code)] = (self._clock.monotonic() + CODE_SECONDS, principal)
        while len(self._codes) > MOST:
            self._codes.popitem(last=False)
        return code

    def redeem(self, code: str) -> tuple[str, Session] | None:
        """A cookie's value and its session, for a code that holds; None for any other."""
        found = self._codes.pop(digest_of(code), None)  # invariant 1
        if found is None or found[0] <= self._clock.monotonic():
            return None
        return self.begin(found[1], owner=True)

    async def admit(self, token: str) -> tuple[str, Session] | None:
        """The same for a token of the API; None when nobody vouches for it.

        Raises:
            StoreUnavailableError
        """
        sight = await self._gatekeeper.admit(token)
        return None if sight is None else self.begin(sight.principal, token=token)

    def end(self, cookie: str) -> None:
        """Log out."""
        self._sessions.pop(digest_of(cookie), None)

    # Login

    async def session_of(self, request: Request) -> Session | None:
        """The session that the request's cookie names; None without one that holds."""
        cookie = request.cookies.get(cookie_name(request), "")
        session = self._sessions.get(digest_of(cookie)) if cookie else None
        return session if session is not None and self._clock.monotonic() < session.expires else None

    async def sight_of(self, session: Session) -> Sight | None:
        """Whom they may see now."""
        if session.token:
            return await self._gatekeeper.admit(session.token)  # invariant 3
        return await self._gatekeeper.sight_of(session.principal)

    def begin(
        self, principal: Principal, *, token: str = "", owner: bool = False, by_hub: bool = False
    ) -> tuple[str, Session]:
        """A new session of somebody who has proved who they are, and its cookie's value."""
        cookie = secrets.token_urlsafe(TOKEN_BYTES)
        expires = self._clock.monotonic() + SESSION_SECONDS
        csrf = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(principal=principal, csrf=csrf, expires=expires, token=token, owner=owner, by_hub=by_hub)
        self._sessions[digest_of(cookie)] = session  # invariant 2
        while len(self._sessions) > MOST:
            self._sessions.popitem(last=False)
        return cookie, session


def cookie_name(request: Request) -> str:
    """The session cookie's name: browsers give one host's cookies to all its ports, so that each has its own name."""
    return f"ltt-session-{request.url.port or request.url.scheme}"
