"""Cells that instructors offer to learners, who choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.ids import RoomId, SuggestionId, Username
from ltt_collab.ports.steering import Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A code cell that waits for its learner's choice; a note of ours in the notebook shows it meanwhile."""

    suggestion: SuggestionId
    room: RoomId
    learner: Username
    source: str
    by: Username
    at: float


class Offering(Protocol):
    """Offers and what becomes of them; every step is in the audit."""

    async def offer(self, extent: Extent, source: str, *, by: Username) -> int:
        """Offer a cell to everybody whom it is about and who is there now; how many got it."""
        ...

    async def of_learner(self, learner: Username) -> Sequence[Offer]:
        """What waits for them, oldest first; one whose note the learner deleted is dismissed thereby."""
        ...

    async def accept(self, suggestion: SuggestionId, *, by: Username) -> None:
        """Put the cell into the notebook, where its preview stands: from now on it is the learner's own.

        Raises:
            UnknownSuggestionError, UnknownRoomError, RoomReadOnlyError, CellOccupiedError
        """
        ...

    async def dismiss(self, suggestion: SuggestionId, *, by: Username) -> None:
        """Take the preview away.

        Raises:
            UnknownSuggestionError, UnknownRoomError, RoomReadOnlyError, CellOccupiedError
        """
        ...


class NoOffers:
    """An ``Offering`` without rooms."""

    async def offer(self, _extent: Extent, _source: str, *, by: Username) -> int:  # noqa: ARG002 - as the port has it
        """Nobody gets it."""
        return 0

    async def of_learner(self, _learner: Username) -> Sequence[Offer]:
        """Nothing waits."""
        return ()

    async def accept(self, suggestion: SuggestionId, *, by: Username) -> None:
        """There is nothing to accept."""
        raise NotImplementedError

    async def dismiss(self, suggestion: SuggestionId, *, by: Username) -> None:
        """There is nothing to dismiss."""
        raise NotImplementedError
