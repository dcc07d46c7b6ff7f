"""The class as it stands: fed with events and progress, asked for cards. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import (
    CursorMoved,
    HelpCause,
    HelpRequested,
    PeerJoined,
    PeerLeft,
    RoomEvent,
    RunFinished,
    RunOutcome,
    RunStarted,
    SourceEdited,
    SuggestionEnded,
    SuggestionShown,
    TaskChecked,
)
from ltt_collab.model.ids import CellId, ClientId, RoomId, Seq, SuggestionId, Username
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.suggestions import EndReason, Placement
from ltt_collab.model.text import source_hash
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress
from ltt_collab.web.live.cards import (
    IDLE_SECONDS,
    STUCK_REPEATS,
    STUCK_SECONDS,
    Asked,
    Card,
    ErrorSeen,
    HintCount,
    Need,
    TaskState,
    Urgency,
)
from ltt_collab.web.live.sheets import Resolve, Sheet

TYPING_SECONDS = 2.5
"""After the last letter somebody is still called typing: shorter, and the word would flicker between words."""

SOMEBODY = ClientId(-1)
"""Stands for a learner who was in a room before we looked, until their own client is heard of."""

HELPED = frozenset({EndReason.ACTED_ON, EndReason.ADOPTED})

NOTHING: frozenset[Username] = frozenset()


@dataclass(slots=True)
class _Room:
    path: str
    sheet: Sheet
    learner: Username | None = None
    seq: Seq = Seq(0)
    clients: dict[ClientId, Username] = field(default_factory=dict)


@dataclass(slots=True)
class _Learner:
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


class Wall:
    """Gathers what an instructor should see of each learner.

    Invariants:
        1. Only what a learner did moves their card's place or time: what we and the server write does not.
        2. Progress is a run that ended well of a source that had not yet, or a check passed for the first time.
        3. A call for help stands until something was shown about it, or the learner made progress.
        4. An error stands until its cell runs again, or goes, or the learner's room is left.
    """

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._rooms: dict[RoomId, _Room] = {}
        self._learners: dict[Username, _Learner] = {}

    # What is told to it. Each returns the learners whose cards may look different now.

    def enter(self, notebook: Notebook, learner: Username | None) -> frozenset[Username]:
        """A room was found open, as it is now; events that are in ``notebook`` may still be told."""
        room, known = notebook.room, self._rooms.get(notebook.room)
        found = _Room(path=notebook.path, sheet=Sheet(notebook.cells), seq=notebook.seq)
        self._rooms[room] = found
        if known is not None:
            found.clients = known.clients
        elif learner is not None:
            found.clients = {SOMEBODY: learner}  # nobody keeps a room open without being in it, or just gone
        return self.name(room, learner or (None if known is None else known.learner))

    def name(self, room: RoomId, learner: Username | None) -> frozenset[Username]:
        """It is known now whose room it is."""
        found = self._rooms.get(room)
        if found is None or learner is None or found.learner == learner:
            return NOTHING
        found.learner = learner
        state = self._learner(learner)
        state.room = state.room if state.room in self._rooms else room
        return frozenset({learner})

    def leave(self, room: RoomId) -> frozenset[Username]:
        """A room is no longer open."""
        found = self._rooms.pop(room, None)
        if found is None or found.learner is None:
            return NOTHING
        state = self._learner(found.learner)
        if state.room == room:
            others = (other for other, each in self._rooms.items() if each.learner == found.learner)
            state.room, state.cell, state.error = next(others, None), None, None  # invariant 4
            state.standing.clear()
        return frozenset({found.learner})

    def enrol(self, learner: Username) -> frozenset[Username]:
        """Somebody takes the course, seen or not."""
        self._learner(learner)
        return frozenset({learner})

    def load(self, rows: Iterable[CheckProgress]) -> frozenset[Username]:
        """What is remembered of how far they are."""
        changed = set()
        for row in rows:
            if not row.learner:
                continue  # begun before anybody could tell whose notebook it is
            state = self._learner(row.learner)
            checks = state.checks.setdefault(TaskAt(course=row.course, task=row.task), {})
            found = _state_of(row)
            if checks.get(row.check) is not found:
                checks[row.check] = found
                changed.add(row.learner)
            if row.passed_at is not None:
                state.progress_at = max(state.progress_at or 0.0, row.passed_at)
        return frozenset(changed)

    def handle(self, event: RoomEvent) -> frozenset[Username]:
        """Follow a room's events."""
        room = self._rooms.get(event.room)
        if room is None:
            return NOTHING
        restructured = event.seq > room.seq and room.sheet.handle(event)
        if room.learner is None:
            self._meet(room, event)
            return NOTHING
        state = self._learner(room.learner)
        changed = self._act(room, state, event) or self._answer(state, event) or self._meet(room, event)
        if restructured and state.error is not None and room.sheet.number_of(state.error.cell) is None:
            state.error = None  # invariant 4
        return frozenset({room.learner}) if changed or restructured else NOTHING

    # What is asked of it.

    def learner_of(self, room: RoomId) -> Username | None:
        """Whose room it is, as far as it is known."""
        found = self._rooms.get(room)
        return None if found is None else found.learner

    def rooms_of(self, learner: Username) -> list[RoomId]:
        """Their open rooms."""
        return [room for room, found in self._rooms.items() if found.learner == learner]

    def sheet(self, room: RoomId) -> Sheet | None:
        """The cells of a room."""
        found = self._rooms.get(room)
        return None if found is None else found.sheet

    def learners(self) -> list[Username]:
        """Everybody whom it knows."""
        return list(self._learners)

    def urgency(self, learner: Username, now: float) -> Urgency:
        """What of a card changes by time alone."""
        state = self._learner(learner)
        present = self._is_present(state, learner)
        typing = present and now - state.typed_at < TYPING_SECONDS
        return Urgency(need=_need(state, present=present, now=now), score=_score(state, now), typing=typing)

    def card(self, learner: Username, now: float) -> Card:
        """One learner as they stand at ``now``."""
        state = self._learner(learner)
        room = None if state.room is None else self._rooms.get(state.room)
        urgency = self.urgency(learner, now)
        at = None if room is None else room.sheet.task_of(state.cell, self._resolve)
        if at is None and room is not None:
            at = next(iter(room.sheet.tasks(self._resolve)), None)
        return Card(
            learner=learner,
            name=state.name,
            present=self._is_present(state, learner),
            need=urgency.need,
            score=urgency.score,
            room=state.room if room is not None else None,
            path="" if room is None else room.path,
            task=at,
            cell_number=None if room is None else room.sheet.number_of(state.cell),
            typing=urgency.typing,
            error=state.error,
            asked=state.asked,
            hints=_hints(state),
            progress_at=state.progress_at,
            tasks={task: _whole(checks) for task, checks in state.checks.items()},
            checks={} if at is None else _single(state.checks.get(at, {})),
        )

    # Within.

    def _is_present(self, state: _Learner, learner: Username) -> bool:
        room = None if state.room is None else self._rooms.get(state.room)
        return room is not None and learner in room.clients.values()

    def _learner(self, learner: Username) -> _Learner:
        return self._learners.setdefault(learner, _Learner(name=learner))

    def _act(self, room: _Room, state: _Learner, event: RoomEvent) -> bool:
        """What the learner did; whether their card changes."""
        if event.author.kind is not AuthorKind.LEARNER or event.author.username not in {None, room.learner}:
            return False  # invariant 1
        match event:
            case SourceEdited(cell_id=cell):
                was = state.cell, event.at - state.typed_at < TYPING_SECONDS, state.room
                state.typed_at = state.active_at = event.at
                self._go(state, event.room, cell)
                return was != (state.cell, True, state.room)
            case CursorMoved(selection=selection) if selection is not None:
                was_at = state.cell, state.room
                self._go(state, event.room, selection.cell_id)
                return was_at != (state.cell, state.room)
            case RunStarted(cell_id=cell):
                state.active_at = event.at
                self._go(state, event.room, cell)
                return True
            case RunFinished():
                self._ran(state, event)
                return True
            case _:
                return False

    def _go(self, state: _Learner, room: RoomId, cell: CellId) -> None:
        state.room, state.cell = room, cell
        if state.progress_at is None:
            state.progress_at = state.active_at or None

    def _ran(self, state: _Learner, event: RunFinished) -> None:
        self._go(state, event.room, event.cell_id)
        state.active_at = event.at
        if event.outcome is RunOutcome.ERROR and event.error is not None:
            error = ErrorSeen(name=event.error.name, value=event.error.value, cell=event.cell_id, since=event.at)
            before = state.error
            if before is not None and (before.line, before.cell) == (error.line, error.cell):
                error = ErrorSeen(
                    name=error.name, value=error.value, cell=error.cell, since=before.since, repeats=before.repeats + 1
                )
            state.error = error
        elif event.outcome is RunOutcome.OK:
            if state.error is not None and state.error.cell == event.cell_id:
                state.error = None
            if event.source_hash not in state.done and event.source_hash != source_hash(""):
                state.done.add(event.source_hash)
                self._progressed(state, event.at)

    def _progressed(self, state: _Learner, at: float) -> None:
        state.progress_at = at  # invariant 2
        state.asked = None  # invariant 3

    def _answer(self, state: _Learner, event: RoomEvent) -> bool:
        """What became of help, and what the judge said; whether the card changes."""
        match event:
            case HelpRequested(cause=HelpCause.ASKED):
                state.asked = Asked(at=event.at, question=event.question, cause_key=event.cause_key)
            case SuggestionShown(suggestion=suggestion, placement=placement, cause_key=cause):
                if placement is not Placement.POINTER:
                    state.shown += suggestion not in state.standing
                    state.standing[suggestion] = cause
                if state.asked is not None and cause == state.asked.cause_key:
                    state.asked = None  # invariant 3
            case SuggestionEnded(suggestion=suggestion, reason=reason):
                if state.standing.pop(suggestion, None) is None:
                    return False
                state.ended[reason] = state.ended.get(reason, 0) + 1
            case TaskChecked(course=course, verdict=verdict):
                checks = state.checks.setdefault(TaskAt(course=course, task=verdict.task), {})
                results = {check.name: check.passed for check in verdict.checks if not check.skipped}
                results[WHOLE_TASK] = verdict.passed
                if any(passed and checks.get(name) is not TaskState.PASSED for name, passed in results.items()):
                    self._progressed(state, event.at)
                checks |= {name: TaskState.PASSED if ok else TaskState.FAILING for name, ok in results.items()}
            case _:
                return False
        return True

    def _meet(self, room: _Room, event: RoomEvent) -> bool:
        match event:
            case PeerJoined(user=user) if event.author.kind is AuthorKind.LEARNER:
                client = event.author.client or ClientId(0)
                room.clients.pop(SOMEBODY, None)
                room.clients[client] = user.username
                self._learner(user.username).name = user.display_name or user.username
            case PeerLeft():
                room.clients.pop(SOMEBODY, None)
                room.clients.pop(event.author.client or ClientId(0), None)
            case _:
                return False
        return True


