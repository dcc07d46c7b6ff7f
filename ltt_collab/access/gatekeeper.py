"""Who is at the door: the service's own token, tokens that it issued, and whoever else can vouch for one."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from pydantic import SecretStr

from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.model.ids import Username
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.identity import Authenticator, TokenStore
from ltt_collab.ports.learning import CourseRole, EnrolmentStore

KNOWN_SECONDS = 10.0
"""How long an answer about a token is taken for true: a revoked one opens nothing new after that time."""

KNOWN_TOKENS = 10_000
"""Tokens whose answer is remembered, unknown ones included: guessing costs the database nothing more."""

OPERATOR = Username("service")


def digest_of(token: str) -> str:
    """What of a token is kept: its SHA-256 in hex. Tokens are random, so that they need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


class ServiceToken:
    """The one token of the settings, which may do everything.

    Raises:
        InvalidSettingError: it is empty, which would let everybody in.
    """

    def __init__(
        self,
        token: SecretStr,
        clock: Clock | None = None,
        read: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        """``read``: reads the token again from where it stands, asked at most every ``KNOWN_SECONDS`` of ``clock``."""
        if not token.get_secret_value():
            raise InvalidSettingError("LTT_API_TOKEN", "", "set a token, or leave it unset and take the generated one")
        self._expected = token.get_secret_value().encode()
        self._clock, self._read = clock, read
        self._read_at = 0.0 if clock is None else clock.monotonic()

    async def identify(self, token: str) -> Principal | None:
        """The operator, or nobody."""
        await self._look_again()
        known = hmac.compare_digest(token.encode(), self._expected)
        return Principal(name=OPERATOR, role=Role.SERVICE) if known else None

    async def _look_again(self) -> None:
        if self._clock is None or self._read is None or self._clock.monotonic() - self._read_at < KNOWN_SECONDS:
            return
        self._read_at = self._clock.monotonic()
        # Half a file, or none, is no reason to shut the operator out: the last token goes on to hold.
        with suppress(InvalidSettingError):
            self._expected = (await self._read()).encode()


class IssuedTokens:
    """Tokens that the operator issued, kept in the store."""

    def __init__(self, tokens: TokenStore, clock: Clock) -> None:
        self._tokens, self._clock = tokens, clock

    async def identify(self, token: str) -> Principal | None:
        """Whom it was issued to; None when it is unknown, expired or revoked.

        Raises:
            StoreUnavailableError
        """
        record = await self._tokens.find(digest_of(token))
        if record is None or record.revoked is not None:
            return None
        return None if record.expires is not None and record.expires <= self._clock.now() else record.principal


class Gatekeeper:
    """Admits who can be identified, and tells whom they may see.

    Invariants:
        1. An answer is remembered for ``KNOWN_SECONDS``, under the token's digest, never under the token.
    """

    def __init__(
        self, authenticators: Sequence[Authenticator], clock: Clock, enrolments: EnrolmentStore | None = None
    ) -> None:
        """``enrolments`` None: nobody is enrolled anywhere."""
        self._authenticators, self._clock, self._enrolments = authenticators, clock, enrolments
        self._known: OrderedDict[str, tuple[float, Sight | None]] = OrderedDict()

    async def admit(self, token: str) -> Sight | None:
        """Whom they may see; None for a token that nobody vouches for.

        Raises:
            StoreUnavailableError
        """
        digest, now = digest_of(token), self._clock.monotonic()
        known = self._known.get(digest)
        if known is not None and now < known[0]:
            return known[1]
        sight = await self._look_up(token)
        self._known[digest] = (now + KNOWN_SECONDS, sight)  # invariant 1
        self._known.move_to_end(digest)
        while len(self._known) > KNOWN_TOKENS:
            self._known.popitem(last=False)
        return sight

    async def sight_of(self, principal: Principal) -> Sight:
        """Whom somebody may see who is known already: by a login of the pages.

        Raises:
            StoreUnavailableError
        """
        return Sight(principal=principal, taught=await self._taught(principal))

    def forget(self) -> None:
        """Ask anew about every token: one was revoked, or somebody was enrolled."""
        self._known.clear()

    async def _look_up(self, token: str) -> Sight | None:
        for authenticator in self._authenticators:
            principal = await authenticator.identify(token)
            if principal is not None:
                return await self.sight_of(principal)
        return None

    async def _taught(self, principal: Principal) -> frozenset[Username]:
        if self._enrolments is None or principal.role not in {Role.INSTRUCTOR, Role.AGENT} or not principal.courses:
            return frozenset()
        people = [each for course in principal.courses for each in await self._enrolments.of_course(course)]
        return frozenset(each.username for each in people if each.role is CourseRole.LEARNER)
