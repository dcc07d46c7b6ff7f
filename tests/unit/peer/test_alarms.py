"""A room wakes at every time that any of its parts asked for."""

from __future__ import annotations

import anyio
import pytest

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.peer.alarms import Alarms
from ltt_collab.peer.timers import Timers


@pytest.mark.proves("peer:every-wake-up")
@pytest.mark.parametrize("delays", [(0.01, 0.04), (0.04, 0.01)])
async def test_a_sooner_time_does_not_swallow_a_later_one_nor_the_other_way_round(delays: tuple[float, float]) -> None:
    clock = SystemClock()
    timers = Timers(clock)
    rung: list[float] = []
    both = anyio.Event()

    def ring(now: float) -> None:
        rung.append(now)
        if len(rung) == 2:
            both.set()

    alarms = Alarms(timers, ring)
    start = clock.now()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timers.run)
        for delay in delays:
            alarms.wake_at(start + delay)
        with anyio.fail_after(5):
            await both.wait()
        tasks.cancel_scope.cancel()
    assert rung[0] >= start + 0.01
    assert rung[1] >= start + 0.04


@pytest.mark.proves("peer:every-wake-up")
async def test_a_ring_that_raises_does_not_silence_the_next() -> None:
    clock = SystemClock()
    timers = Timers(clock)
    rung: list[float] = []
    second = anyio.Event()

    def ring(now: float) -> None:
        rung.append(now)
        if len(rung) == 1:
            raise ValueError("a bug in one room")
        second.set()

    alarms = Alarms(timers, ring)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timers.run)
        alarms.wake_at(clock.now() + 0.01)
        alarms.wake_at(clock.now() + 0.04)
        with anyio.fail_after(5):
            await second.wait()
        tasks.cancel_scope.cancel()
    assert len(rung) == 2


async def test_nothing_rings_after_cancel() -> None:
    clock = SystemClock()
    timers = Timers(clock)
    rung: list[float] = []
    later = anyio.Event()
    alarms = Alarms(timers, rung.append)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timers.run)
        alarms.wake_at(clock.now() + 0.01)
        alarms.cancel()
        timers.wake("later", clock.now() + 0.03, lambda _now: later.set())
        with anyio.fail_after(5):
            await later.wait()
        tasks.cancel_scope.cancel()
    assert rung == []
