"""The standing orders of one service: who wants the AI silent, or approved, where."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
import structlog

from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.peer.auditing import Auditing
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.privacy import AuditStore
from ltt_collab.ports.steering import Extent, Steer, SteerStore

log = structlog.get_logger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks for orders given to another process: with the write itself well within the promised 5 s."""


class Orders:
    """Implements ``ports.steering.Steering``.

    Invariants:
        1. An order holds in this process at once, whatever becomes of the store.
        2. ``changed`` is called after every change, also one that another process made.
        3. What the store could not take is not forgotten by the next look at it.
        4. A look that began before an order was given or lifted here says nothing about it.
    """

    def __init__(self, store: SteerStore, audit: AuditStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._auditing = Auditing(audit, clock)
        self._orders: dict[Extent, Steer] = {}
        self._unsaved: dict[Extent, Steer | None] = {}
        self._given = 0
        self._saving = anyio.Lock()
        self.changed: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Take over what other processes order, until cancelled."""
        while True:
            await self.recall()
            await self._clock.sleep(LOOK_EVERY)

    async def recall(self) -> None:
        """Take over what the store has."""
        try:
            for extent in tuple(self._unsaved):  # invariant 3
                await self._save(extent)
            given = self._given
            found = {steer.extent: steer for steer in await self._store.all()}
        except StoreUnavailableError as error:
            log.warning("orders not looked up", reason=str(error))
            return
        if given == self._given and found != self._orders:  # invariant 4
            self._orders = found
            self.changed()  # invariant 2

    async def order(self, steer: Steer) -> None:
        """Give an order, in place of the one about the same extent.

        Raises:
            StoreUnavailableError: it holds all the same, and is saved as soon as that is possible.
        """
        self._orders[steer.extent] = steer  # invariant 1
        self._given += 1
        self._unsaved[steer.extent] = steer
        self.changed()
        log.warning("steered", paused=steer.paused, approval=steer.approval, by=steer.by)
        action = "ai.paused" if steer.paused else "ai.approval"
        await self._auditing.note(action, _named(steer.extent), by=steer.by, detail=steer.reason)
        await self._save(steer.extent)

    async def lift(self, extent: Extent, *, by: Username) -> bool:
        """End the order about exactly this extent; False when there is none.

        Raises:
            StoreUnavailableError: it is lifted all the same, and forgotten as soon as that is possible.
        """
        if self._orders.pop(extent, None) is None:
            return False
        self._given += 1
        self._unsaved[extent] = None
        self.changed()
        log.warning("order lifted", by=by)
        await self._auditing.note("ai.resumed", _named(extent), by=by)
        await self._save(extent)
        return True

    async def _save(self, extent: Extent) -> None:
        """Have the store know what holds about that extent by now.

        Raises:
            StoreUnavailableError
        """
        async with self._saving:  # what is saved last must be what was said last
            while extent in self._unsaved:
                steer = self._unsaved[extent]
                await (self._store.remove(extent) if steer is None else self._store.save(steer))
                self._given += 1  # a look under way may have missed it
                if self._unsaved[extent] is steer:
                    del self._unsaved[extent]

    def orders(self) -> Sequence[Steer]:
        """The orders that stand, oldest first."""
        return sorted(self._orders.values(), key=lambda steer: steer.at)

    def for_learner(self, learner: Username | None, course: CourseId | None, task: TaskId | None) -> Steer | None:
        """What holds for a learner at a task: a pause before an approval, else None."""
        found = [steer for steer in self._orders.values() if steer.extent.covers(learner, course, task)]
        paused = next((steer for steer in found if steer.paused), None)
        return paused or next((steer for steer in found if steer.approval), None)


def _named(extent: Extent) -> str:
    """Whom an order is about, as the audit names it."""
    about = [str(part) for part in (extent.course, extent.task, extent.learner) if part is not None]
    return extent.learner or "/".join(about) or "everybody"
