"""The class as it stands: fed with events and progress, asked for cards. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import PeerJoined, PeerLeft, RoomEvent
from ltt_collab.model.ids import ClientId, RoomId, Seq, Username
from ltt_collab.model.presence import AuthorKind
from ltt_collab.ports.learning import CheckProgress
from ltt_collab.web.live.cards import Card, Urgency
from ltt_collab.web.live.pupils import Pupil
from ltt_collab.web.live.sheets import Resolve, Sheet

SOMEBODY = ClientId(-1)
"""Stands for a learner who was in a room before we looked, until their own client is heard of."""

NOTHING: frozenset[Username] = frozenset()


@dataclass(slots=True)
class _Room:
    path: str
    sheet: Sheet
    learner: Username | None = None
    seq: Seq = Seq(0)
    clients: dict[ClientId, Username] = field(default_factory=dict)


class Wall:
    """Gathers what an instructor should see of each learner.

    Invariants:
        1. Only what a learner did moves their card's place or time: what we and the server write does not.
        2. An error stands until its cell runs again, or goes, or the learner's room is left.
    """

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._rooms: dict[RoomId, _Room] = {}
        self._learners: dict[Username, Pupil] = {}

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
            state.room, state.cell, state.error = next(others, None), None, None  # invariant 2
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
            if state.load(row):
                changed.add(row.learner)
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
        acted = _is_of(event, room.learner) and state.act(event)  # invariant 1
        changed = acted or state.hear(event) or self._meet(room, event)
        if restructured and state.error is not None and room.sheet.number_of(state.error.cell) is None:
            state.error = None  # invariant 2
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

    def name_of(self, learner: Username) -> str:
        """What somebody calls themselves; their user name as long as they were not seen."""
        known = self._learners.get(learner)
        return learner if known is None else known.name

    def learners(self) -> list[Username]:
        """Everybody whom it knows."""
        return list(self._learners)

    def urgency(self, learner: Username, now: float) -> Urgency:
        """What of a card changes by time alone."""
        state = self._learner(learner)
        return state.urgency(now, present=self._is_present(state, learner))

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
            hints=state.hints(),
            progress_at=state.progress_at,
            tasks=state.tasks(),
            checks=state.checks_of(at),
        )

    # Within.

    def _is_present(self, state: Pupil, learner: Username) -> bool:
        room = None if state.room is None else self._rooms.get(state.room)
        return room is not None and learner in room.clients.values()

    def _learner(self, learner: Username) -> Pupil:
        return self._learners.setdefault(learner, Pupil(name=learner))

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


def _is_of(event: RoomEvent, learner: Username) -> bool:
    return event.author.kind is AuthorKind.LEARNER and event.author.username in {None, learner}
