"""Who looks at the rooms: the real stack, and what a notebook bot usually does."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import anyio
from pycrdt import Awareness, handle_sync_message

from ltt_collab.bench.keystrokes import LEARNER_CLIENT
from ltt_collab.documents.replica import Replica
from ltt_collab.edits.decoder import DocumentDecoder
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.edits import RoomEvent, SourceEdited
from ltt_collab.model.errors import RoomError
from ltt_collab.model.ids import ClientId, RoomId, Seq, Username
from ltt_collab.model.presence import SERVER, Author, AuthorKind, User
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.rooms import Channel, ChannelClosed, ChannelListener
from ltt_collab.rooms.options import ProviderOptions
from ltt_collab.rooms.presence import PresenceEvent
from ltt_collab.rooms.provider import Provider

TUTOR = User(username=Username("tutor"), display_name="Tutor", initials="T", color="#06c")
LEARNER = Author(kind=AuthorKind.LEARNER, username=Username("learner"), client=ClientId(LEARNER_CLIENT))
AI = Author(kind=AuthorKind.AI, username=TUTOR.username)
OURS = ClientId(7)

SYNC = 0
STEP2 = 1


class Arrivals:
    """When each keystroke of each room became an event (``time.monotonic()``); 0 where none did."""

    def __init__(self, rooms: int, keystrokes: int) -> None:
        self.keystrokes = keystrokes
        self.times = array("d", bytes(8 * rooms * keystrokes))
        self.surplus = 0
        self.complete = anyio.Event()
        self._missing = rooms * keystrokes

    def note(self, room: int, number: int) -> None:
        """The event of the room's so-manieth keystroke is there."""
        if number < self.keystrokes:
            self.times[room * self.keystrokes + number] = time.monotonic()
            self._missing -= 1
            if self._missing == 0:
                self.complete.set()
        else:
            self.surplus += 1


class Observer(Protocol):
    """One room, looked at."""

    @property
    def listener(self) -> ChannelListener:
        """What the room's channel speaks to."""
        ...

    def attach(self, channel: Channel) -> None:
        """Begin to speak."""
        ...

    def begin(self, arrivals: Arrivals) -> None:
        """Count from here."""
        ...

    @property
    def ready(self) -> anyio.Event:
        """Set once the notebook is there."""
        ...


class Classroom:
    """One learner and us."""

    def author_of(self, client: ClientId) -> Author:
        """Who that client is."""
        if client == LEARNER_CLIENT:
            return LEARNER
        return AI if client == OURS else SERVER

    def humans(self) -> Collection[Author]:
        """The learner."""
        return (LEARNER,)


class RealRoom:
    """The real stack: channel, provider, replica, decoder."""

    __slots__ = ("_arrivals", "_number", "decoder", "ending", "events", "provider", "ready", "replica")

    def __init__(self, number: int, clock: Clock) -> None:
        self._number = number
        self._arrivals: Arrivals | None = None
        self.events = 0
        self.ending: RoomError | None = None
        self.ready = anyio.Event()
        stamp = Stamp(RoomId(f"room-{number}"), Seq(0), clock.now)
        self.decoder = DocumentDecoder(stamp, Classroom(), self._heard)
        self.replica = Replica(on_local_update=self._send, observer=self.decoder, client_id=OURS)
        self.provider = Provider(self.replica, TUTOR, listener=self, clock=clock, options=ProviderOptions())

    @property
    def listener(self) -> ChannelListener:
        """The provider."""
        return self.provider

    def attach(self, channel: Channel) -> None:
        """Begin to speak."""
        self.provider.attach(channel)

    def begin(self, arrivals: Arrivals) -> None:
        """Count from here."""
        self.events = 0
        self._arrivals = arrivals

    def synced(self) -> None:
        """The notebook is there."""
        if not self.ready.is_set():
            self.decoder.begin()
            self.ready.set()

    def stale(self, reason: str) -> None:
        """Cannot be: the server loses nothing."""

    def presence_changed(self, event: PresenceEvent) -> None:
        """Nobody is shown."""

    def server_said(self, message: Mapping[str, Any]) -> None:
        """It says nothing."""

    def closed(self, error: RoomError) -> None:
        """Keep the reason for the report."""
        self.ending = error

    def _heard(self, event: RoomEvent) -> None:
        if isinstance(event, SourceEdited) and self._arrivals is not None:
            self._arrivals.note(self._number, self.events)
            self.events += 1

    def _send(self, update: bytes) -> None:
        self.provider.send_update(update)


class UsualRoom:
    """What a notebook bot usually does: ``YNotebook.observe``, and the cell or the notebook read at each change.

    It has our fast socket all the same: the difference is what happens behind it.
    """

    def __init__(self, number: int, read: Callable[[Any, Any], object]) -> None:
        from jupyter_ydoc import YNotebook  # noqa: PLC0415 - only this baseline needs it

        self._number = number
        self._read = read
        self._arrivals: Arrivals | None = None
        self._channel: Channel | None = None
        self.events = 0
        self.ready = anyio.Event()
        self._notebook = YNotebook()
        self._awareness = Awareness(self._notebook.ydoc)
        self._notebook.observe(self._changed)

    @property
    def listener(self) -> ChannelListener:
        """This."""
        return self

    def attach(self, channel: Channel) -> None:
        """Ask for the notebook."""
        self._channel = channel
        channel.send(bytes((SYNC, 0, 1, 0)))

    def begin(self, arrivals: Arrivals) -> None:
        """Count from here."""
        self.events = 0
        self._arrivals = arrivals

    def frame_received(self, frame: bytes) -> None:
        """Apply it."""
        if frame[0] == SYNC:
            handle_sync_message(frame[1:], self._notebook.ydoc)
            if frame[1] == STEP2:
                self.ready.set()

    def channel_closed(self, closed: ChannelClosed) -> None:
        """The run is over."""

    def _changed(self, topic: str, events: Any) -> None:
        if topic != "cells" or self._arrivals is None:
            return
        self._read(self._notebook, events)
        self._arrivals.note(self._number, self.events)
        self.events += 1


def read_cell(notebook: Any, events: Any) -> object:
    """The changed cell, as a bot that wants its id and source reads it."""
    return [notebook.get_cell(event.path[0]) for event in events if event.path]


def read_notebook(notebook: Any, _events: Any) -> object:
    """The whole notebook, as a bot without events reads it."""
    return notebook.get()
