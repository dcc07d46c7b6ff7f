"""How people steer the AI: pause it, approve what it says, say something themselves. Every act is in the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.ids import CellId, CourseId, RoomId, SuggestionId, TaskId, Username
from ltt_collab.model.suggestions import Answer, Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Whom something is about: every given one of ``learner``, ``course`` and ``task``; none given: everybody."""

    learner: Username | None = None
    course: CourseId | None = None
    task: TaskId | None = None

    def covers(self, learner: Username | None, course: CourseId | None, task: TaskId | None) -> bool:
        """Whether it is about that learner at that task."""
        return self.learner in {None, learner} and self.course in {None, course} and self.task in {None, task}


@dataclass(frozen=True, slots=True, kw_only=True)
class Steer:
    """A standing order; ``paused``: the AI writes nothing; ``approval``: what it would write waits for a person."""

    extent: Extent
    paused: bool = False
    approval: bool = False
    by: Username
    at: float
    reason: str = ""


class Steering(Protocol):
    """Standing orders; they hold within 5 s in every room, and after a restart."""

    async def order(self, steer: Steer) -> None:
        """Give an order, in place of the one about the same extent.

        Raises:
            StoreUnavailableError: it holds all the same, until the next restart.
        """
        ...

    async def lift(self, extent: Extent, *, by: Username) -> bool:
        """End the order about exactly this extent; False when there is none."""
        ...

    def orders(self) -> Sequence[Steer]:
        """The orders that stand, oldest first."""
        ...

    def for_learner(self, learner: Username | None, course: CourseId | None, task: TaskId | None) -> Steer | None:
        """What holds for a learner at a task: a pause before an approval, else None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDraft:
    """A draft that waits for a person; it ends by itself when the cell that it is about changes."""

    suggestion: SuggestionId
    room: RoomId
    learner: Username | None
    draft: Draft
    at: float


class Approvals(Protocol):
    """The queue of drafts that wait for a person."""

    def held(self) -> Sequence[HeldDraft]:
        """Oldest first."""
        ...

    async def approve(self, suggestion: SuggestionId, *, by: Username, text: str | None = None) -> Answer:
        """Show it, with another text if one is given (which the gate judges like any other).

        Raises:
            UnknownSuggestionError: it is not held (any more).
        """
        ...

    async def reject(self, suggestion: SuggestionId, *, by: Username, reason: str = "") -> None:
        """Show it never.

        Raises:
            UnknownSuggestionError
        """
        ...


class Whispering(Protocol):
    """What an instructor says to learners themselves, named as such."""

    async def whisper(self, room: RoomId, cell: CellId | None, text: str, *, by: Username) -> Answer:
        """Write a note below a cell (None: where the learner is) that says who says it.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...

    async def broadcast(self, extent: Extent, text: str, *, by: Username) -> int:
        """The same to everybody whom it is about and who is there now; how many got it."""
        ...


class SteerStore(Protocol):
    """Standing orders, kept until they are lifted."""

    async def save(self, steer: Steer) -> None:
        """Insert, in place of the one about the same extent."""
        ...

    async def remove(self, extent: Extent) -> bool:
        """Forget the one about exactly this extent; False when there is none."""
        ...

    async def all(self) -> Sequence[Steer]:
        """All of them, oldest first."""
        ...


class NoOrders:
    """A ``Steering`` where nobody steers."""

    async def order(self, steer: Steer) -> None:
        """Take no order."""
        raise NotImplementedError

    async def lift(self, extent: Extent, *, by: Username) -> bool:  # noqa: ARG002 - as the port has it
        """There is none to lift."""
        return False

    def orders(self) -> Sequence[Steer]:
        """None."""
        return ()

    def for_learner(
        self,
        learner: Username | None,  # noqa: ARG002
        course: CourseId | None,  # noqa: ARG002
        task: TaskId | None,  # noqa: ARG002
    ) -> Steer | None:
        """Nothing holds."""
        return None
