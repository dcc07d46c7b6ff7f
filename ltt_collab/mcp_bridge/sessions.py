"""The sessions of older clients: which are open, whose they are, and what is remembered for each."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from http import HTTPStatus

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.requests import Request
from starlette.types import Message

from ltt_collab.mcp_bridge.catalogue import SESSION, VERSION
from ltt_collab.mcp_bridge.remembering import SessionState
from ltt_collab.model.ids import Username
from ltt_collab.ports.clock import Clock

SESSIONS_OF_ONE, SESSIONS_OF_ALL = 200, 20_000
"""Sessions that one client, and all of them, may have; a learner's agent has one or two."""

CONFIRMED_FOR = 60.0
"""Seconds that a session is taken for open after the SDK said so: far less than it keeps one that nobody uses."""


def has_sessions(request: Request) -> bool:
    """Whether the request is of a protocol version that has sessions; newer ones have none, whatever their headers."""
    version = request.headers.get(VERSION)
    return version is None or version in HANDSHAKE_PROTOCOL_VERSIONS


def session_of(request: Request) -> str:
    """The session that a request belongs to; '' for none."""
    return request.headers.get(SESSION, "") if has_sessions(request) else ""


@dataclass(slots=True)
class _Session:
    owner: Username
    confirmed: float
    state: SessionState = field(default_factory=SessionState)


class Sessions:
    """The sessions that the SDK has open, as its own answers tell.

    Invariants:
        1. A session counts only for who opened it, and as open for ``CONFIRMED_FOR`` seconds after the SDK last
           answered in it. So it also counts as used with the SDK, which ends those that nobody uses.
        2. Who has no session, or another's, is given a state that nobody else ever sees.
        3. What is forgotten first is what was used longest ago: for nobody's sake another's.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[str, _Session] = OrderedDict()
        self._of: dict[Username, OrderedDict[str, None]] = {}

    def is_open(self, session: str, owner: Username) -> bool:
        """Invariant 1."""
        known = self._known.get(session)
        return known is not None and known.owner == owner and self._clock.monotonic() - known.confirmed < CONFIRMED_FOR

    def state(self, session: str, owner: Username) -> SessionState:
        """What is remembered for the session (invariant 2)."""
        known = self._known.get(session)
        if known is None or known.owner != owner:
            return SessionState()
        self._used(session, owner)
        return known.state

    def end(self, session: str, owner: Username) -> None:
        """Its owner ends it."""
        known = self._known.get(session)
        if known is not None and known.owner == owner:
            self._forget(session)

    def surplus(self, owner: Username) -> str | None:
        """The session that its owner used longest ago, where they have too many."""
        of_owner = self._of.get(owner, OrderedDict())
        return next(iter(of_owner)) if len(of_owner) > SESSIONS_OF_ONE else None

    def answered(self, asked: str, owner: Username, message: Message) -> None:
        """Look at the head of what the SDK answers in that session, or which one it opens."""
        names = [value.decode("latin-1") for name, value in message["headers"] if name.lower() == SESSION.encode()]
        session = asked or (names[0] if names else "")
        known = self._known.get(session)
        if not session or (known is not None and known.owner != owner):
            return
        if message["status"] == HTTPStatus.NOT_FOUND:
            self._forget(session)
        elif known is not None and message["status"] >= 400:
            known.confirmed = float("-inf")
        if message["status"] >= 400:
            return
        if known is None:
            known = self._known[session] = _Session(owner, 0.0)
            while len(self._known) > SESSIONS_OF_ALL:
                self._forget(next(iter(self._known)))
        known.confirmed = self._clock.monotonic()
        self._used(session, owner)

    def _forget(self, session: str) -> None:
        known = self._known.pop(session, None)
        if known is not None:
            of_owner = self._of[known.owner]
            del of_owner[session]
            if not of_owner:
                del self._of[known.owner]

    def _used(self, session: str, owner: Username) -> None:
        """Invariant 3."""
        self._known.move_to_end(session)
        of_owner = self._of.setdefault(owner, OrderedDict())
        of_owner[session] = None
        of_owner.move_to_end(session)
