"""Tells whoever waits that something changed."""

from __future__ import annotations

import anyio


class Bell:
    """``next`` is set at the next ring; whoever takes it before looking misses nothing."""

    def __init__(self) -> None:
        self.next = anyio.Event()

    def ring(self) -> None:
        """Something changed."""
        rung, self.next = self.next, anyio.Event()
        rung.set()
