"""How many scratch kernels agents have at once: each a few, all together as many as the machine bears."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio

from ltt_collab.model.errors import KernelBusyError
from ltt_collab.model.ids import Username

OF_ONE = 2
"""Scratch kernels of one agent at once."""

OF_ALL = min(8, max(OF_ONE, os.cpu_count() or 1))
"""Scratch kernels of all agents at once, unless the operator says otherwise: each may fill a processor and 512 MiB."""


class ScratchTurns:
    """Lets agents wait for their turn in the sandbox.

    Invariants:
        1. No agent has more than ``OF_ONE`` scratch kernels, and all of them together no more than ``most``.
        2. Waiting counts as time of the call, and ends with it.
        3. Who waits for a turn of their own holds none that another agent could have.
    """

    def __init__(self, most: int = OF_ALL) -> None:
        self._most = most
        self._of_all = anyio.Semaphore(most)
        self._of_one: dict[Username, anyio.Semaphore] = {}

    @asynccontextmanager
    async def taken(self, who: Username, seconds: float) -> AsyncGenerator[float]:
        """Have a turn; the seconds that are left of the call.

        Raises:
            KernelBusyError: there was none in that time.
        """
        until = anyio.current_time() + seconds
        async with AsyncExitStack() as turns:
            own = self._of_one.setdefault(who, anyio.Semaphore(OF_ONE))
            turns.callback(self._forget, who, own)
            with anyio.move_on_after(seconds) as waiting:  # invariant 2
                for turn in (own, self._of_all):  # invariant 3
                    await turns.enter_async_context(turn)
            left = until - anyio.current_time()
            if waiting.cancelled_caught or left <= 0:
                bound = f"each agent has {OF_ONE} scratch kernels at most at once, all together {self._most}"
                raise KernelBusyError(f"of the sandbox ({bound})")
            yield left

    def _forget(self, who: Username, own: anyio.Semaphore) -> None:
        is_unused = own.value == OF_ONE and not own.statistics().tasks_waiting
        if is_unused and self._of_one.get(who) is own:
            del self._of_one[who]
