"""Fresh inputs with what the reference gives for them, in stock for the attempts to come.

A run of the reference is worth several attempts: each attempt takes its own fresh inputs, and no input serves twice.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import Final

import anyio

from ltt_collab.model.courses import Task
from ltt_collab.model.errors import LttError
from ltt_collab.ports.kernels import Sandbox
from ltt_collab.validation.expectations import Key, draw_keys, is_fixed

FIRST_ATTEMPTS: Final = 4
ATTEMPTS: Final = 40
"""How many attempts one run of the reference draws inputs for: few where somebody waits for it."""

FEW: Final = 40
"""Keys in stock below which more are drawn ahead: as many as are taken while drawing, by a class that runs at once."""

MOST_TASKS: Final = 200


class _Shelf:
    """The keys of one task; whoever waits for one is told of each."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.keys: list[Key] = []
        self.is_drawing = False
        self._news = anyio.Event()

    def put(self, key: Key) -> None:
        self.keys.append(key)
        self.tell()

    def tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    async def wait(self) -> None:
        await self._news.wait()


class Expectations:
    """Keys for tasks, some in stock.

    Invariants:
        1. A key with generated inputs is given out once.
        2. The reference runs only in the sandbox, once at a time for a task: a class that checks at once shares it.
        3. While keys are drawn ahead, an attempt waits for a run of the reference only if none is in stock.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._shelves: OrderedDict[int, _Shelf] = OrderedDict()
        self._low: dict[int, _Shelf] = {}
        self._news = anyio.Event()
        self._draws_ahead = False

    def prepare(self, task: Task) -> None:
        """Have keys drawn ahead: somebody has opened the task."""
        shelf = self._shelf(task)
        if not shelf.keys:
            self._order(shelf)

    async def take(self, task: Task) -> Key:
        """A key for one attempt.

        Raises:
            BrokenTaskError, SandboxUnavailableError, KernelError
        """
        is_new = id(task) not in self._shelves
        shelf = self._shelf(task)
        while not shelf.keys:  # others take what is drawn, too
            if shelf.is_drawing:  # invariant 2
                await shelf.wait()
            else:
                await self._fill(shelf, FIRST_ATTEMPTS if is_new or self._draws_ahead else ATTEMPTS)
        if all(map(is_fixed, task.checks)):
            return shelf.keys[0]
        if len(shelf.keys) <= FEW:
            self._order(shelf)
        return shelf.keys.pop()

    async def draw_ahead(self) -> None:
        """Fill stocks that run low, until cancelled (invariant 3)."""
        self._draws_ahead = True
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            while self._low:
                _, shelf = self._low.popitem()
                # What is wrong with the task, or missing here, is told to the attempt that finds the stock empty.
                with suppress(LttError):
                    if not shelf.is_drawing:
                        await self._fill(shelf, ATTEMPTS)

    def _shelf(self, task: Task) -> _Shelf:
        name = id(task)  # holds good while the task is kept on its shelf
        shelf = self._shelves.setdefault(name, _Shelf(task))
        self._shelves.move_to_end(name)
        if len(self._shelves) > MOST_TASKS:
            self._shelves.popitem(last=False)
        return shelf

    def _order(self, shelf: _Shelf) -> None:
        self._low[id(shelf)] = shelf
        self._news.set()

    async def _fill(self, shelf: _Shelf, attempts: int) -> None:
        shelf.is_drawing = True
        try:
            await self._draw(shelf, attempts)
        finally:
            shelf.is_drawing = False
            shelf.tell()

    async def _draw(self, shelf: _Shelf, attempts: int) -> None:
        await draw_keys(self._sandbox, shelf.task, attempts, shelf.put)
