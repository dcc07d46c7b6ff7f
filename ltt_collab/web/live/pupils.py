"""One learner as the wall follows them: what they did, their trouble, what became of help. No I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from ltt_collab.model.edits import (
    CursorMoved,
    HelpCause,
    HelpRequested,
    RoomEvent,
    RunFinished,
    RunOutcome,
    RunStarted,
    SourceEdited,
    SuggestionEnded,
    SuggestionShown,
    TaskChecked,
)
from ltt_collab.model.ids import CellId, RoomId, SuggestionId
from ltt_collab.model.suggestions import EndReason, Placement
from ltt_collab.model.text import source_hash
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress
from ltt_collab.web.live.cards import (
    IDLE_SECONDS,
    STUCK_REPEATS,
    STUCK_SECONDS,
    Asked,
    ErrorSeen,
    HintCount,
    Need,
    TaskState,
    Urgency,
)

TYPING_SECONDS = 2.5
"""After the last letter somebody is still called typing: shorter, and the word would flicker between words."""

HELPED = frozenset({EndReason.ACTED_ON, EndReason.ADOPTED})


@dataclass(slots=True)
class Pupil:
    """One learner.

    Invariants:
        1. Progress is a run that ended well of a source that had not yet, or a check passed for the first time.
        2. A call for help stands until something was shown about it, or the learner made progress.
    """

    name: str
    room: RoomId | None = None
    cell: CellId | None = None
    typed_at: float = 0.0
    active_at: float = 0.0
    progress_at: float | None = None
    error: ErrorSeen | None = None
    asked: Asked | None = None
    standing: dict[SuggestionId, str] = field(default_factory=dict)
    shown: int = 0
    ended: dict[EndReason, int] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    checks: dict[TaskAt, dict[str, TaskState]] = field(default_factory=dict)

    def act(self, event: RoomEvent) -> bool:
        """Follow what the learner did; whether their card changes."""
        match event:
            case SourceEdited(cell_id=cell):
                was = self.cell, event.at - self.typed_at < TYPING_SECONDS, self.room
                self.typed_at = self.active_at = event.at
                self._go(event.room, cell)
                return was != (self.cell, True, self.room)
            case CursorMoved(selection=selection) if selection is not None:
                was_at = self.cell, self.room
                self._go(event.room, selection.cell_id)
                return was_at != (self.cell, self.room)
            case RunStarted(cell_id=cell):
                self.active_at = event.at
                self._go(event.room, cell)
                return True
            case RunFinished():
                self._ran(event)
                return True
            case _:
                return False

    def hear(self, event: RoomEvent) -> bool:
        """What became of help, and what the judge said; whether the card changes."""
        match event:
            case HelpRequested(cause=HelpCause.ASKED):
                self.asked = Asked(at=event.at, question=event.question, cause_key=event.cause_key)
            case SuggestionShown(suggestion=suggestion, placement=placement, cause_key=cause):
                if placement is not Placement.POINTER:
                    self.shown += suggestion not in self.standing
                    self.standing[suggestion] = cause
                if self.asked is not None and cause == self.asked.cause_key:
                    self.asked = None  # invariant 2
            case SuggestionEnded(suggestion=suggestion, reason=reason):
                if self.standing.pop(suggestion, None) is None:
                    return False
                self.ended[reason] = self.ended.get(reason, 0) + 1
            case TaskChecked(course=course, verdict=verdict):
                checks = self.checks.setdefault(TaskAt(course=course, task=verdict.task), {})
                results = {check.name: check.passed for check in verdict.checks if not check.skipped}
                results[WHOLE_TASK] = verdict.passed
                if any(passed and checks.get(name) is not TaskState.PASSED for name, passed in results.items()):
                    self._progressed(event.at)
                checks |= {name: TaskState.PASSED if ok else TaskState.FAILING for name, ok in results.items()}
            case _:
                return False
        return True

    def load(self, row: CheckProgress) -> bool:
        """Take in what is remembered of how far they are; whether it is another thing than before."""
        checks = self.checks.setdefault(TaskAt(course=row.course, task=row.task), {})
        found = state_of(row)
        changed = checks.get(row.check) is not found
        checks[row.check] = found
        if row.passed_at is not None:
            self.progress_at = max(self.progress_at or 0.0, row.passed_at)
        return changed

    def urgency(self, now: float, *, present: bool) -> Urgency:
        """What of their card changes by time alone."""
        typing = present and now - self.typed_at < TYPING_SECONDS
        return Urgency(need=self._need(now, present=present), score=self._score(now), typing=typing)

    def hints(self) -> HintCount:
        """What became of the hints that they got."""
        return HintCount(
            shown=self.shown,
            helped=sum(count for reason, count in self.ended.items() if reason in HELPED),
            dismissed=self.ended.get(EndReason.DISMISSED, 0),
            standing=len(self.standing),
        )

    def tasks(self) -> dict[TaskAt, TaskState]:
        """How they are doing at each task."""
        return {task: _whole(checks) for task, checks in self.checks.items()}

    def checks_of(self, task: TaskAt | None) -> dict[str, TaskState]:
        """How they are doing with each check of a task."""
        checks = self.checks.get(task, {}) if task is not None else {}
        return {name: state for name, state in checks.items() if name != WHOLE_TASK}

    # Within.

    def _go(self, room: RoomId, cell: CellId) -> None:
        self.room, self.cell = room, cell
        if self.progress_at is None:
            self.progress_at = self.active_at or None

    def _ran(self, event: RunFinished) -> None:
        self._go(event.room, event.cell_id)
        self.active_at = event.at
        if event.outcome is RunOutcome.ERROR and event.error is not None:
            error = ErrorSeen(name=event.error.name, value=event.error.value, cell=event.cell_id, since=event.at)
            before = self.error
            if before is not None and (before.line, before.cell) == (error.line, error.cell):
                error = ErrorSeen(
                    name=error.name, value=error.value, cell=error.cell, since=before.since, repeats=before.repeats + 1
                )
            self.error = error
        elif event.outcome is RunOutcome.OK:
            if self.error is not None and self.error.cell == event.cell_id:
                self.error = None
            if event.source_hash not in self.done and event.source_hash != source_hash(""):
                self.done.add(event.source_hash)
                self._progressed(event.at)

    def _progressed(self, at: float) -> None:
        self.progress_at = at  # invariant 1
        self.asked = None  # invariant 2

    def _need(self, now: float, *, present: bool) -> Need:
        if not present:
            return Need.AWAY
        if self.asked is not None:
            return Need.ASKS
        if self.error is not None:
            long = now - max(self.error.since, self.progress_at or 0.0) > STUCK_SECONDS
            return Need.STUCK if long or self.error.repeats >= STUCK_REPEATS else Need.ERROR
        return Need.IDLE if now - self.active_at > IDLE_SECONDS else Need.WELL

    def _score(self, now: float) -> float:
        """Whole minutes that the matter has lasted: finer steps would keep the wall's order moving."""
        asked, error = self.asked, self.error
        since = [asked.at if asked else None, error.since if error else None, self.progress_at]
        begun = next((at for at in since if at is not None), now)
        return float((now - begun) // 60)


def state_of(row: CheckProgress) -> TaskState:
    """What is remembered of a task or a check, as one word."""
    if row.last_passed:
        return TaskState.PASSED
    return TaskState.FAILING if row.attempts else TaskState.BEGUN


def _whole(checks: dict[str, TaskState]) -> TaskState:
    known = checks.get(WHOLE_TASK)
    return known if known is not None else TaskState.BEGUN if checks else TaskState.NONE
