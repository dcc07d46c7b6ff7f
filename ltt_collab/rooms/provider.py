"""The sync loop of one document over one channel: no task, only callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

import anyio

from ltt_collab.model.errors import ProtocolViolationError, RoomClosedError, RoomError, RoomUnreachableError
from ltt_collab.model.ids import ClientId
from ltt_collab.model.presence import User
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.rooms import Channel, ChannelClosed
from ltt_collab.rooms.awareness import Awareness, AwarenessChange
from ltt_collab.rooms.heartbeat import SILENT_AFTER, SYNC_LIMIT, Due, Pulse
from ltt_collab.rooms.listener import RoomListener
from ltt_collab.rooms.options import ProviderOptions
from ltt_collab.rooms.patience import Patience
from ltt_collab.rooms.presence import RoomPresence
from ltt_collab.rooms.protocol import (
    AwarenessReceived,
    FrameRefused,
    ProtocolEvent,
    Replica,
    RoomProtocol,
    ServerSaid,
    Synced,
    SyncLost,
)
from ltt_collab.rooms.sending import Sender

GOODBYE = 1.0
"""Seconds for the last words: a loopback needs 2 ms, a hub's proxy 10, and nobody waits longer for a tutor to go."""

CLOSE_NORMAL, CLOSE_FAILED = 1000, 4000
"""RFC 6455, 7.4.2: 4000-4999 are for applications. The reason beside the code says the rest."""


