"""People log in at the hub: the authorization-code flow of OAuth, with PKCE, bound to the browser that began it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlencode

from ltt_collab.access.gatekeeper import Gatekeeper, digest_of
from ltt_collab.model.errors import HubUnavailableError
from ltt_collab.model.identity import Sight
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.hub import HubLogins
from ltt_collab.web.login import MOST, TOKEN_BYTES, CodeLogin, Session

CALLBACK = "oauth_callback"
"""Our page that the hub sends people back to, as JupyterHub's own services call theirs."""

LOGIN_SECONDS = 10 * 60.0
"""How long somebody may take to log in at the hub; JupyterHub gives its own services as much."""

AWAY_SECONDS = 10 * 60.0
"""How long a session goes on while the hub, asked whether its token still holds, does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubPlaces:
    """Where browsers reach the hub, and us; both with a trailing slash."""

    hub: str
    ours: str

    @property
    def authorize(self) -> str:
        """Where a login begins."""
        return f"{self.hub}hub/api/oauth2/authorize"

    @property
    def callback(self) -> str:
        """Where it ends."""
        return f"{self.ours}{CALLBACK}"

    @property
    def log_out(self) -> str:
        """Where somebody logs out of the hub itself."""
        return f"{self.hub}hub/logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A login under way; ``browser``: the digest of what only the browser that began it has."""

    browser: str
    verifier: str
    where: str
    expires: float


class HubLogin(CodeLogin):
    """A ``Login`` that sends people to the hub; the operator's links and tokens still let in.

    Invariants:
        1. A login ends only in the browser that began it, once: nobody is logged in as somebody else unawares.
        2. The token that the hub gave stays here. It is asked about again and again: a session ends when the hub no
           longer knows the token, and changes when the groups of its owner do.
    """

    def __init__(self, gatekeeper: Gatekeeper, clock: Clock, logins: HubLogins, places: HubPlaces) -> None:
        super().__init__(gatekeeper, clock)
        self._logins, self.places = logins, places
        self._begun: OrderedDict[str, Begun] = OrderedDict()
        self._last: OrderedDict[str, tuple[float, Sight]] = OrderedDict()

    async def send_away(self, browser: str, where: str) -> tuple[str, str]:
        """The hub's page to go to, and what the browser is to keep until it is back: ``browser`` if it has one.

        ``where``: the page of ours to be at in the end.

        Raises:
            HubUnavailableError, HubRefusedError
        """
        client = await self._logins.client()
        browser = browser or secrets.token_urlsafe(TOKEN_BYTES)
        state, verifier = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(2 * TOKEN_BYTES)
        expires = self._clock.monotonic() + LOGIN_SECONDS
        self._begun[digest_of(state)] = Begun(
            browser=digest_of(browser), verifier=verifier, where=where, expires=expires
        )
        while len(self._begun) > MOST:
            self._begun.popitem(last=False)
        query = {
            "client_id": client,
            "redirect_uri": self.places.callback,
            "response_type": "code",
            "state": state,
            "code_challenge": challenge_of(verifier),  # a hub before 6.0 ignores it
            "code_challenge_method": "S256",
        }
        return f"{self.places.authorize}?{urlencode(query)}", browser

    def where_to(self, state: str, browser: str) -> Begun | None:
        """The login that this state belongs to, taken out; None unless this browser began it, not long ago."""
        begun = self._begun.get(digest_of(state)) if state and browser else None
        if begun is None or begun.browser != digest_of(browser):
            return None
        del self._begun[digest_of(state)]  # invariant 1
        return begun if self._clock.monotonic() < begun.expires else None

    async def finish(self, begun: Begun, code: str) -> tuple[str, Session] | None:
        """A cookie's value and its session; None for a code that the hub does not know.

        Raises:
            HubUnavailableError, HubRefusedError, StoreUnavailableError
            ForbiddenError: the hub knows them, and they are in no group of ours.
        """
        token = await self._logins.redeem(code, verifier=begun.verifier, callback=self.places.callback)
        sight = None if token is None else await self._gatekeeper.admit(token)
        return None if sight is None else self.begin(sight.principal, token=token or "", by_hub=True)

    async def sight_of(self, session: Session) -> Sight | None:
        """Whom they may see now (invariant 2); while the hub is away, for a time whom they could see last."""
        if not session.token:
            return await super().sight_of(session)
        key, now = digest_of(session.token), self._clock.monotonic()
        try:
            sight = await super().sight_of(session)
        except HubUnavailableError:
            last = self._last.get(key)
            if last is None or now - last[0] > AWAY_SECONDS:
                raise
            return last[1]
        self._last.pop(key, None)
        if sight is not None:
            self._last[key] = (now, sight)
        while len(self._last) > MOST:
            self._last.popitem(last=False)
        return sight


def challenge_of(verifier: str) -> str:
    """PKCE's ``S256`` (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
