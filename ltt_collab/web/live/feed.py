"""Keeps the wall fed from the rooms and the stores, and tells watchers what changed."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import anyio
import structlog

from ltt_collab.access.desk import Desk
from ltt_collab.access.school import School
from ltt_collab.model.courses import TaskMark
from ltt_collab.model.edits import RoomEvent, RoomState, RoomStateChanged, SourceEdited
from ltt_collab.model.errors import LttError, StoreUnavailableError, UnknownRoomError
from ltt_collab.model.ids import CourseId, RoomId, SuggestionId, Username
from ltt_collab.model.presence import AuthorKind
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.directory import RoomDirectory
from ltt_collab.ports.learning import CourseRole
from ltt_collab.ports.steering import Steer
from ltt_collab.web.live.cards import Card, Urgency
from ltt_collab.web.live.wall import Wall

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.06
"""How long a watcher waits after a change for more of them: 300 ms are promised from edit to wall."""

DESK_SECONDS = 0.2
"""Between two looks at the desk, which tells nobody when a hint begins to wait."""

TICK_SECONDS = 1.0
"""Between two looks at what time alone changes: who no longer types, who is stuck by now."""

REMEMBER_SECONDS = 2.0
"""Between two looks at what the stores know of a few learners more: verdicts reach them by other ways too."""

REMEMBER_AT_ONCE = 10

RETRY_SECONDS = 2.0
"""After a failure of the rooms' stream or of a store."""

