"""What the owner of a room hears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ltt_collab.model.errors import RoomError
from ltt_collab.rooms.presence import PresenceEvent


class RoomListener(Protocol):
    """Hears what happens in one room; called on the event loop, must not block."""

    def synced(self) -> None:
        """The replica is up to date now; again after each ``stale``."""
        ...

    def stale(self, reason: str) -> None:
        """Something may be missing from the replica until the next ``synced``."""
        ...

    def presence_changed(self, event: PresenceEvent) -> None:
        """Somebody came, moved, left, or calls itself by our name."""
        ...

    def server_said(self, message: Mapping[str, Any]) -> None:
        """The room server said something of its own: ``{"type": "save", …}``, ``{"type": "conflict"}``."""
        ...

    def closed(self, error: RoomError) -> None:
        """The room is over; called exactly once, nothing follows. ``error.__cause__`` is a bug's traceback, if any."""
        ...
