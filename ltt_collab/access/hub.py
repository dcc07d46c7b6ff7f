"""Who is at the door, as a JupyterHub knows them: its groups say what they are to us."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from ltt_collab.model.errors import ForbiddenError, HubRefusedError
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import CourseId
from ltt_collab.ports.hub import Hub, HubIdentity

ACCESS = "access:services"
"""The scope by which a token may be shown to services; a token that a server gets for itself has it not."""


MOST_QUESTIONS = 4
"""Tokens that the hub is asked about at once: whoever guesses tokens waits for themselves, and not the sweeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubGroups:
    """Names of groups at the hub: ``instructors`` teach every course, ``{instructors}-{course}`` that one."""

    learners: str = "learners"
    instructors: str = "instructors"


class HubAuthenticator:
    """Implements ``ports.identity.Authenticator``; the gatekeeper remembers the answers.

    Invariants:
        1. Whoever is in none of the groups is known, and may do nothing.
        2. A token that was not made for services gives its owner no more than a learner's rights: an instructor's
           server holds such a token, and runs what learners wrote.
    """

    def __init__(self, hub: Hub, groups: HubGroups) -> None:
        self._hub, self._groups = hub, groups
        self._us = ""
        self._limit = anyio.CapacityLimiter(MOST_QUESTIONS)

    async def identify(self, token: str) -> Principal | None:
        """Whom the hub gave that token; None when it knows none.

        Raises:
            HubUnavailableError: it cannot be told now.
            ForbiddenError: the hub knows them, and they are in no group of ours.
        """
        async with self._limit:
            who = await self._hub.identify(token)
        if who is None:
            return None
        if who.kind != "user":
            return await self._service(who)
        courses = self._taught(who)
        if courses != frozenset() and await self._is_for_services(who):
            return Principal(name=who.name, role=Role.INSTRUCTOR, courses=courses)
        if courses != frozenset() or self._groups.learners in who.groups:
            return Principal(name=who.name, role=Role.LEARNER)  # invariant 2
        groups = f"{self._groups.learners!r} or {self._groups.instructors!r}"
        raise ForbiddenError("use the tutor's service", f"{who.name} is not in the hub's group {groups}")  # invariant 1

    async def _service(self, who: HubIdentity) -> Principal:
        if who.name == await self._own_name():
            return Principal(name=who.name, role=Role.SERVICE)
        raise ForbiddenError("use the tutor's service", "another service needs a token of ours: POST /api/v1/tokens")

    def _taught(self, who: HubIdentity) -> frozenset[CourseId] | None:
        """The courses that they teach: None for all, an empty set for none."""
        if self._groups.instructors in who.groups:
            return None
        prefix = f"{self._groups.instructors}-"
        return frozenset(CourseId(group.removeprefix(prefix)) for group in who.groups if group.startswith(prefix))

    async def _is_for_services(self, who: HubIdentity) -> bool:
        if ACCESS in who.scopes:
            return True
        return f"{ACCESS}!service={await self._own_name()}" in who.scopes

    async def _own_name(self) -> str:
        if not self._us:
            try:
                self._us = (await self._hub.identify_us()).name
            except HubRefusedError:
                return ""  # our own token is not accepted: then nobody is one of us
        return self._us
