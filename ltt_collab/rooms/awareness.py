"""Who is there: y-protocols awareness without I/O and without a document.

An update is ``count, (client, clock, state as JSON text)…``. The rules are y-protocols' (awareness.js): a state
replaces an older one only if its clock is larger; ``null`` removes, also at an equal clock; who is not heard for
30 seconds is gone; everybody renews after 15. We keep no ``pycrdt.Awareness``: its heartbeat is a task per room.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ltt_collab.model.errors import ProtocolViolationError
from ltt_collab.model.ids import ClientId
from ltt_collab.rooms.varints import length_prefixed, read_length_prefixed, read_varuint, varuint

OUTDATED_AFTER = 30.0
"""Seconds without a word after which a client is gone (y-protocols' ``outdatedTimeout``)."""

RENEW_AFTER = 15.0
"""Seconds after which we say again that we are here: half of ``OUTDATED_AFTER``, as y-protocols does."""

CLOCK_CEILING = 2**32 - 2
"""The largest clock we can still outbid: y-crdt keeps clocks in 32 bits."""

CLAIM_WINDOW = 60.0
"""Seconds over which claims to our client id are counted."""

MAX_DEPTH = 32
"""Nesting of a state that we read; JupyterLab's go five deep. Deeper ones could exhaust the stack."""

_NULL = b"null"
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwarenessBounds:
    """What others may make us keep and do. Over a bound a state is dropped and counted.

    ``clients``: a lecture hall in one notebook. ``state_bytes``: JupyterLab's states take 500 bytes, an avatar
    may be a data URL. ``states_per_second``: for each client; fast typing makes 20.
    ``departed``: clients whose last clock we remember, so that an echo does not bring them back.
    ``claims``: how often others may claim our client id within a minute before we give it up.
    """

    clients: int = 256
    state_bytes: int = 64 * 1024
    states_per_second: int = 100
    departed: int = 1024
    claims: int = 8


@dataclass(frozen=True, slots=True)
class AwarenessChange:
    """What one awareness update changed; renewals without news are not listed."""

    added: tuple[ClientId, ...] = ()
    updated: tuple[ClientId, ...] = ()
    removed: tuple[ClientId, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.updated or self.removed)


NO_CHANGE = AwarenessChange()


@dataclass(slots=True)
class _Client:
    """One other client: its raw state, parsed only when somebody asks."""

    clock: int
    heard: float
    raw: bytes
    parsed: Mapping[str, Any] | None = None
    second: float = 0.0
    states_in_second: int = 0

    def state(self) -> Mapping[str, Any]:
        if self.parsed is None:
            self.parsed = _parse(self.raw)
        return self.parsed


@dataclass(slots=True)
class _Diff:
    added: list[ClientId] = field(default_factory=list)
    updated: list[ClientId] = field(default_factory=list)
    removed: list[ClientId] = field(default_factory=list)

    def done(self) -> AwarenessChange:
        if not (self.added or self.updated or self.removed):
            return NO_CHANGE
        return AwarenessChange(tuple(self.added), tuple(self.updated), tuple(self.removed))


class Awareness:
    """The states of a room's clients, ours included.

    Invariants:
        1. Our own state is changed by us only; a claim to our client id is outbid, not obeyed.
        2. A malformed update changes nothing.
        3. Memory is bounded by ``AwarenessBounds``, whatever is sent.
    """

    __slots__ = ("_bounds", "_claims", "_clients", "_departed", "_local", "_renewed", "client", "clock", "dropped",
                 "must_announce")  # fmt: skip

    def __init__(self, client: ClientId, *, bounds: AwarenessBounds | None = None) -> None:
        self.client = client
        self.clock = 0
        self.must_announce = False
        self.dropped: Counter[str] = Counter()
        self._bounds = bounds or AwarenessBounds()
        self._clients: dict[ClientId, _Client] = {}
        self._departed: dict[ClientId, int] = {}
        self._local: bytes | None = None
        self._renewed = 0.0
        self._claims: list[float] = []

    # Ours.

    def set_local(self, state: Mapping[str, Any] | None, now: float) -> bytes:
        """Replace our state (None: we are gone); returns the update to send."""
        self._local = None if state is None else json.dumps(state, separators=(",", ":"), ensure_ascii=False).encode()
        return self.renew(now)

    def renew(self, now: float) -> bytes:
        """Say our state again under a new clock; returns the update to send."""
        self.clock += 1
        self._renewed = now
        self.must_announce = False
        return b"\x01" + varuint(self.client) + varuint(self.clock) + length_prefixed(self._local or _NULL)

    def renewal_due(self, now: float) -> bool:
        """Whether others would soon take us for gone."""
        return self._local is not None and now - self._renewed >= RENEW_AFTER

    @property
    def is_identity_lost(self) -> bool:
        """Whether our client id is claimed by somebody whom we cannot outbid, or who does not stop."""
        return self.clock >= CLOCK_CEILING or len(self._claims) > self._bounds.claims

    # Others'.

    def __len__(self) -> int:
        return len(self._clients)

    def state(self, client: ClientId) -> Mapping[str, Any] | None:
        """The state of another client; None when it is not there. Hostile JSON reads as an empty state."""
        entry = self._clients.get(client)
        return entry.state() if entry is not None else None

    def states(self) -> Iterator[tuple[ClientId, Mapping[str, Any]]]:
        """The states of all other clients."""
        return ((client, entry.state()) for client, entry in self._clients.items())

    def apply(self, update: bytes, now: float) -> AwarenessChange:
        """Take in an awareness update.

        Raises:
            ProtocolViolationError: it cannot be read, or lists more clients than a room may have.
        """
        count, at = read_varuint(update, 0)
        if count > self._bounds.clients + self._bounds.departed:
            raise ProtocolViolationError(f"an awareness update of {count} clients")
        entries = []
        for _ in range(count):
            client, at = read_varuint(update, at)
            clock, at = read_varuint(update, at)
            raw, at = read_length_prefixed(update, at)
            entries.append((ClientId(client), clock, raw))
        diff = _Diff()
        for client, clock, raw in entries:  # only now, when all of it could be read (invariant 2)
            if client == self.client:
                self._claimed(clock, raw, now)
            elif _is_null(raw):
                self._remove(client, clock, diff)
            else:
                self._update(client, clock, raw, now, diff)
        return diff.done()

    def expire(self, now: float) -> AwarenessChange:
        """Remove who has not been heard for ``OUTDATED_AFTER``."""
        stale = [client for client, entry in self._clients.items() if now - entry.heard >= OUTDATED_AFTER]
        for client in stale:
            self._depart(client, self._clients.pop(client).clock)
        return AwarenessChange(removed=tuple(stale)) if stale else NO_CHANGE

    def excuse(self, seconds: float) -> None:
        """Do not hold against others a time in which we ourselves did not listen."""
        for entry in self._clients.values():
            entry.heard += seconds

    # Within.

    def _claimed(self, clock: int, raw: bytes, now: float) -> None:
        # The server sends our own updates back to us: an equal clock is an echo, unless it says that we are gone.
        if clock > self.clock or (clock == self.clock and self._local is not None and _is_null(raw)):
            self.clock = clock
            if self._local is not None:
                self.must_announce = True
                recent = [at for at in self._claims if now - at < CLAIM_WINDOW]
                self._claims = [*recent[-self._bounds.claims :], now]
                self.dropped["claims to our client id"] += 1

    def _remove(self, client: ClientId, clock: int, diff: _Diff) -> None:
        entry = self._clients.get(client)
        if entry is not None:
            if clock >= entry.clock:
                del self._clients[client]
                self._depart(client, clock)
                diff.removed.append(client)
        elif clock > self._departed.get(client, 0):
            self._depart(client, clock)

    def _update(self, client: ClientId, clock: int, raw: bytes, now: float, diff: _Diff) -> None:
        entry = self._clients.get(client)
        if clock <= (entry.clock if entry is not None else self._departed.get(client, 0)):
            return
        if len(raw) > self._bounds.state_bytes:
            self.dropped["states too large"] += 1
        elif entry is None:
            if len(self._clients) >= self._bounds.clients:
                self.dropped["clients too many"] += 1
                return
            self._departed.pop(client, None)
            self._clients[client] = _Client(clock, now, raw, second=now, states_in_second=1)
            diff.added.append(client)
        elif self._may_speak(entry, now):
            entry.clock, entry.heard = clock, now
            if raw != entry.raw:
                entry.raw, entry.parsed = raw, None
                diff.updated.append(client)

    def _may_speak(self, entry: _Client, now: float) -> bool:
        if now - entry.second >= 1.0:
            entry.second, entry.states_in_second = now, 0
        entry.states_in_second += 1
        if entry.states_in_second > self._bounds.states_per_second:
            self.dropped["states too fast"] += 1
            return False
        return True

    def _depart(self, client: ClientId, clock: int) -> None:
        self._departed.pop(client, None)
        self._departed[client] = clock
        if len(self._departed) > self._bounds.departed:
            del self._departed[next(iter(self._departed))]


def _is_null(raw: bytes) -> bool:
    return raw == _NULL or (raw[:1] != b"{" and raw.strip() == _NULL)


def _parse(raw: bytes) -> Mapping[str, Any]:
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
        return {}
    try:
        state = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return state if isinstance(state, dict) else {}


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for byte in _STRING.sub(b"", raw):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
