"""A recorded session, ready to be looked at from any moment on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import anyio.lowlevel

from ltt_collab.model.edits import DocumentReloaded, RoomEvent
from ltt_collab.model.ids import RoomId, Seq
from ltt_collab.ports.store import EventStore, RoomStore, SessionRecord
from ltt_collab.web.render.feed import Entry, entry_of
from ltt_collab.web.render.scene import Scene, advance

KEYFRAME = 200
"""Events between two kept scenes: a jump to any moment replays at most so many, in some milliseconds."""

PAGE = 500
"""Events read at once: the event loop is held for about 20 ms by each."""

EVENTS_LIMIT = 200_000
"""Events of one recording: a day of hard work; what comes after them is not shown."""

_BEFORE_ALL = Seq(-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One session. ``keyframes[i]`` is the scene before event ``i * KEYFRAME``.

    ``times``: of the events, never falling. ``missing``: events that should be there by their numbers, and are not.
    """

    room: RoomId
    session: SessionRecord
    events: Sequence[RoomEvent]
    times: Sequence[float]
    keyframes: Sequence[Scene]
    entries: Sequence[Entry]
    missing: int

    def scene(self, count: int) -> Scene:
        """The scene after the first ``count`` events."""
        count = min(max(count, 0), len(self.events))
        index = min(count // KEYFRAME, len(self.keyframes) - 1)
        scene = self.keyframes[index]
        for event in self.events[index * KEYFRAME : count]:
            scene = advanced(scene, event)
        return scene

    def count_at(self, at: float) -> int:
        """How many events had happened by that Unix time."""
        return bisect_right(self.times, at)


async def record_of(events: EventStore, rooms: RoomStore, session: SessionRecord) -> Recording:
    """Read a session.

    Raises:
        StoreUnavailableError
    """
    scene = await _found(events, rooms, session)
    read: list[RoomEvent] = []
    times: list[float] = []
    keyframes: list[Scene] = []
    entries: list[Entry] = []
    missing, last = 0, session.first_seq - 1
    async for event in _read(events, session.room, Seq(session.first_seq - 1), session.last_seq):
        if len(read) % KEYFRAME == 0:
            keyframes.append(scene)
            await anyio.lowlevel.checkpoint()
        scene = advanced(scene, event)
        missing += _gap(last, event)
        last = event.seq
        read.append(event)
        times.append(max(event.at, times[-1] if times else event.at))  # clocks may be set back
        if (entry := entry_of(event)) is not None:
            entries.append(entry)
    return Recording(
        room=session.room,
        session=session,
        events=read,
        times=times,
        keyframes=keyframes or [scene],
        entries=entries,
        missing=missing,
    )


def advanced(scene: Scene, event: RoomEvent) -> Scene:
    """The scene after the event; where the record has a hole an event may not fit, and then changes nothing."""
    try:
        return advance(scene, event)
    except (IndexError, ValueError):
        return replace(scene, at=event.at)


def _gap(last: int, event: RoomEvent) -> int:
    # A new life of the service counts on from the time, and its record begins with the notebook: nothing is missing.
    begins_anew = isinstance(event, DocumentReloaded)
    return 0 if begins_anew else max(0, event.seq - last - 1) if event.seq - last < LIFE_APART else 0


LIFE_APART = 10_000
"""Two numbers so far apart are of two lives of the service: they begin at the time in milliseconds."""


async def _found(events: EventStore, rooms: RoomStore, session: SessionRecord) -> Scene:
    """The notebook as the session found it: what earlier ones left, as far back as the record says what it was."""
    record = await rooms.find(session.room)
    scene = Scene.empty(session.room, record.path if record is not None else "")
    first = [event async for event in _read(events, session.room, Seq(session.first_seq - 1), session.last_seq, 3)]
    if any(isinstance(event, DocumentReloaded) for event in first):
        return scene
    earlier = [each for each in await rooms.sessions(session.room) if each.first_seq < session.first_seq]
    for start in reversed(earlier):
        before: Scene | None = None
        async for event in _read(events, session.room, Seq(start.first_seq - 1), Seq(session.first_seq - 1)):
            if before is not None or isinstance(event, DocumentReloaded):
                before = advanced(before or scene, event)
        if before is not None:
            return replace(before, people={})
    return scene


async def _read(
    events: EventStore, room: RoomId, after: Seq, until: Seq, limit: int = EVENTS_LIMIT
) -> AsyncIterator[RoomEvent]:
    last, left = max(after, _BEFORE_ALL), limit
    while left > 0:
        page = await events.after(room, Seq(last), min(PAGE, left))
        for event in page:
            if event.seq > until:
                return
            yield event
        if len(page) < min(PAGE, left):
            return
        last, left = page[-1].seq, left - len(page)
