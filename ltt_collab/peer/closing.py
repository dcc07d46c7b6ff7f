"""The end of a learner's server: said beforehand in its notebooks, the work saved, and never while it is in use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import anyio
import structlog

from ltt_collab.model.errors import HubError, KernelError
from ltt_collab.peer.notices import NoticeKind
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.kernels import KernelServer, KernelState
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

LOOK_EVERY = 60.0
"""Seconds between two looks at a server that has long to live: reading a few numbers, without asking anybody."""

LOOK_CLOSELY = 5.0
"""Seconds between two looks while its end is near: a notebook that is opened then is told at once."""

LAST_SAVE = 60.0
"""Seconds before the end from which on every look has the notebooks saved."""

STOPPING = 25.0
"""Seconds that a hub may take to answer such a wish: it waits 10 s for the server itself."""

TOO_OLD = (
    "**This server stops {when}**, because no server runs longer than {limit}. Your notebook has just been saved. "
    "Afterwards start your server again and open the notebook; variables are gone then, so run its cells again."
)
UNTOUCHED = (
    "**This server stops {when}**, because nobody has touched the notebook for a while. It has just been saved. "
    "Type, run or click a cell, and the server stays."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHours:
    """How long learners' servers live, in seconds; 0: no such end.

    ``max_age``: the hub's culler stops a server of that age. ``untouched``: we stop one that no human has touched
    for so long. ``warn``: how long before its end learners are told.
    """

    max_age: float = 0.0
    untouched: float = 0.0
    warn: float = 600.0

    @property
    def are_limited(self) -> bool:
        """Whether there is any end to watch for."""
        return self.max_age > 0 or self.untouched > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingServer:
    """One server, as far as its end goes.

    ``started``: the hub's word for when. ``rooms``: its notebooks that we are in. ``last_act``: when somebody was last
    seen at work elsewhere on it, Unix time in seconds. ``stop``: asks the hub to end it.
    """

    name: str
    started: Callable[[], str]
    rooms: Callable[[], Sequence[RoomPeer]]
    last_act: Callable[[], float]
    kernels: KernelServer
    stop: Callable[[], Awaitable[None]]


class Closing:
    """Watches one server.

    Invariants:
        1. A server is stopped by us only when no human has done anything on it for all of ``untouched``, was told so
           for all of ``warn``, no kernel of it works, and its notebooks were asked to be saved.
        2. Where we are in no notebook we cannot know who is at work, and stop nothing.
        3. A notice that is no longer true is taken back at the next look.
    """

    def __init__(self, server: ClosingServer, hours: ServerHours, clock: Clock) -> None:
        self._server, self._hours, self._clock = server, hours, clock
        self._working_at = 0.0
        self._told_at: float | None = None
        # A notebook that is opened between two looks is seen well before its time is up.
        calm = hours.untouched - hours.warn
        self._pause = min(LOOK_EVERY, max(calm / 4, 1.0)) if hours.untouched else LOOK_EVERY

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self._clock.sleep(await self.look())

    async def look(self) -> float:
        """Do what is due; the seconds until the next look."""
        now = self._clock.now()
        old_at = self._old_at()
        untouched_at = await self._untouched_at(now)
        ends = min((at for at in (old_at, untouched_at) if at is not None), default=None)
        if ends is None or now < ends - self._hours.warn:
            self._told_at = None
            self._take_back()
            return self._pause if ends is None else min(self._pause, max(ends - self._hours.warn - now, 0.1))
        self._warn(now, ends, TOO_OLD if ends == old_at else UNTOUCHED)
        if ends == untouched_at and now >= max(ends, (self._told_at or now) + self._hours.warn):
            await self._stop()
            return LOOK_EVERY
        return LOOK_CLOSELY if now >= ends else min(LOOK_CLOSELY, max(ends - now, 0.1))

    def _old_at(self) -> float | None:
        """When the culler stops it for its age."""
        started = unix_time(self._server.started())
        return None if started is None or not self._hours.max_age else started + self._hours.max_age

    async def _untouched_at(self, now: float) -> float | None:
        """When it has not been touched for long enough; None: never, or nobody can tell (invariant 2)."""
        rooms = self._server.rooms()
        if not self._hours.untouched or not rooms:
            return None
        acts = [room.whereabouts.last_act or room.began for room in rooms]
        touched = max(*acts, self._server.last_act(), self._working_at)
        if now >= touched + self._hours.untouched - self._hours.warn and await self._is_working():
            touched = self._working_at = now
        return touched + self._hours.untouched

    async def _is_working(self) -> bool:
        """Whether a kernel runs something, which is somebody's; not knowing counts as yes."""
        try:
            return any(kernel.state is not KernelState.IDLE for kernel in await self._server.kernels.kernels())
        except KernelError as error:
            log.info("kernels not known", server=self._server.name, reason=str(error))
            return True

    def _warn(self, now: float, ends: float, text: str) -> None:
        if self._told_at is None:
            self._told_at = now
            log.info("server ends soon", server=self._server.name, seconds=round(ends - now))
        when = datetime.fromtimestamp(ends, UTC).strftime("at %H:%M UTC")
        said = text.format(when=when, limit=in_words(self._hours.max_age))
        last = now >= ends - LAST_SAVE
        for room in self._server.rooms():
            if last or not room.notices.stands(NoticeKind.STOP):
                room.saving.ask()
            room.notices.show(NoticeKind.STOP, said)

    def _take_back(self) -> None:
        for room in self._server.rooms():
            room.notices.take_back(NoticeKind.STOP)

    async def _stop(self) -> None:
        try:
            # Shielded: while the hub still stops it, a sweep finds it gone, and this is cancelled.
            with anyio.move_on_after(STOPPING, shield=True):
                await self._server.stop()
        except HubError as error:
            log.error("untouched server not stopped", server=self._server.name, reason=str(error))  # noqa: TRY400
            return
        metrics.SERVERS_STOPPED.inc()
        log.info("untouched server stopped", server=self._server.name)


def unix_time(said: str) -> float | None:
    """The hub's time in Unix seconds; None where it cannot be read."""
    try:
        read = datetime.fromisoformat(said)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def in_words(seconds: float) -> str:
    """A length of time as people say it."""
    minutes = max(1, round(seconds / 60))
    if minutes % 60 == 0:
        return "an hour" if minutes == 60 else f"{minutes // 60} hours"
    return "a minute" if minutes == 1 else f"{minutes} minutes"
