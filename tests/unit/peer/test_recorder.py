"""What happens in rooms is recorded, and no room waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.model.edits import (
    DocumentRenamed,
    OutputsCleared,
    RoomEvent,
    RoomState,
    RoomStateChanged,
)
from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import CellId, RoomId, Seq, ServerId, Username
from ltt_collab.model.presence import SERVER
from ltt_collab.peer import recorder as recording
from ltt_collab.peer.log import EventLog, RoomLog
from ltt_collab.peer.recorder import BATCH, TRIES, Recorder
from ltt_collab.peer.retention import DAY, sweep_daily
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.learning import Selected, SubmissionRecord
from ltt_collab.telemetry import metrics
from tests.support.deadlines import eventually
from tests.support.directory import MemoryDirectory

ROOM, HERE = RoomId("r1"), ServerId("http://here/")


def event(seq: int) -> RoomEvent:
    return OutputsCleared(room=ROOM, seq=Seq(seq), at=float(seq), author=SERVER, cell_id=CellId("a"))


class Away:
    """An event store that refuses the next ``refusing`` writes."""

    def __init__(self, stores: Stores) -> None:
        self._events = stores.events
        self.refusing = 0
        self.sizes: list[int] = []

    async def append(self, events: Sequence[RoomEvent]) -> None:
        if self.refusing:
            self.refusing -= 1
            raise StoreUnavailableError("save events", "locked")
        self.sizes.append(len(events))
        await self._events.append(events)

    def __getattr__(self, name: str) -> object:
        return getattr(self._events, name)


class HurriedClock(SystemClock):
    """Does not wait."""

    async def sleep(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()


def info(path: str) -> RoomInfo:
    return RoomInfo(id=ROOM, server=HERE, learner=Username("ada"), path=path, state=RoomState.LIVE, last_seq=Seq(0))


class Directory(MemoryDirectory):
    """One room, or none."""

    def __init__(self) -> None:
        super().__init__()
        self.path = "a.ipynb"

    def find(self, room: str) -> RoomInfo:
        return info(self.path)


class Stage:
    """A recorder, what it listens to and what it writes to."""

    def __init__(self) -> None:
        self.stores, self.log, self.directory = memory_stores(), EventLog(), Directory()
        self.store = Away(self.stores)
        self.recorder = Recorder(self.log, self.store, self.stores.rooms, self.directory, HurriedClock())  # type: ignore[arg-type]
        self.room: RoomLog = self.log.open(ROOM, Seq(0))

    async def stored(self) -> list[int]:
        return [event.seq for event in await self.stores.events.after(ROOM, Seq(0), 10_000)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.recorder.run)
            yield
            tasks.cancel_scope.cancel()
        await self.recorder.close()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(recording, "GATHER", 0.02)
    return Stage()


def unrecorded() -> float:
    return metrics.REGISTRY.get_sample_value("ltt_events_unrecorded_total") or 0.0


@pytest.mark.proves("store:records-rooms")
async def test_events_are_recorded_in_order_and_in_batches(stage: Stage) -> None:
    async with stage.running():
        for seq in range(1, 2 * BATCH + 4):
            stage.room.append(event(seq))
        await eventually(lambda: sum(stage.store.sizes) == 2 * BATCH + 3)
    assert await stage.stored() == list(range(1, 2 * BATCH + 4))
    assert stage.store.sizes == [BATCH, BATCH, 3]


async def test_the_last_words_of_a_room_are_recorded_when_the_service_stops(stage: Stage) -> None:
    async with stage.running():
        stage.room.append(event(1))
    stage.room.append(event(2))
    await stage.recorder.close()
    assert await stage.stored() == [1, 2]


@pytest.mark.proves("store:records-rooms")
async def test_a_store_that_was_away_gets_everything_in_order_when_it_is_back(stage: Stage) -> None:
    stage.store.refusing = 3
    async with stage.running():
        stage.room.append(event(1))
        await eventually(lambda: not stage.store.refusing)
        stage.room.append(event(2))
        await eventually(lambda: sum(stage.store.sizes) == 2)
    assert await stage.stored() == [1, 2]


async def test_what_the_store_never_takes_is_given_up_and_counted_and_the_rest_goes_on(stage: Stage) -> None:
    before = unrecorded()
    stage.store.refusing = TRIES
    async with stage.running():
        stage.room.append(event(1))
        await eventually(lambda: unrecorded() == before + 1)
        stage.room.append(event(2))
        await eventually(lambda: sum(stage.store.sizes) == 1)
    assert await stage.stored() == [2]


async def test_beyond_the_bound_events_are_dropped_and_counted_and_no_room_waits(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "BOUND", 3)
    crowded, before = Stage(), unrecorded()
    for seq in range(1, 6):
        crowded.room.append(event(seq))
    await crowded.recorder.close()
    assert await crowded.stored() == [1, 2, 3]
    assert unrecorded() == before + 2


async def test_the_place_of_a_room_is_recorded_and_follows_a_rename(stage: Stage) -> None:
    async with stage.running():
        stage.room.append(event(1))
        await eventually(lambda: sum(stage.store.sizes) == 1)
        first = await stage.stores.rooms.find("a.ipynb")
        assert first is not None
        assert (first.room, first.server) == (ROOM, HERE)
        stage.directory.path = "b.ipynb"
        stage.room.append(DocumentRenamed(room=ROOM, seq=Seq(2), at=2.0, author=SERVER, path="b.ipynb"))
        left = RoomStateChanged(
            room=ROOM, seq=Seq(3), at=3.0, author=SERVER, state=RoomState.LEFT, reason="nobody is there"
        )
        stage.room.append(left)
    assert await stage.stores.rooms.find("a.ipynb") is None
    assert await stage.stores.rooms.find("b.ipynb") is not None


@pytest.mark.proves("privacy:retention")
@pytest.mark.parametrize(("days", "left"), [(1.0, ["new"]), (0.0, ["new", "old"])])
async def test_a_service_forgets_what_is_older_than_its_retention(days: float, left: list[str]) -> None:
    stores, clock = memory_stores(), SystemClock()
    now = clock.now()
    for name, at in (("old", now - 2 * DAY), ("new", now)):
        await stores.submissions.save(
            SubmissionRecord(id=name, course="py", task="t", learner=Username("ada"), at=at, notebook="{}")  # type: ignore[arg-type]
        )

    async def kept() -> list[str]:
        return sorted(each.id for each in await stores.submissions.select(Selected()))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sweep_daily, stores.personal, stores.events, clock, days)
        await anyio.wait_all_tasks_blocked()
        assert await kept() == left
        tasks.cancel_scope.cancel()
