"""The recent events of every room, and who listens to them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable

import anyio

from ltt_collab.model.edits import RoomEvent, SuggestionEnded, SuggestionShown, TaskChecked
from ltt_collab.model.errors import LttError, ResumePointGoneError, SubscriberTooSlowError
from ltt_collab.model.ids import RoomId, Seq
from ltt_collab.model.wire import event_type
from ltt_collab.telemetry import metrics

KEEP = 100_000
"""Events kept over all rooms: about 40 MB, some minutes of 1,000 learners who type, hours of one."""

SUBSCRIBER_BOUND = 10_000
"""Events that may wait for one subscriber: some seconds of 1,000 learners who type."""


class Subscription:
    """One listener's queue.

    Invariants:
        1. ``offer`` never blocks and never raises: the room's reader goes on whatever a listener does.
        2. A listener receives every event from its start on, or an error after the last one it did receive.
    """

    __slots__ = ("_bound", "_end", "_finished", "_queue", "_wake")

    def __init__(self, bound: int = SUBSCRIBER_BOUND) -> None:
        self._bound = bound
        self._queue: deque[RoomEvent] = deque()
        self._wake: anyio.Event | None = None
        self._end: LttError | None = None
        self._finished = False

    def offer(self, event: RoomEvent) -> None:
        """Queue one event; over the bound the subscription ends with an error (invariants 1, 2)."""
        if self._finished:
            return
        if len(self._queue) >= self._bound:
            self.finish(SubscriberTooSlowError(self._queue[-1].seq, self._bound))
            return
        self._queue.append(event)
        if self._wake is not None:
            self._wake.set()

    def finish(self, error: LttError | None = None) -> None:
        """Deliver what waits, then end: with ``error``, or quietly."""
        if not self._finished:
            self._finished, self._end = True, error
        if self._wake is not None:
            self._wake.set()

    async def __aiter__(self) -> AsyncIterator[RoomEvent]:
        while True:
            while self._queue:
                yield self._queue.popleft()
            if self._finished:
                if self._end is not None:
                    raise self._end
                return
            self._wake = anyio.Event()
            await self._wake.wait()
            self._wake = None


class RoomLog:
    """The recent events of one room; made by ``EventLog.open``."""

    __slots__ = ("_floor", "_log", "_subscriptions", "events", "last_seq", "room")

    def __init__(self, log: EventLog, room: RoomId, first_seq: Seq) -> None:
        self._log = log
        self._floor = first_seq
        self._subscriptions: list[Subscription] = []
        self.room = room
        self.events: deque[RoomEvent] = deque()
        self.last_seq = first_seq

    def append(self, event: RoomEvent) -> None:
        """Keep an event and hand it to every listener."""
        self.last_seq = event.seq
        _count(event)
        self.events.append(event)
        self._log.keep(self)
        for subscription in self._subscriptions:
            subscription.offer(event)
        for subscription in self._log.listeners:
            subscription.offer(event)

    def forget_oldest(self) -> None:
        """Drop the oldest event."""
        self._floor = self.events.popleft().seq

    def subscribe(self, after: Seq | None, bound: int = SUBSCRIBER_BOUND) -> Subscription:
        """Listen to every event after ``after`` (None: from now on).

        Raises:
            ResumePointGoneError: ``after`` is older than what is kept, or of another life of this service.
        """
        subscription = Subscription(max(bound, len(self.events) + 1))
        if after is not None:
            if not self._floor <= after <= self.last_seq:
                raise ResumePointGoneError(after, self._floor)
            for event in self.events:
                if event.seq > after:
                    subscription.offer(event)
        self._subscriptions.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop handing events to that listener."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def close(self) -> None:
        """End every subscription to this room and forget its events."""
        for subscription in self._subscriptions:
            subscription.finish()
        self._subscriptions.clear()
        self._log.drop(self)


_counters: dict[type, Callable[[], None]] = {}


def _count(event: RoomEvent) -> None:
    """Count an event by its type; the labelled counter is looked up once a type: this is on every keystroke's way."""
    kind = type(event)
    count = _counters.get(kind)
    if count is None:
        count = _counters[kind] = metrics.EVENTS.labels(event_type(event)).inc
    count()
    if kind in _TOLD_APART:
        _count_apart(event)


_TOLD_APART = frozenset((SuggestionShown, SuggestionEnded, TaskChecked))


def _count_apart(event: RoomEvent) -> None:
    """Count by more than its type what operators ask about; none of these is on a keystroke's way."""
    match event:
        case SuggestionShown(placement=placement):
            metrics.SUGGESTIONS_SHOWN.labels(placement.value).inc()
        case SuggestionEnded(reason=reason):
            metrics.SUGGESTIONS_ENDED.labels(reason.value).inc()
        case TaskChecked(verdict=verdict):
            metrics.VALIDATIONS.labels(verdict.mode.value, verdict.outcome.value).inc()


class EventLog:
    """The recent events of all rooms, bounded as a whole: the globally oldest goes first.

    Invariants:
        1. At most ``keep`` events are held, over all rooms.
        2. Within a room, what is held is the unbroken end of its history.
    """

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._order: deque[RoomLog] = deque()
        self.listeners: list[Subscription] = []
        self.keepers: list[Subscription] = []

    def open(self, room: RoomId, first_seq: Seq) -> RoomLog:
        """A log for a room whose next event will be ``first_seq + 1``."""
        return RoomLog(self, room, first_seq)

    def begin(self, event: RoomEvent) -> None:
        """Hand the event that a room's record begins with to who keeps records.

        Nobody else gets it, and it is not held here: with the whole notebook in it, 1,000 idle rooms would be large.
        """
        for keeper in self.keepers:
            keeper.offer(event)

    def keep(self, log: RoomLog) -> None:
        """Count an event that ``log`` appended; forgets the oldest of all over the bound (invariant 1)."""
        self._order.append(log)
        if len(self._order) > self._keep:
            self._order.popleft().forget_oldest()

    def drop(self, log: RoomLog) -> None:
        """Forget all that is held of one room."""
        if log.events:
            self._order = deque(other for other in self._order if other is not log)
            log.events.clear()

    def subscribe(self, bound: int = SUBSCRIBER_BOUND) -> Subscription:
        """Listen to every room, from now on."""
        subscription = Subscription(bound)
        self.listeners.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop handing events to that listener."""
        if subscription in self.listeners:
            self.listeners.remove(subscription)

    def close(self) -> None:
        """End every subscription to all rooms."""
        for subscription in self.listeners:
            subscription.finish()
        self.listeners.clear()
