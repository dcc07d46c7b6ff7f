"""Our requests to one kernel, one after the other: each waits for its turn, but not for ever."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from ltt_collab.model.errors import KernelBusyError
from ltt_collab.model.ids import KernelId


class Turn:
    """Whose request may go to the kernel; first come, first served."""

    def __init__(self, kernel: KernelId) -> None:
        self._kernel = kernel
        self._lock = anyio.Lock()

    @property
    def is_taken(self) -> bool:
        """Whether somebody has it, or waits for it."""
        return self._lock.locked()

    @asynccontextmanager
    async def taken(self, within: float) -> AsyncGenerator[None]:
        """Have the turn.

        Raises:
            KernelBusyError: others had it for that many seconds.
        """
        with anyio.move_on_after(within) as waiting:
            await self._lock.acquire()
        if waiting.cancelled_caught:
            raise KernelBusyError(self._kernel)
        try:
            yield
        finally:
            self._lock.release()
