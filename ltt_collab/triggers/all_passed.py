"""All checks of a task pass: a word about it, once."""

from __future__ import annotations

from ltt_collab.model.causes import learner_key
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import HelpCause, TaskChecked
from ltt_collab.model.ids import TaskId
from ltt_collab.model.presence import AuthorKind
from ltt_collab.triggers.kinds import Limits, Want
from ltt_collab.triggers.sheet import Sheet


class AllPassed:
    """Wants a word when a task is done.

    Invariants:
        1. Once for each learner and task, also over a restart in which the note stayed.
    """

    hears: tuple[type[Happening], ...] = (TaskChecked,)
    due: float | None = None

    def __init__(self, limits: Limits, sheet: Sheet) -> None:
        self._limits, self._sheet = limits, sheet
        self._told: set[tuple[str, TaskId]] = set()

    def notice(self, event: Happening) -> Want | None:
        """A want for the first verdict that is all good."""
        if not isinstance(event, TaskChecked) or event.author.kind is not AuthorKind.LEARNER:
            return None
        verdict, learner = event.verdict, learner_key(event.author)
        if not verdict.passed or (learner, verdict.task) in self._told:
            return None
        cell = next(iter(self._sheet.work_cells(verdict.task)), None) or self._sheet.tasks().get(verdict.task)
        source = None if cell is None else self._sheet.hash_of(cell)
        key = f"{learner}/{cell}/all passed/{verdict.task}"
        if cell is None or source is None or self._limits.next_rung(key) != 1:
            return None
        self._told.add((learner, verdict.task))
        return Want(
            cell_id=cell,
            learner=event.author,
            cause=HelpCause.ALL_PASSED,
            cause_key=key,
            rung=1,
            error=None,
            expected_hash=source,
            because="all checks of the task pass",
        )
