"""The task's checks fail: help with the first that does."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.model.causes import check_key, learner_key
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import HelpCause, TaskChecked
from ltt_collab.model.ids import CellId, TaskId
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.validations import Outcome
from ltt_collab.triggers.kinds import Limits, Refusal, Want
from ltt_collab.triggers.sheet import Sheet

_CHECKED = frozenset({Outcome.FAILED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.MEMORY})
"""Outcomes that say something about the learner's work."""


@dataclass(frozen=True, slots=True)
class _Last:
    passed: int
    first: str


class CheckFailed:
    """Wants help with the first check that fails.

    Invariants:
        1. Who has not begun, or whose cell raises an error, is not bothered with checks.
        2. Who passes more checks than the time before, or fails at another, is left alone.
    """

    hears: tuple[type[Happening], ...] = (TaskChecked,)
    due: float | None = None

    def __init__(self, limits: Limits, sheet: Sheet) -> None:
        self._limits, self._sheet = limits, sheet
        self._last: dict[tuple[str, TaskId], _Last] = {}

    def notice(self, event: Happening) -> Want | Refusal | None:
        """A want for a verdict that is no better than the last."""
        if not isinstance(event, TaskChecked) or event.author.kind is not AuthorKind.LEARNER:
            return None
        verdict, failed = event.verdict, event.verdict.first_failed
        who = (learner_key(event.author), verdict.task)
        if verdict.passed:
            self._last.pop(who, None)
            return None
        cell = self._place(event)
        if cell is None or verdict.outcome not in _CHECKED:
            return Refusal(about=cell, because=f"the checks say nothing about the work: {verdict.outcome}")
        name = failed.name if failed is not None else str(verdict.outcome)
        last, now = self._last.get(who), _Last(sum(check.passed for check in verdict.checks), name)
        self._last[who] = now
        because = self._why_left_alone(cell, last, now)
        key = check_key(event.author, cell, f"{verdict.task}/{name}")
        rung = self._limits.next_rung(key)
        if because is None and rung is None:
            because = "the same check fails again, and the note says all it may for now"
        source = self._sheet.hash_of(cell)
        if because is not None or rung is None or source is None:
            return Refusal(about=cell, because=because or "the cell is gone")
        return Want(
            cell_id=cell,
            learner=event.author,
            cause=HelpCause.CHECK_FAILED,
            cause_key=key,
            rung=rung,
            error=None,
            expected_hash=source,
            because="the same check fails again" if last is not None else "a check of the task fails",
        )

    def _place(self, event: TaskChecked) -> CellId | None:
        latest = self._sheet.whereabouts(event.author)
        work = tuple(self._sheet.work_cells(event.verdict.task))
        if latest in work:
            return latest
        return work[-1] if work else self._sheet.tasks().get(event.verdict.task)

    def _why_left_alone(self, cell: CellId, last: _Last | None, now: _Last) -> str | None:
        seen = self._sheet.cells.get(cell)
        if seen is None or not seen.touched:
            return "the learner has not begun with the task"
        if seen.failed is not None:
            return "the cell raises an error, and that comes first"
        if last is not None and now.passed > last.passed:
            return "the learner gets on: more checks pass than before"
        if last is not None and now.first != last.first and now.passed == last.passed:
            return "the learner gets on: another check fails than before"
        return None
