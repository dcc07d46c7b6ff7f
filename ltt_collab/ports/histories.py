"""What a room server keeps of a document beside its present: versions, and forks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ltt_collab.model.ids import RoomId, Username


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """A copy of a document, open in a room of its own until it is merged; ``synchronized``: it follows the original."""

    id: str
    title: str
    synchronized: bool


class DocumentHistories(Protocol):
    """The versions and forks of the open notebooks of one server."""

    async def versions(self, path: str) -> Sequence[float]:
        """When the versions that the server still knows came to be, in Unix seconds, oldest first.

        Raises:
            RoomUnreachableError
            RoomRefusedError: the server keeps none.
        """
        ...

    async def forks(self, path: str) -> Sequence[Fork]:
        """The forks there are.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        ...

    async def fork(self, path: str, title: str, *, synchronized: bool) -> Fork:
        """Copy the notebook as it is now.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        ...

    async def merge(self, fork: str) -> None:
        """Bring what was changed in a fork into its original, and end the fork.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        ...


@runtime_checkable
class KeepsHistories(Protocol):
    """A server's files, where its room server keeps histories too."""

    @property
    def histories(self) -> DocumentHistories:
        """They."""
        ...


class RoomForks(Protocol):
    """Versions and forks as doors reach them."""

    async def versions(self, room: RoomId) -> Sequence[float]:
        """When the versions of a notebook came to be.

        Raises:
            UnknownRoomError, RoomUnreachableError, RoomRefusedError
        """
        ...

    async def fork(self, room: RoomId, *, synchronized: bool, by: Username) -> Fork:
        """Copy a notebook into a room of its own.

        Raises:
            UnknownRoomError, RoomReadOnlyError, ForbiddenError, RoomUnreachableError, RoomRefusedError
        """
        ...

    async def merge(self, room: RoomId, fork: str, *, by: Username) -> bool:
        """Bring a fork back; False when the notebook has no such fork.

        Raises:
            UnknownRoomError, RoomReadOnlyError, ForbiddenError, RoomUnreachableError, RoomRefusedError
        """
        ...
