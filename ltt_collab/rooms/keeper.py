"""Keeps one room joined: opens, dials, waits for sync, and joins again with a new replica when it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

from ltt_collab.model.edits import RoomState
from ltt_collab.model.errors import RoomClosedError, RoomError
from ltt_collab.model.ids import ClientId, Username
from ltt_collab.model.presence import Selection, User
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.rooms import RoomServer, Session
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.rooms.listener import RoomListener
from ltt_collab.rooms.local_state import document_state
from ltt_collab.rooms.options import ProviderOptions
from ltt_collab.rooms.presence import Describe, PresenceEvent
from ltt_collab.rooms.protocol import DEFAULT_FRAME_CAP, Replica
from ltt_collab.rooms.provider import Provider
from ltt_collab.rooms.reconnect import GiveUp, NewSession, ReconnectPolicy, Retry

FORMER_CLIENTS = 8
"""Client ids of lost connections that we still know as ours: others show them for 30 s, and we rejoin less often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTarget:
    """A file's room; the path is where the file lies now. ``describe``: how we show ourselves there."""

    path: str
    format: str
    type: str
    describe: Describe = document_state


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTarget:
    """A room without a file, such as ``JupyterLab:globalAwareness``: no session is asked for."""

    room: str
    describe: Describe = document_state


Target = DocumentTarget | RawTarget


