"""What people who logged in through the hub allowed programs to do in their name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import Username
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.identity import Authenticator

GRANT_SECONDS = 14 * 86_400.0
"""How long a program may go on without asking again; the hub's own tokens for services last as long by default."""

WISH_SECONDS = 15 * 60.0
"""How long somebody may take to log in and answer."""

CODE_SECONDS = 60.0
"""How long a program may take to fetch its token."""

MOST_CODES = 1_000
"""Codes that wait to be fetched; the oldest give way."""

NAME_LIMIT = 60

_MARK = "ltt-grant."
"""How our own tokens begin: no other token is ever tried to be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a program asked for, until somebody answers. ``client``: the digest of its id; ``state``: its own word."""

    client: str
    name: str
    redirect_uri: str
    explicit: bool
    challenge: str
    state: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What somebody allowed: ``hub_token`` is theirs, and proves again and again who they are."""

    wish: Wish
    hub_token: str
    may_write: bool
    may_execute: bool

    @property
    def scopes(self) -> list[str]:
        """As OAuth names them."""
        return ["read", *(["write"] if self.may_write else []), *(["execute"] if self.may_execute else [])]


class Sealed:
    """Words that only we can read and make, each for one purpose and a time: nothing of them is kept here.

    They hold over a restart, as long as our token at the hub, of which the key is made, is the same.
    """

    def __init__(self, secret: str, clock: Clock) -> None:
        key = hmac.digest(secret.encode(), b"ltt-collab grants 1", hashlib.sha256)
        self._fernet, self._clock = Fernet(base64.urlsafe_b64encode(key)), clock

    def close(self, purpose: str, what: Mapping[str, Any], seconds: float) -> str:
        """A word that holds so long."""
        body = {"for": purpose, "until": self._clock.now() + seconds, "what": what}
        return self._fernet.encrypt(json.dumps(body).encode()).decode().rstrip("=")

    def open(self, purpose: str, word: str) -> dict[str, Any] | None:
        """What is in it; None for one that is not ours, for something else, or too old."""
        try:
            body = json.loads(self._fernet.decrypt(word + "=" * (-len(word) % 4)))
        except (InvalidToken, ValueError):
            return None
        held = body["for"] == purpose and self._clock.now() < body["until"]
        return dict(body["what"]) if held else None


class Grants:
    """Wishes, the codes by which a program fetches its token, and the tokens.

    Invariants:
        1. A code works once.
        2. The hub's token of whoever allowed something leaves us only sealed.
    """

    def __init__(self, sealed: Sealed, clock: Clock) -> None:
        self.sealed, self._clock = sealed, clock
        self._codes: OrderedDict[str, tuple[float, Grant]] = OrderedDict()

    def wish(self, wish: Wish) -> str:
        """The word by which a page may show it."""
        return self.sealed.close("wish", asdict(wish), WISH_SECONDS)

    def asked(self, word: str) -> Wish | None:
        """The wish of that word, None for none that holds."""
        found = self.sealed.open("wish", word)
        return None if found is None else Wish(**found)

    def allow(self, grant: Grant) -> str:
        """A code for it."""
        code = secrets.token_urlsafe(32)
        self._codes[_digest(code)] = (self._clock.monotonic() + CODE_SECONDS, grant)
        while len(self._codes) > MOST_CODES:
            self._codes.popitem(last=False)
        return code

    def granted(self, code: str) -> tuple[float, Grant] | None:
        """What a code stands for and when it ends (monotonic), None for an unknown one; it stays until it is taken."""
        return self._codes.get(_digest(code))

    def take(self, code: str) -> str | None:
        """The token for a code, once; None when it was taken or is too old."""
        found = self._codes.pop(_digest(code), None)  # invariant 1
        if found is None or found[0] <= self._clock.monotonic():
            return None
        grant = found[1]
        what = {
            "token": grant.hub_token,
            "name": grant.wish.name,
            "write": grant.may_write,
            "execute": grant.may_execute,
        }
        return _MARK + self.sealed.close("grant", what, GRANT_SECONDS)  # invariant 2


class GrantedTokens:
    """Implements ``ports.identity.Authenticator``: a program is an agent of whoever let it in, as the hub knows them.

    A learner's sees that learner only, an instructor's the learners of their courses. It ends with its owner's login:
    when they log out of the hub, are taken out of their group, or revoke the token on the hub's page.
    """

    def __init__(self, sealed: Sealed, hub: Authenticator) -> None:
        self._sealed, self._hub = sealed, hub

    async def identify(self, token: str) -> Principal | None:
        """The agent that was let in with it.

        Raises:
            HubUnavailableError, ForbiddenError
        """
        if not token.startswith(_MARK):
            return None
        what = self._sealed.open("grant", token.removeprefix(_MARK))
        owner = None if what is None else await self._hub.identify(what["token"])
        if what is None or owner is None or owner.role not in {Role.LEARNER, Role.INSTRUCTOR}:
            return None
        return replace(
            owner,
            name=agent_name(what["name"], owner.name),
            role=Role.AGENT,
            learner=owner.name if owner.role is Role.LEARNER else None,
            may_write=what["write"],
            may_execute=what["execute"],
        )


def agent_name(program: str, owner: Username) -> Username:
    """What an agent is called in rooms and in the audit, as in ``claude-code-of-ada``."""
    plain = re.sub(r"[^a-z0-9]+", "-", program.lower()).strip("-")[:NAME_LIMIT]
    return Username(f"{plain or 'program'}-of-{owner}")


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