def _need(state: _Learner, *, present: bool, now: float) -> Need:
    if not present:
        return Need.AWAY
    if state.asked is not None:
        return Need.ASKS
    if state.error is not None:
        long = now - max(state.error.since, state.progress_at or 0.0) > STUCK_SECONDS
        return Need.STUCK if long or state.error.repeats >= STUCK_REPEATS else Need.ERROR
    return Need.IDLE if now - state.active_at > IDLE_SECONDS else Need.WELL


def _score(state: _Learner, now: float) -> float:
    """Whole minutes that the matter has lasted: finer steps would keep the wall's order moving."""
    since = [state.asked.at if state.asked else None, state.error.since if state.error else None, state.progress_at]
    begun = next((at for at in since if at is not None), now)
    return float((now - begun) // 60)


def _hints(state: _Learner) -> HintCount:
    return HintCount(
        shown=state.shown,
        helped=sum(count for reason, count in state.ended.items() if reason in HELPED),
        dismissed=state.ended.get(EndReason.DISMISSED, 0),
        standing=len(state.standing),
    )


def _state_of(row: CheckProgress) -> TaskState:
    if row.last_passed:
        return TaskState.PASSED
    return TaskState.FAILING if row.attempts else TaskState.BEGUN


def _whole(checks: dict[str, TaskState]) -> TaskState:
    known = checks.get(WHOLE_TASK)
    return known if known is not None else TaskState.BEGUN if checks else TaskState.NONE


def _single(checks: dict[str, TaskState]) -> dict[str, TaskState]:
    return {name: state for name, state in checks.items() if name != WHOLE_TASK}