class RoomTenant(RoomListener, Protocol):
    """Who lives in the room. Order: ``connected``, ``synced`` (then ``rejoined``), …, ``closed``, and again."""

    def target(self) -> Target:
        """What to join; asked at every new session, because files are renamed."""
        ...

    def new_replica(self) -> Replica:
        """A fresh, empty replica; the former one is to be forgotten: the room may have been rebuilt without it."""
        ...

    def connected(self, provider: Provider) -> None:
        """The provider for the coming connection; nothing was sent or received yet."""
        ...

    def rejoined(self) -> None:
        """The replica is up to date, and it is another one than before: read the document anew."""
        ...

    def state_changed(self, state: RoomState, reason: str) -> None:
        """The room's state; LIVE only while the replica is known to be up to date."""
        ...

    def resolve(self, cursor: Mapping[str, Any]) -> Selection | None:
        """A cursor of awareness in the present replica's terms."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """How we join the rooms of one server. ``random`` gives numbers from 0 to 1 for the jitter.

    ``owner``: whose server it is, where that is known: every human in its rooms is taken for them.
    """

    server: RoomServer
    user: User
    clock: Clock
    heartbeat: Heartbeat
    random: Callable[[], float]
    read_only: bool = False
    frame_cap: int = DEFAULT_FRAME_CAP
    owner: Username | None = None


async def keep_connected(membership: Membership, tenant: RoomTenant) -> GiveUp:
    """Keep the tenant's room joined until the policy gives up; the answer says why.

    Cancelling it leaves the room with a goodbye.
    """
    return await _Keeper(membership, tenant).run()


class _Keeper:
    """The loop behind ``keep_connected``, and the listener between provider and tenant.

    Invariants:
        1. LIVE is said at ``synced`` and taken back in the same callback that brings ``stale`` or ``closed``.
        2. Every connection has a replica of its own.
        3. However the loop ends, no channel stays open and no room stays in the heartbeat.
    """

    def __init__(self, membership: Membership, tenant: RoomTenant) -> None:
        self._membership = membership
        self._tenant = tenant
        self._policy = ReconnectPolicy(membership.random)
        self._session: Session | None = None
        self._former: deque[ClientId] = deque(maxlen=FORMER_CLIENTS)
        self._farewells: deque[bytes] = deque(maxlen=FORMER_CLIENTS)
        self._state: RoomState | None = None
        self._was_live = False
        self._is_new = False
        self._leaving = False
        self._synced_at: float | None = None

    async def run(self) -> GiveUp:
        self._become(RoomState.JOINING, "joining")
        left = "we left"
        try:
            while True:
                error, lived = await self._live_once()
                decision = self._policy.decide(error, lived=lived)
                match decision:
                    case GiveUp(reason=left):
                        return decision
                    case NewSession(after=after):
                        self._session = None
                    case Retry(after=after):
                        pass
                    case _:
                        assert_never(decision)
                self._waiting(f"{error}; next attempt in {after:.1f} s")
                await self._membership.clock.sleep(after)
        finally:
            self._become(RoomState.LEFT, left)

    async def _live_once(self) -> tuple[RoomError, float]:
        """One connection, from session to end: why it ended, and how many seconds it was in sync."""
        clock, heartbeat = self._membership.clock, self._membership.heartbeat
        self._synced_at, provider = None, None
        try:
            target = self._tenant.target()
            room, session_id = await self._room(target)
            provider = self._new_provider(target)
            provider.attach(await self._membership.server.dial(room, session_id, provider))
            heartbeat.add(provider)
            await provider.wait_closed()
        except RoomError as error:
            if provider is not None:
                provider.end(error)
            return error, 0.0
        finally:
            if provider is not None:  # invariant 3
                heartbeat.discard(provider)
                if provider.ending is None:
                    self._leaving = True
                    await provider.leave()
                elif (farewell := provider.farewell()) is not None:
                    self._farewells.append(farewell)
        lived = 0.0 if self._synced_at is None else clock.monotonic() - self._synced_at
        return provider.ending or RoomClosedError(None, ""), lived

    async def _room(self, target: Target) -> tuple[str, str | None]:
        match target:
            case RawTarget(room=room):
                return room, None
            case DocumentTarget(path=path, format=format, type=type):
                if self._session is None:
                    self._session = await self._membership.server.open_session(path, format=format, type=type)
                return str(self._session.address), self._session.session_id
            case _:
                assert_never(target)

    def _new_provider(self, target: Target) -> Provider:
        replica = self._tenant.new_replica()  # invariant 2
        options = ProviderOptions(
            read_only=self._membership.read_only,
            frame_cap=self._membership.frame_cap,
            former=tuple(self._former),
            farewells=tuple(self._farewells),
            resolve=self._tenant.resolve,
            describe=target.describe,
            owner=self._membership.owner,
        )
        clock = self._membership.clock
        provider = Provider(replica, self._membership.user, listener=self, clock=clock, options=options)
        self._former.append(provider.client)
        self._is_new = True
        self._tenant.connected(provider)
        return provider

    # What the provider says.

    def synced(self) -> None:
        """Tell the tenant, first that the room is live."""
        is_rejoin = self._was_live and self._is_new
        self._was_live, self._is_new = True, False
        if self._synced_at is None:
            self._synced_at = self._membership.clock.monotonic()
        self._become(RoomState.LIVE, "up to date")
        self._tenant.synced()
        if is_rejoin:
            self._tenant.rejoined()

    def stale(self, reason: str) -> None:
        """Take LIVE back (invariant 1)."""
        self._waiting(reason)
        self._tenant.stale(reason)

    def closed(self, error: RoomError) -> None:
        """Take LIVE back (invariant 1); whoever leaves on purpose is not reconnecting."""
        if self._leaving:
            self._become(RoomState.LEFT, "we left")
        else:
            self._waiting(str(error))
        self._tenant.closed(error)

    def presence_changed(self, event: PresenceEvent) -> None:
        """Pass it on."""
        self._tenant.presence_changed(event)

    def server_said(self, message: Mapping[str, Any]) -> None:
        """Pass it on."""
        self._tenant.server_said(message)

    def _waiting(self, reason: str) -> None:
        self._become(RoomState.RECONNECTING if self._was_live else RoomState.JOINING, reason)

    def _become(self, state: RoomState, reason: str) -> None:
        if state is not self._state:
            self._state = state
            self._tenant.state_changed(state, reason)
