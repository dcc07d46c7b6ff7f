"""Time, so that tests can own it."""

from typing import Protocol


class Clock(Protocol):
    """Two clocks and a way to wait."""

    def now(self) -> float:
        """Unix time in seconds, for what people read and what is stored."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards, for deadlines."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; cancellable."""
        ...