class Provider:
    """One document over one channel; implements ``ports.rooms.ChannelListener`` and ``heartbeat.Beating``.

    Invariants:
        1. Nothing raised by what a frame brings escapes ``frame_received``: it ends this room with a clear reason.
        2. ``listener.closed`` comes exactly once, and nothing after it.
    """

    __slots__ = ("_awareness", "_clock", "_closed", "_ending", "_farewells", "_hung_up", "_listener", "_patience",
                 "_presence", "_protocol", "_pulse", "_sender", "_settled")  # fmt: skip

    def __init__(
        self, replica: Replica, user: User, *, listener: RoomListener, clock: Clock, options: ProviderOptions
    ) -> None:
        self._protocol = RoomProtocol(replica, read_only=options.read_only, frame_cap=options.frame_cap)
        self._awareness = Awareness(replica.client_id, bounds=options.bounds)
        self._presence = RoomPresence(
            self._awareness,
            user,
            self._publish,
            resolve=options.resolve,
            describe=options.describe,
            former=options.former,
            owner=options.owner,
        )
        self._farewells = tuple(options.farewells)
        self._listener = listener
        self._clock = clock
        self._pulse = Pulse(since=clock.monotonic())
        self._ending: RoomError | None = None
        self._closed = anyio.Event()
        self._settled = anyio.Event()
        self._hung_up = anyio.Event()
        self._sender = Sender(self._protocol, self.end)
        self._patience = Patience()

    # What the owner asks.

    @property
    def presence(self) -> RoomPresence:
        """Who is here, and how we show ourselves."""
        return self._presence

    @property
    def client(self) -> ClientId:
        """Our client id in this room."""
        return self._awareness.client

    @property
    def read_only(self) -> bool:
        """Whether we may not write here."""
        return self._protocol.read_only

    @property
    def is_synced(self) -> bool:
        """Whether the replica is up to date and the room open."""
        return self._protocol.is_synced and self._ending is None

    @property
    def ending(self) -> RoomError | None:
        """Why the room is over; None while it is not."""
        return self._ending

    @property
    def refused(self) -> Mapping[str, int]:
        """What was refused so far, counted by kind."""
        return {"frames": self._protocol.refused, **self._awareness.dropped}

    async def wait_settled(self) -> None:
        """Return once the room is synced, or over."""
        await self._settled.wait()

    async def wait_closed(self) -> None:
        """Return once the room is over."""
        await self._closed.wait()

    # What the owner does.

    def attach(self, channel: Channel) -> None:
        """Begin to speak over a channel that was dialled with this provider as its listener."""
        if self._ending is not None:
            channel.close(CLOSE_NORMAL, "left")
            return
        self._presence.refresh()  # while there is no channel this only makes our state
        self._sender.channel = channel
        self._pulse.since = self._clock.monotonic()
        self._protocol.start()
        for farewell in self._farewells:
            self._protocol.send_awareness(farewell)
        self._sender.send_presence(self._awareness.renew(self._pulse.since))

    def farewell(self) -> bytes | None:
        """The goodbye that a lost connection owes the room, else our caret is shown there for half a minute more."""
        return None if self._sender.channel is None else self._awareness.set_local(None, self._clock.monotonic())

    def send_update(self, update: bytes) -> None:
        """Send a change of ours to the room; dropped once the room is over (a later join has a new replica).

        Raises:
            RoomReadOnlyError: this room is joined read-only.
        """
        if self._ending is None:
            self._protocol.send_update(update)
            self._sender.flush()

    def ask_to_save(self) -> None:
        """Ask the room's server to save the document now; it does so unless nothing has changed."""
        if self._ending is None and self._sender.channel is not None:
            self._protocol.send_save_request()
            self._sender.flush()

    async def leave(self, reason: str = "left") -> None:
        """Say goodbye, so that our name vanishes at once, and close; returns within ``GOODBYE`` seconds."""
        with anyio.move_on_after(GOODBYE, shield=True):
            if self._ending is None and self._sender.channel is not None:
                self._protocol.send_awareness(self._awareness.set_local(None, self._clock.monotonic()))
                self._sender.flush()
            self.end(RoomClosedError(CLOSE_NORMAL, reason), CLOSE_NORMAL)
            if self._sender.channel is not None:
                await self._hung_up.wait()

    def end(self, error: RoomError, code: int = CLOSE_FAILED) -> None:
        """Close the room for that reason; does nothing when it is over already."""
        if self._ending is not None:  # invariant 2
            return
        self._ending = error
        if self._sender.channel is not None:
            self._sender.channel.close(code, str(error))
        self._settled.set()
        self._closed.set()
        self._listener.closed(error)

    # What the channel brings.

    def frame_received(self, frame: bytes) -> None:
        """Take in one message."""
        if self._ending is not None:
            return
        protocol = self._protocol
        try:
            for event in protocol.receive_frame(frame):
                self._handle(event)
            if protocol.outgoing:
                self._sender.flush()
        except (KeyboardInterrupt, SystemExit):
            raise
        except RoomError as error:
            self.end(error)
        # The one boundary of this door. A panic of pycrdt is a BaseException, and picows would log and go on.
        except BaseException as error:  # noqa: BLE001
            self._crash(error)

    def channel_closed(self, closed: ChannelClosed) -> None:
        """Learn that the channel is gone."""
        self._hung_up.set()
        self.end(RoomClosedError(closed.code, closed.reason))

    # What the heartbeat brings.

    def beat(self, now: float) -> None:
        """Do what is due."""
        channel = self._sender.channel
        if self._ending is not None or channel is None:
            return
        try:
            for due in self._pulse.due(
                now,
                last_heard=channel.last_heard,
                is_synced=self._protocol.is_synced,
                renewal_due=self._sender.owes_presence or self._awareness.renewal_due(now),
            ):
                self._do(due, channel, now)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - one room's bug must not stop the timer of all others
            self._crash(error)

    def excuse(self, now: float, seconds: float) -> None:
        """Forgive the silence of the last ``seconds``: it was ours."""
        self._pulse.excuse(now)
        self._awareness.excuse(seconds)

    # Within.

    def _do(self, due: Due, channel: Channel, now: float) -> None:
        match due:
            case Due.PING:
                channel.ping()
            case Due.RENEW:
                self._sender.send_presence(self._awareness.renew(now))
            case Due.EXPIRE:
                self._tell(self._awareness.expire(now))
            case Due.DECLARE_SILENT:
                self.end(RoomClosedError(None, f"no sign of life for {SILENT_AFTER:g} s"))
            case Due.DECLARE_UNSYNCED:
                self.end(RoomUnreachableError("the room", f"it did not bring us up to date within {SYNC_LIMIT:g} s"))
            case _:
                assert_never(due)

    def _handle(self, event: ProtocolEvent) -> None:
        match event:
            case AwarenessReceived(payload):
                self._awareness_received(payload)
            case Synced():
                self._settled.set()
                self._listener.synced()
            case SyncLost(what=what):
                self._pulse.since = self._clock.monotonic()
                self._listener.stale(what)
                self._violated(what)
            case ServerSaid(message=message):
                self._listener.server_said(message)
            case FrameRefused(what=what):
                self._violated(what)
            case _:
                assert_never(event)

    def _awareness_received(self, payload: bytes) -> None:
        now = self._clock.monotonic()
        try:
            change = self._awareness.apply(payload, now)
        except ProtocolViolationError as error:
            self._protocol.refused += 1
            self._violated(error.what)
            return
        if change:
            self._tell(change)
        if self._awareness.must_announce:
            if self._awareness.is_identity_lost:
                raise ProtocolViolationError("another participant uses our client id; joining again under a new one")
            self._sender.send_presence(self._awareness.renew(now))

    def _tell(self, change: AwarenessChange) -> None:
        for event in self._presence.changed(change):
            if self._ending is None:  # invariant 2: the listener may end the room
                self._listener.presence_changed(event)

    def _violated(self, what: str) -> None:
        self._patience.spend(what, self._clock.monotonic())

    def _publish(self, state: Mapping[str, Any]) -> None:
        payload = self._awareness.set_local(state, self._clock.monotonic())
        if self._sender.channel is not None and self._ending is None:
            self._sender.send_presence(payload)

    def _crash(self, error: BaseException) -> None:
        ending = RoomClosedError(None, f"internal error: {type(error).__name__}")
        ending.__cause__ = error
        self.end(ending)
