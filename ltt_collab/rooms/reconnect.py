"""What to do when a room ends: the pure policy. ``keeper`` carries it out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from ltt_collab.model.errors import (
    ProtocolViolationError,
    RoomClosedError,
    RoomError,
    RoomRefusedError,
)

BASE = 0.5
"""Seconds: the upper end of the first wait. A proxy's hiccup is over by then."""

CAP = 30.0
"""Seconds: the upper end of every later wait; a server that comes back is rejoined within that."""

STABLE_AFTER = 60.0
"""Seconds of life after which a room's earlier failures are forgotten."""

TOKEN_ATTEMPTS = 4
"""Refusals of our token in a row that we bear, each followed by a wait of up to ``CAP``: a hub may be renewing it."""

VIOLATION_ATTEMPTS = 5
"""Rooms in a row left for a violation or a failure of ours before we stay away."""

GONE_CODES = {
    4404: "the file is gone",
    4400: "the server cannot open this file in that form",
    4002: "the file was deleted",  # jupyter-server-documents
    1009: "a message is larger than we take",
}
"""Close codes after which the same room will never work again; a new sighting of the file starts anew."""

NEW_SESSION_CODES = frozenset({1003, 4500, 4001})
"""Close codes that end the session: unknown or initialised badly, server error, file moved (server-documents)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Dial again with the same session, after so many seconds."""

    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """Ask for a new session and dial, after so many seconds."""

    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Stay away; ``reason`` is a sentence for people."""

    reason: str


Decision = Retry | NewSession | GiveUp


class ReconnectPolicy:
    """Decides after each end of one room what comes next.

    Waits are jittered over their whole range ("full jitter"), so that a thousand rooms of one restarted server do
    not come back at once; only a session that the server has forgotten is renewed at once, and only once in a row.

    Invariants:
        1. A session is renewed at once only once in a row, however long or short the room lived in between,
           unless that was a stable minute.
        2. No wait is longer than ``CAP``.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0
        self._token_refusals = 0
        self._violations = 0
        self._renewed_at_once = False

    def decide(self, error: RoomError, *, lived: float) -> Decision:
        """What to do now that a room ended with ``error`` after ``lived`` seconds in sync (0: never synced)."""
        if lived >= STABLE_AFTER:
            self._failures = self._token_refusals = self._violations = 0
            self._renewed_at_once = False
        elif lived > 0:
            self._token_refusals = 0
        self._failures += 1
        match error:
            case RoomClosedError(code=code, reason=reason) if code is not None:
                return self._closed(code, reason, error)
            case RoomClosedError() if error.__cause__ is not None:
                return self._violated(error)  # a failure of ours, perhaps over what this room holds
            case RoomRefusedError(status=status):
                return self._refused(status, error)
            case ProtocolViolationError():
                return self._violated(error)
            case _:
                return Retry(after=self._wait())

    def _closed(self, code: int, reason: str, error: RoomError) -> Decision:
        if code in GONE_CODES:
            return GiveUp(reason=f"{GONE_CODES[code]} ({error})")
        if code in NEW_SESSION_CODES:
            at_once = _is_forgotten(code, reason) and not self._renewed_at_once  # invariant 1
            self._renewed_at_once |= at_once
            return NewSession(after=0.0 if at_once else self._wait())
        return NewSession(after=self._wait())  # a server that goes away (1001) may come back as another

    def _refused(self, status: int, error: RoomError) -> Decision:
        if status in (401, 403):
            self._token_refusals += 1
            if self._token_refusals >= TOKEN_ATTEMPTS:
                return GiveUp(reason=str(error))
            return NewSession(after=self._wait(at_least=CAP / 2))
        if status == 408 or status >= 500:
            return NewSession(after=self._wait())  # 500 over a WebSocket: the file id is unknown to a new server
        # A redirect is what a hub answers for a stopped server; any other 4xx will be the same next time.
        return GiveUp(reason=str(error))

    def _violated(self, error: RoomError) -> Decision:
        self._violations += 1
        if self._violations >= VIOLATION_ATTEMPTS:
            return GiveUp(reason=f"left {self._violations} times in a row: {error}")
        return NewSession(after=self._wait())

    def _wait(self, *, at_least: float = 0.0) -> float:
        longest = min(CAP, BASE * 2.0 ** min(self._failures - 1, 16))
        return max(at_least, self._random() * longest)


def _is_forgotten(code: int, reason: str) -> bool:
    """Whether the server only wants a new session: ``{"reason": "unknown_session", "reloadable": true}``."""
    if code != 1003:
        return code == 4001
    try:
        said = json.loads(reason)
    except (ValueError, RecursionError):
        return False  # a close frame holds 123 bytes: a long reason may be cut off
    return isinstance(said, dict) and said.get("reloadable") is True
