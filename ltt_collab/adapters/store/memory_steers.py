"""Standing orders, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from ltt_collab.ports.steering import Extent, Steer


class MemorySteers:
    """``SteerStore`` in memory."""

    def __init__(self) -> None:
        self._steers: dict[Extent, Steer] = {}

    async def save(self, steer: Steer) -> None:
        """Insert, in place of the one about the same extent."""
        self._steers[steer.extent] = steer

    async def remove(self, extent: Extent) -> bool:
        """Forget the one about exactly this extent; False when there is none."""
        return self._steers.pop(extent, None) is not None

    async def all(self) -> Sequence[Steer]:
        """All of them, oldest first."""
        return sorted(self._steers.values(), key=lambda steer: steer.at)
