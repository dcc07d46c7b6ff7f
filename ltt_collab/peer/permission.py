"""Whether anything may be written in one room now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ltt_collab.model.cells import Notebook
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.peer.people import People
from ltt_collab.peer.surroundings import Surroundings

HOLE = "the server's history of this notebook has a hole ('ltt doctor' says more); writing could spread it"


class Permission:
    """Says why something may not be written.

    Invariants:
        1. Where the server or the document's history is not safe, and while the room is not live, nobody writes.
        2. While an order pauses the AI for anybody here, or it has not come to them yet, it writes nothing.
    """

    def __init__(
        self, around: Surroundings, people: People, snapshot: Callable[[], Notebook], *, read_only: str
    ) -> None:
        """``read_only``: why we may not write on this server, '' if we may."""
        self.read_only = read_only
        self.is_live = False
        self.is_holed = False
        self._around, self._people, self._snapshot = around, people, snapshot

    def why_unwritable(self) -> str | None:
        """Why nobody may write here through us now (invariant 1)."""
        if self.read_only or self.is_holed:
            return self.read_only or HOLE
        if not self.is_live:
            return "the connection to this room is not up; try again when its state is live"
        return None

    def why_paused(self) -> str | None:
        """Why the AI may not write for those who are here (invariant 2)."""
        steering, rollout = self._around.steering, self._around.rollout
        if not steering.orders() and not rollout.is_partial:
            return None
        for presence in self.presences():
            if not rollout.includes(*presence[:2]):
                return "the AI has not come to this learner in this course yet (LTT_ROLLOUT)"
            steer = steering.for_learner(*presence)
            if steer is not None and steer.paused:
                return "the AI was paused here by an instructor or the operator; it writes again when that is lifted"
        return None

    def presences(self) -> Sequence[tuple[Username | None, CourseId | None, TaskId | None]]:
        """Who is here at which task: every human with every task of the notebook, None where there is none."""
        people = {human.username for human in self._people.humans()} or {None}
        checker = self._around.checker
        found = () if checker is None else checker.tasks_in(self._snapshot())
        tasks: list[tuple[CourseId | None, TaskId | None]] = [(at.course, at.task) for at in found] or [(None, None)]
        return [(person, course, task) for person in people for course, task in tasks]
