"""Garbage is collected at set times, and as before once nobody tends it."""

from __future__ import annotations

import gc
import weakref

import anyio

from ltt_collab.peer.garbage import NEVER, PERIOD, tend_garbage
from tests.support.deadlines import eventually
from tests.support.room_scene import HandClock


class Ring:
    def __init__(self) -> None:
        self.me = self


async def test_what_only_a_full_look_finds_goes_when_its_time_has_come() -> None:
    clock, former = HandClock(), gc.get_threshold()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tend_garbage, clock)
        await eventually(lambda: clock.slept == [PERIOD])
        assert gc.get_threshold()[2] == NEVER
        assert gc.get_freeze_count() > 0, "what the service is made of is looked at each time"
        ring = Ring()
        gone = weakref.ref(ring)
        del ring
        clock.pass_time(PERIOD)
        await eventually(lambda: gone() is None)
        tasks.cancel_scope.cancel()
    assert gc.get_threshold() == former
    assert gc.get_freeze_count() == 0
