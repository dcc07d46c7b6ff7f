"""The machine's time."""

from __future__ import annotations

import time

import anyio


class SystemClock:
    """Wall-clock time that never jumps: read once, then carried on by the monotonic clock.

    An administrator who sets the clock back an hour must not silence the tutor for an hour.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Unix time in seconds."""
        return self._offset + time.monotonic()

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await anyio.sleep(seconds)
