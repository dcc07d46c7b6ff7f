"""Standing orders hold at once, everywhere, and after a restart."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest

from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.adapters.store.memory_steers import MemorySteers
from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.peer.orders import Orders
from ltt_collab.ports.privacy import AuditStore
from ltt_collab.ports.steering import Extent, Steer
from tests.support.room_scene import HandClock

ADA, BOB, PROF = Username("ada"), Username("bob"), Username("prof")
BASICS, MEAN = CourseId("basics"), TaskId("mean")
EVERYBODY = Extent()


def pause(extent: Extent = EVERYBODY, at: float = 1.0) -> Steer:
    return Steer(extent=extent, paused=True, by=PROF, at=at)


class AwayStore(MemorySteers):
    """A store that can be taken away."""

    away = False

    async def save(self, steer: Steer) -> None:
        if self.away:
            raise StoreUnavailableError("save an order", "locked")
        await super().save(steer)


class SlowStore(MemorySteers):
    """A store whose every answer waits until somebody lets it go, as an answer that is still on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.looking, self.saving = anyio.Event(), anyio.Event()
        self.may_answer, self.may_save = anyio.Event(), anyio.Event()

    async def all(self) -> Sequence[Steer]:
        found = await super().all()
        self.looking.set()
        await self.may_answer.wait()
        return found

    async def save(self, steer: Steer) -> None:
        self.saving.set()
        await self.may_save.wait()
        await super().save(steer)


@pytest.fixture
def audit() -> AuditStore:
    return memory_stores().audit


@pytest.mark.proves("steering:pause")
async def test_an_order_holds_for_whom_it_is_about_and_a_pause_before_an_approval(audit: AuditStore) -> None:
    orders = Orders(MemorySteers(), audit, HandClock())
    await orders.order(Steer(extent=Extent(course=BASICS), approval=True, by=PROF, at=1.0))
    await orders.order(pause(Extent(learner=ADA, course=BASICS)))
    held = orders.for_learner(BOB, BASICS, MEAN)
    paused = orders.for_learner(ADA, BASICS, MEAN)
    assert held is not None
    assert held.approval
    assert paused is not None
    assert paused.paused
    assert orders.for_learner(ADA, CourseId("other"), None) is None
    assert orders.for_learner(None, None, None) is None


@pytest.mark.proves("steering:pause")
async def test_every_change_is_told_and_audited(audit: AuditStore) -> None:
    clock = HandClock()
    orders = Orders(MemorySteers(), audit, clock)
    told: list[int] = []
    orders.changed = lambda: told.append(len(orders.orders()))
    await orders.order(pause())
    clock.pass_time(1)
    assert await orders.lift(EVERYBODY, by=PROF)
    assert not await orders.lift(EVERYBODY, by=PROF)
    assert told == [1, 0]
    assert [(entry.action, entry.actor, entry.subject) for entry in await audit.select()] == [
        ("ai.paused", "prof", "everybody"),
        ("ai.resumed", "prof", "everybody"),
    ]


@pytest.mark.proves("steering:survives")
async def test_an_order_holds_after_a_restart_and_in_another_process(audit: AuditStore) -> None:
    store = MemorySteers()
    first, second = Orders(store, audit, HandClock()), Orders(store, audit, HandClock())
    await first.order(pause())
    told: list[None] = []
    second.changed = lambda: told.append(None)
    await second.recall()
    await second.recall()
    assert second.orders() == first.orders()
    assert len(told) == 1
    await second.lift(EVERYBODY, by=BOB)
    await first.recall()
    assert first.orders() == []


@pytest.mark.proves("steering:survives")
async def test_an_order_holds_though_the_store_is_away_and_is_saved_when_it_is_back(audit: AuditStore) -> None:
    store = AwayStore()
    store.away = True
    orders = Orders(store, audit, HandClock())
    with pytest.raises(StoreUnavailableError):
        await orders.order(pause())
    await orders.recall()
    assert orders.orders() == [pause()]
    store.away = False
    await orders.recall()
    assert await store.all() == [pause()]


@pytest.mark.proves("steering:pause")
async def test_a_look_that_began_before_an_order_does_not_take_it_back(audit: AuditStore) -> None:
    store = SlowStore()
    store.may_save.set()
    orders = Orders(store, audit, HandClock())
    told: list[int] = []
    orders.changed = lambda: told.append(len(orders.orders()))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(orders.recall)
        await store.looking.wait()
        await orders.order(pause())
        store.may_answer.set()
    assert orders.orders() == [pause()]
    assert told == [1], "nobody was ever told that the tutor may write again"


@pytest.mark.proves("steering:pause")
async def test_a_look_while_an_order_is_being_saved_does_not_take_it_back(audit: AuditStore) -> None:
    store = SlowStore()
    orders = Orders(store, audit, HandClock())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(orders.order, pause())
        await store.saving.wait()
        tasks.start_soon(orders.recall)
        await anyio.wait_all_tasks_blocked()
        store.may_answer.set()
        store.may_save.set()
    assert orders.orders() == [pause()] == list(await store.all())


@pytest.mark.proves("steering:survives")
async def test_what_is_said_last_is_what_the_store_keeps(audit: AuditStore) -> None:
    store = SlowStore()
    store.may_answer.set()
    orders = Orders(store, audit, HandClock())
    later = pause(at=2.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(orders.order, pause())
        await store.saving.wait()
        tasks.start_soon(orders.order, later)
        await anyio.wait_all_tasks_blocked()
        store.may_save.set()
    assert list(await store.all()) == [later]
    async with anyio.create_task_group() as tasks:
        store.may_save, store.saving = anyio.Event(), anyio.Event()
        tasks.start_soon(orders.order, pause(at=3.0))
        await store.saving.wait()

        async def lift() -> None:
            await orders.lift(EVERYBODY, by=PROF)

        tasks.start_soon(lift)
        await anyio.wait_all_tasks_blocked()
        store.may_save.set()
    assert orders.orders() == list(await store.all()) == []
