"""A learner opened a task's notebook for the first time: a word on where to begin."""

from __future__ import annotations

from ltt_collab.model.causes import learner_key
from ltt_collab.model.commands import Happening, TimeElapsed
from ltt_collab.model.edits import DocumentReloaded, HelpCause, PeerJoined, PeerLeft, RoomState, RoomStateChanged
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.triggers.kinds import Limits, Want
from ltt_collab.triggers.sheet import Sheet

LOOK_AROUND = 8.0
"""Seconds that a learner gets to look around first; who begins within them needs no word."""


class TaskOpened:
    """Wants a word for a learner who opened a task and has not begun.

    Invariants:
        1. Once for each learner in one life of ours, and never again where it was shown in an earlier one.
        2. Nothing for a notebook without a task, or one in which somebody has worked already.
    """

    hears: tuple[type[Happening], ...] = (TimeElapsed, PeerJoined, PeerLeft, DocumentReloaded, RoomStateChanged)

    def __init__(self, limits: Limits, sheet: Sheet) -> None:
        self._limits, self._sheet = limits, sheet
        self._here: dict[str, tuple[Author, float]] = {}
        self._met: set[str] = set()

    @property
    def due(self) -> float | None:
        """When the first of those who came has looked around."""
        return min((at + LOOK_AROUND for _, at in self._here.values()), default=None)

    def notice(self, event: Happening) -> Want | None:
        """A want when somebody has looked around."""
        match event:
            case PeerJoined(author=author) if author.kind is AuthorKind.LEARNER:
                self._meet(author, event.at)
            case PeerLeft(author=author):
                self._here.pop(learner_key(author), None)
            case DocumentReloaded():
                self._here = {who: (author, event.at) for who, (author, _) in self._here.items()}
            case RoomStateChanged(state=RoomState.LEFT):
                self._here.clear()
            case TimeElapsed(now=now):
                return self._ripe(now)
            case _:
                pass
        return None

    def _meet(self, author: Author, at: float) -> None:
        who = learner_key(author)
        if author.username is not None and who not in self._met:
            self._met.add(who)  # invariant 1
            self._here[who] = (author, at)

    def _ripe(self, now: float) -> Want | None:
        for who, (author, at) in tuple(self._here.items()):
            if now < at + LOOK_AROUND:
                continue
            del self._here[who]
            if (want := self._want(who, author)) is not None:
                return want
        return None

    def _want(self, who: str, author: Author) -> Want | None:
        tasks = self._sheet.tasks()
        if not tasks or any(seen.touched for seen in self._sheet.cells.values()):  # invariant 2
            return None
        task, first = next(iter(tasks.items()))
        cell = next(self._sheet.work_cells(task), first)
        key, source = f"{who}/{cell}/opened/{task}", self._sheet.hash_of(cell)
        if source is None or self._limits.next_rung(key) != 1:  # invariant 1
            return None
        return Want(
            cell_id=cell,
            learner=author,
            cause=HelpCause.TASK_OPENED,
            cause_key=key,
            rung=1,
            error=None,
            expected_hash=source,
            because="the learner opened the task for the first time",
        )
