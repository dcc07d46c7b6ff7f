"""One timer for all rooms: at the time, once, never after cancel."""

from __future__ import annotations

import anyio

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.peer.timers import TURN, Timers


async def test_wakes_come_in_order_of_time_and_a_key_wakes_once() -> None:
    clock = SystemClock()
    timers = Timers(clock)
    woken: list[str] = []
    done = anyio.Event()
    start = clock.now()

    def last(now: float) -> None:
        woken.append("late")
        done.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timers.run)
        await anyio.lowlevel.checkpoint()
        timers.wake("late", start + 0.06, last)
        timers.wake("early", start + 0.02, lambda now: woken.append("early"))
        timers.wake("early", start + 0.04, lambda now: woken.append("early again"))
        timers.wake("never", start + 0.03, lambda now: woken.append("never"))
        timers.cancel("never")
        with anyio.fail_after(5):
            await done.wait()
        tasks.cancel_scope.cancel()
    assert woken == ["early", "late"]


async def test_a_callback_never_runs_before_its_time() -> None:
    clock = SystemClock()
    timers = Timers(clock)
    woken = anyio.Event()
    times: list[float] = []

    def wake(now: float) -> None:
        times.append(now)
        woken.set()

    when = clock.now() + 0.05
    async with anyio.create_task_group() as tasks:
        timers.wake("room", when, wake)
        tasks.start_soon(timers.run)
        with anyio.fail_after(5):
            await woken.wait()
        tasks.cancel_scope.cancel()
    assert times[0] >= when


async def test_many_wakes_at_once_leave_others_their_turn() -> None:
    clock = SystemClock()
    timers = Timers(clock)
    order: list[str] = []
    done = anyio.Event()

    def wake(now: float) -> None:
        until = clock.monotonic() + TURN
        while clock.monotonic() < until:
            pass
        order.append("wake")
        if order.count("wake") == 5:
            done.set()

    async def other() -> None:
        while not done.is_set():
            order.append("other")
            await anyio.lowlevel.checkpoint()

    for key in range(5):
        timers.wake(key, clock.now(), wake)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timers.run)
        tasks.start_soon(other)
        with anyio.fail_after(5):
            await done.wait()
        tasks.cancel_scope.cancel()
    assert "wake other wake" in " ".join(order)
