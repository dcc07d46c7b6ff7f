"""The occasions of one room: every kind of trigger, in the order in which one gives way to another."""

from __future__ import annotations

from collections.abc import Sequence

from ltt_collab.model.cells import Cell
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import HelpCause
from ltt_collab.triggers.all_passed import AllPassed
from ltt_collab.triggers.asked import Asked
from ltt_collab.triggers.check_failed import CheckFailed
from ltt_collab.triggers.error_raised import ErrorRaised
from ltt_collab.triggers.idle_after_error import IdleAfterError
from ltt_collab.triggers.kinds import Kind, Limits, Refusal, Want
from ltt_collab.triggers.long_run import LongRun
from ltt_collab.triggers.met import MetCauses
from ltt_collab.triggers.progress import Progress
from ltt_collab.triggers.run_order import RunOrder
from ltt_collab.triggers.runs import FailedRuns
from ltt_collab.triggers.same_error_again import SameErrorAgain
from ltt_collab.triggers.sheet import Sheet
from ltt_collab.triggers.task_opened import TaskOpened
from ltt_collab.triggers.thrashing import Thrashing


class Occasions:
    """Says which kinds see an occasion in what happened.

    Invariants:
        1. What several kinds see in the same event comes in one order, the one that counts first.
        2. A kind is told of what it hears and of nothing else.
        3. A kind that counts is told of what the tutor was really asked, not of what it wished.
    """

    def __init__(self, limits: Limits, sheet: Sheet, *, runs: FailedRuns, met: MetCauses, progress: Progress) -> None:
        """``runs``, ``met``, ``progress``: what all kinds remember together; who owns it tells it of each event."""
        self.long_run = LongRun(sheet)
        self.idle = IdleAfterError(runs, limits, sheet)
        self._thrashing = Thrashing(runs, limits, progress, sheet)
        self._opened = TaskOpened(limits, sheet)
        self._asked = Asked(limits, sheet)
        self._order = RunOrder(runs, met, limits, sheet)
        kinds: Sequence[Kind] = (  # invariant 1
            self._asked,
            self.long_run,
            self._order,
            ErrorRaised(runs, met, limits, progress),
            SameErrorAgain(runs, met, limits, progress),
            self._thrashing,
            CheckFailed(limits, sheet),
            AllPassed(limits, sheet),
            self.idle,
            self._opened,
        )
        self._hearing = {
            heard: tuple(kind for kind in kinds if heard in kind.hears)
            for heard in {heard for kind in kinds for heard in kind.hears}
        }
        self._clocks: Sequence[Kind] = (self.long_run, self.idle, self._opened)

    def adopt(self, cells: tuple[Cell, ...], language: str) -> None:
        """Begin with a notebook as it stands: nothing in it is an occasion."""
        self._asked.adopt(cells)
        self._order.adopt(cells)
        self._order.language = language

    def notice(self, event: Happening) -> Sequence[Want | Refusal]:
        """What the kinds that hear of it (invariant 2) want, or decided not to want."""
        return [found for kind in self._hearing.get(type(event), ()) if (found := kind.notice(event)) is not None]

    def asking(self, want: Want) -> None:
        """The tutor is being asked this (invariant 3)."""
        if want.asked:
            self._asked.asking(want)
        elif want.cause is HelpCause.LONG_RUN:
            self.long_run.offered(want)
        elif want.cause is HelpCause.THRASHING:
            self._thrashing.asking(want)

    def dues(self) -> Sequence[float]:
        """When kinds want to be told the time (Unix time in seconds)."""
        return [due for kind in self._clocks if (due := kind.due) is not None]