PULSES_KEPT = 2_000
"""Letters typed that a watcher may still have to hear of: a second of 300 quick typists. Older ones are dropped."""

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What changed up to ``version``: whose cards, and who typed."""

    version: int
    changed: frozenset[Username]
    typed: frozenset[Username]


class WallFeed:
    """One wall for all watchers of this service.

    Invariants:
        1. A watcher that is slow, or away, holds up nobody: it asks what changed since, and gets the last state.
    """

    def __init__(self, directory: RoomDirectory, school: School, desk: Desk) -> None:
        self._directory, self._school, self._desk = directory, school, desk
        self.wall = Wall(self.resolve)
        self.version = 0
        self._changed: dict[Username, int] = {}
        self._pulses: deque[tuple[int, Username]] = deque(maxlen=PULSES_KEPT)
        self._urgencies: dict[Username, Urgency] = {}
        self._stirred = anyio.Event()
        self._turn = 0

    async def run(self) -> None:
        """Follow the class until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow, name="wall: rooms")
            tasks.start_soon(self._remember, name="wall: records")
            tasks.start_soon(self._tick, name="wall: time")
            tasks.start_soon(self._watch_desk, name="wall: desk")

    # For watchers.

    def card(self, learner: Username) -> Card:
        """One learner's card as of now."""
        return self.wall.card(learner, self._school.clock.now())

    def version_of(self, learner: Username) -> int:
        """Of the last change of their card; 0 for none."""
        return self._changed.get(learner, 0)

    async def next(self, after: int) -> Batch:
        """What changed since ``after``, once something did and a moment has passed (invariant 1)."""
        while self.version <= after:
            await self._stirred.wait()
        await anyio.sleep(GATHER_SECONDS)
        return Batch(
            version=self.version,
            changed=frozenset(who for who, version in self._changed.items() if version > after),
            typed=frozenset(who for version, who in self._pulses if version > after),
        )

    def resolve(self, mark: TaskMark) -> TaskAt | None:
        """The taught task of a cell's mark; a mark without a course means whichever course has that task."""
        for course in self._school.classroom.courses():
            if mark.course in {"", course.id} and course.task(mark.task) is not None:
                return TaskAt(course=course.id, task=mark.task)
        return None

    async def refresh(self, course: CourseId, learner: Username) -> None:
        """Look up how far somebody is now.

        Raises:
            StoreUnavailableError
        """
        self._stir(self.wall.load(await self._school.progress.of_learner(course, learner)))

    def stir(self, learners: Iterable[Username]) -> None:
        """Let watchers look at these again: something beside the wall changed, as an order about them."""
        self._stir(frozenset(learners))

    # Within.

    def _stir(self, changed: frozenset[Username], typed: Username | None = None) -> None:
        if not changed and typed is None:
            return
        self.version += 1
        for learner in changed:
            self._changed[learner] = self.version
        if typed is not None:
            self._pulses.append((self.version, typed))
        stirred, self._stirred = self._stirred, anyio.Event()
        stirred.set()

    async def _follow(self) -> None:
        while True:
            try:
                events = cast("AsyncGenerator[RoomEvent, None]", self._directory.events(None))
                async with aclosing(events), anyio.create_task_group() as tasks:
                    tasks.start_soon(self._enter_all)  # once the subscription stands: nothing falls between
                    async for event in events:
                        await self._handle(event)
            except* LttError as group:
                log.warning("the wall lost the rooms' events", reason=str(group.exceptions[0]))
            await anyio.sleep(RETRY_SECONDS)

    async def _enter_all(self) -> None:
        for info in self._directory.rooms():
            await self._enter(info.id)

    async def _enter(self, room: RoomId) -> None:
        try:
            info = self._directory.find(room)
            self._stir(self.wall.enter(await self._directory.snapshot(room), info.learner))
        except UnknownRoomError:
            return  # left meanwhile

    async def _handle(self, event: RoomEvent) -> None:
        if isinstance(event, RoomStateChanged) and event.state is RoomState.LEFT:
            self._stir(self.wall.leave(event.room))
            return
        found = isinstance(event, RoomStateChanged) and event.state is RoomState.LIVE
        if found or self.wall.sheet(event.room) is None:  # what a room holds when we get in is no event
            await self._enter(event.room)
        if self.wall.learner_of(event.room) is None:
            self._name(event.room)
        changed = self.wall.handle(event)
        typed = isinstance(event, SourceEdited) and event.author.kind is AuthorKind.LEARNER
        self._stir(changed, self.wall.learner_of(event.room) if typed else None)

    def _name(self, room: RoomId) -> None:
        try:
            self._stir(self.wall.name(room, self._directory.find(room).learner))
        except UnknownRoomError:
            return

    async def _remember(self) -> None:
        known = False
        while True:
            try:
                if not known:
                    await self._recall_all()
                    known = True
                await self._recall_some()
            except StoreUnavailableError as error:
                log.warning("the wall could not look up progress", reason=str(error))
            await anyio.sleep(REMEMBER_SECONDS)

    async def _recall_all(self) -> None:
        for course in self._school.classroom.courses():
            for each in await self._school.enrolments.of_course(course.id):
                if each.role is CourseRole.LEARNER:
                    self._stir(self.wall.enrol(each.username))
            after: Username | None = None
            while page := await self._school.progress.of_course(course.id, after=after, learners=PAGE):
                self._stir(self.wall.load(page))
                after = page[-1].learner

    async def _recall_some(self) -> None:
        present = [who for who in self.wall.learners() if self.wall.rooms_of(who)]
        for learner in self._next_few(present):
            for course in self._school.classroom.courses():
                await self.refresh(course.id, learner)

    def _next_few(self, present: Sequence[Username]) -> Sequence[Username]:
        if self._turn >= len(present):
            self._turn = 0
        few = present[self._turn : self._turn + REMEMBER_AT_ONCE]
        self._turn += REMEMBER_AT_ONCE
        return few

    async def _tick(self) -> None:
        while True:
            await anyio.sleep(TICK_SECONDS)
            now = self._school.clock.now()
            urgencies = {who: self.wall.urgency(who, now) for who in self.wall.learners()}
            was, self._urgencies = self._urgencies, urgencies
            self._stir(frozenset(who for who, found in urgencies.items() if was.get(who) not in {None, found}))

    async def _watch_desk(self) -> None:
        orders: Sequence[Steer] = ()
        held: dict[SuggestionId, Username | None] = {}
        while True:
            await anyio.sleep(DESK_SECONDS)
            was_ordered, orders = orders, tuple(self._desk.steering.orders())
            was_held, held = held, {each.suggestion: each.learner for each in self._desk.approvals.held()}
            if orders != was_ordered:
                self.stir(self.wall.learners())
            elif held != was_held:
                differ = was_held.items() ^ held.items()
                self.stir(who for _, who in differ if who is not None)
