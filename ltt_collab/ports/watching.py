"""One room as somebody looks at it who takes no part in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from ltt_collab.model.ids import CellId, RoomId, Username
from ltt_collab.model.presence import Participant


class RoomWatching(Protocol):
    """What a shadow view shows beyond the notebook and its events. It changes nothing in the document."""

    def present(self, room: RoomId) -> Sequence[Participant]:
        """Everybody who is visible in the room, us first, with their carets where these are now.

        Raises:
            UnknownRoomError
        """
        ...

    @property
    def is_visible(self) -> bool:
        """Whether learners are told that somebody watches."""
        ...

    def output(self, room: RoomId, cell: CellId, index: int) -> Mapping[str, Any]:
        """The MIME bundle of one output, as the document holds it: unchecked, uncapped; {} when there is none.

        Raises:
            UnknownRoomError
        """
        ...

    def watch(self, room: RoomId, *, by: Username) -> AbstractContextManager[None]:
        """While it is open the learner sees that an instructor watches, where the operator has not ruled that out.

        Raises:
            UnknownRoomError
        """
        ...


class NoWatching:
    """A ``RoomWatching`` that sees nobody: for a service without rooms of its own."""

    is_visible = False

    def present(self, _room: RoomId) -> Sequence[Participant]:
        """Nobody."""
        return ()

    def output(self, _room: RoomId, _cell: CellId, _index: int) -> Mapping[str, Any]:
        """None."""
        return {}

    def watch(self, _room: RoomId, *, by: Username) -> AbstractContextManager[None]:  # noqa: ARG002 - as the port
        """Tell nobody."""
        return nullcontext()
