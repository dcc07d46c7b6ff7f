"""Fresh inputs are drawn ahead of who needs them, and none serves twice."""

from __future__ import annotations

from typing import cast

import anyio
import anyio.lowlevel
import pytest
from anyio import wait_all_tasks_blocked

from ltt_collab.model.courses import Check, Compared, Task, TaskKind
from ltt_collab.model.errors import BrokenTaskError
from ltt_collab.model.ids import TaskId
from ltt_collab.ports.kernels import Sandbox
from ltt_collab.validation.expectations import Key
from ltt_collab.validation.stock import ATTEMPTS, FIRST_ATTEMPTS, Expectations, _Shelf

CHECK = Check(name="fresh", compared=Compared.EXPRESSION, generate="generate.py::inputs")
TASK = Task(id=TaskId("t"), title="T", kind=TaskKind.PYTHON, checks=(CHECK,), notebook="")


class Counted(Expectations):
    """Draws numbered keys without a kernel, and notes how many were asked for; ``broken``: it cannot."""

    def __init__(self) -> None:
        super().__init__(cast("Sandbox", None))
        self.drawn: list[int] = []
        self.broken = False
        self._number = self._drawing = self.at_once = 0

    async def _draw(self, shelf: _Shelf, attempts: int) -> None:
        self.drawn.append(attempts)
        self._drawing += 1
        self.at_once = max(self.at_once, self._drawing)
        try:
            await self._number_them(shelf, attempts)
        finally:
            self._drawing -= 1

    async def _number_them(self, shelf: _Shelf, attempts: int) -> None:
        if self.broken:
            raise BrokenTaskError("fresh", "it raised")
        for _ in range(attempts):
            await anyio.lowlevel.checkpoint()
            self._number += 1
            shelf.put(Key(inputs={"fresh": (str(self._number),)}))


async def test_only_the_first_attempt_waits_while_keys_are_drawn_ahead_and_no_key_serves_twice() -> None:
    counted = Counted()
    keys: list[Key] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(counted.draw_ahead)
        for _ in range(3 * ATTEMPTS):
            keys.append(await counted.take(TASK))
            await wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert counted.drawn[0] == FIRST_ATTEMPTS
    assert set(counted.drawn[1:]) == {ATTEMPTS}, "nobody drew for themselves again"
    assert len({key.inputs["fresh"] for key in keys}) == len(keys)


async def test_a_class_that_checks_at_once_shares_what_is_drawn() -> None:
    counted = Counted()
    keys: list[Key] = []

    async def one() -> None:
        keys.append(await counted.take(TASK))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(counted.draw_ahead)
        for _ in range(30):
            tasks.start_soon(one)
        with anyio.fail_after(5):
            while len(keys) < 30:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert len({key.inputs["fresh"] for key in keys}) == 30
    assert counted.at_once == 1, "one drew, the others waited for it"


async def test_a_task_that_was_opened_before_has_its_first_check_wait_for_nothing() -> None:
    counted = Counted()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(counted.draw_ahead)
        await wait_all_tasks_blocked()
        counted.prepare(TASK)
        counted.prepare(TASK)
        await wait_all_tasks_blocked()
        assert counted.drawn == [ATTEMPTS]
        assert (await counted.take(TASK)).inputs
        assert counted.drawn == [ATTEMPTS], "nobody drew for themselves"
        tasks.cancel_scope.cancel()


async def test_a_task_that_breaks_is_told_to_the_attempt_and_drawing_ahead_goes_on() -> None:
    counted = Counted()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(counted.draw_ahead)
        await counted.take(TASK)
        counted.broken = True
        for _ in range(FIRST_ATTEMPTS - 1):
            await counted.take(TASK)
        with pytest.raises(BrokenTaskError):
            await counted.take(TASK)
        counted.broken = False
        assert (await counted.take(TASK)).inputs
        tasks.cancel_scope.cancel()
