"""Has kept what must outlive one room: what its learners wished, what was shown to them and what became of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

import anyio
import structlog

from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import RoomId

log = structlog.get_logger(__name__)

Write = Callable[[], Awaitable[None]]
"""Writes to a store; doing it twice does no more than doing it once."""

GOODBYE = 2.0
"""Seconds for the last writes of a room that is left: a database needs milliseconds, and so does its outbox."""


class Keeping:
    """Does one room's writes, one after the other.

    Invariants:
        1. What is to be kept is kept also when the room, or the whole service, ends the moment after: it was said, seen
           or decided by then, and counts.
        2. Writes are done in the order in which they came; one that fails is logged and does not hold up the next.
    """

    def __init__(self, room: RoomId, soon: Callable[[Write], None]) -> None:
        """``soon`` calls what it is given, in a task of the room, as long as there is one."""
        self._room, self._soon = room, soon
        self._waiting: deque[Write] = deque()

    def keep(self, write: Write) -> None:
        """Do this write soon."""
        self._waiting.append(write)
        self._soon(self._write)

    async def close(self) -> None:
        """Do what is left of it, within ``GOODBYE`` seconds, also when we are being cancelled (invariant 1)."""
        with anyio.move_on_after(GOODBYE, shield=True):
            await self._write()
        if self._waiting:
            log.warning("not remembered", room=self._room, writes=len(self._waiting), reason="the store took too long")

    async def _write(self) -> None:
        while self._waiting:
            try:
                await self._waiting[0]()
            except StoreUnavailableError as error:  # invariant 2
                log.warning("not remembered", room=self._room, reason=str(error))
            # Only now: one that is cancelled in its midst is done again by ``close``.
            self._waiting.popleft()
