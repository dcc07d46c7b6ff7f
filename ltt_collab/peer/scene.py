"""What the parts of one room's peer see of each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ltt_collab.edits.scribe import Head
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.commands import TutorAnswered
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import CellId, ServerId, Username
from ltt_collab.model.presence import Author
from ltt_collab.peer.mind import Mind
from ltt_collab.peer.page import Page
from ltt_collab.peer.people import People
from ltt_collab.peer.surroundings import Surroundings


class Scene(Protocol):
    """One room, as the parts that act in it need it."""

    around: Surroundings
    stamp: Stamp
    mind: Mind
    people: People

    @property
    def page(self) -> Page | None:
        """The document of the present connection; None before the first one."""
        ...

    @property
    def server_id(self) -> ServerId:
        """The Jupyter server that the room is on."""
        ...

    @property
    def path(self) -> str:
        """Where the file lies on that server now."""
        ...

    @property
    def us(self) -> Author:
        """We, as the author of what we do."""
        ...

    def head(self, author: Author | None = None) -> Head:
        """The shared fields of the next event (by us, unless told otherwise); whoever takes it lets it happen."""
        ...

    def why_silent(self) -> str | None:
        """Why nothing may be written here now, in words for people; None: it may."""
        ...

    def why_unwritable(self) -> str | None:
        """Why nobody may write here through us now, a person neither; None: they may."""
        ...

    def happen(self, event: RoomEvent) -> None:
        """Log an event of ours (made with the next number) and decide what follows from it."""
        ...

    def tutor_answered(self, answer: TutorAnswered) -> None:
        """Tell the triggers that a request is done with."""
        ...

    async def tell(self, what: str) -> Mapping[str, Any] | None:
        """What our extension of the room's server tells of that; None where it does not.

        Raises:
            RoomUnreachableError
        """
        ...

    def decide(self, about: CellId | None, decision: str, because: str) -> None:
        """Remember why help was or was not given."""
        ...

    def leave(self, reason: str) -> None:
        """Leave the room for good."""
        ...

    def keep_away(self, username: Username) -> None:
        """Leave every room that this learner is in, and stay out."""
        ...
