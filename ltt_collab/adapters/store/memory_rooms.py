"""What belongs to rooms, in memory: wishes, suggestions, feedback, events, places."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from ltt_collab.adapters.store.held import Held
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import CellId, RoomId, Seq, ServerId, SuggestionId, Username
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.suggestions import EndReason
from ltt_collab.model.wire import to_wire
from ltt_collab.ports.learning import Feedback, FeedbackCount
from ltt_collab.ports.store import SESSION_GAP, RoomRecord, SessionRecord, SuggestionRecord

EVENTS_KEPT = 10_000
"""Events kept per room, some hours of one learner; the oldest are dropped first."""

_SUGGESTION, _FEEDBACK = TypeAdapter(SuggestionRecord), TypeAdapter(Feedback)


class MemoryWishes:
    """``WishStore`` in memory."""

    def __init__(self) -> None:
        self._away: set[tuple[str, Username]] = set()
        self._introduced: set[tuple[str, Username]] = set()
        self._muted: set[tuple[str, Username]] = set()

    async def keep_away(self, server: str, username: Username) -> None:
        """Remember that the tutor must leave this learner's notebooks on that server."""
        self._away.add((server, username))

    async def welcome_back(self, server: str, username: Username) -> None:
        """Forget it."""
        self._away.discard((server, username))

    async def is_kept_away(self, server: str, username: Username) -> bool:
        """Whether the tutor must stay out."""
        return (server, username) in self._away

    async def mute(self, server: str, username: Username, *, muted: bool) -> None:
        """Remember that this learner wants no unasked help, or wants it again."""
        (self._muted.add if muted else self._muted.discard)((server, username))

    async def is_muted(self, server: str, username: Username) -> bool:
        """Whether this learner wants no unasked help."""
        return (server, username) in self._muted

    async def introduce(self, server: str, username: Username) -> bool:
        """Record that the learner was told who reads what; True the first time only."""
        first = (server, username) not in self._introduced
        self._introduced.add((server, username))
        return first

    def of(self, learner: Username) -> Held:
        """All that is this learner's."""
        known = (("kept_away", self._away), ("introduced", self._introduced), ("muted", self._muted))
        for kind, wishes in known:
            yield from ((kind, {"server": server, "username": name}) for server, name in wishes if name == learner)

    def forget(self, learner: Username) -> None:
        """Drop it."""
        self._away = {wish for wish in self._away if wish[1] != learner}
        self._introduced = {wish for wish in self._introduced if wish[1] != learner}
        self._muted = {wish for wish in self._muted if wish[1] != learner}

    def expire(self, before: float) -> Mapping[str, int]:
        """Wishes do not age."""
        del before
        return {}


class MemorySuggestions:
    """``SuggestionStore`` in memory."""

    def __init__(self) -> None:
        self._records: dict[SuggestionId, SuggestionRecord] = {}

    async def save(self, record: SuggestionRecord) -> None:
        """Insert or replace by suggestion id."""
        self._records[record.suggestion] = record

    async def end(self, suggestion: SuggestionId, reason: EndReason, at: float) -> None:
        """Record why and when it ended; an unknown one is none of our business."""
        if suggestion in self._records:
            self._records[suggestion] = replace(self._records[suggestion], ended=reason, ended_at=at)

    async def of_room(self, room: RoomId) -> Sequence[SuggestionRecord]:
        """All that this room ever had, oldest first."""
        return self._sorted([record for record in self._records.values() if record.room == room])

    async def of_learner(self, learner: Username) -> Sequence[SuggestionRecord]:
        """All that were for this learner, oldest first."""
        return self._sorted([record for record in self._records.values() if record.learner == learner])

    async def about(
        self, cells: Collection[CellId], *, after: Username | None = None, learners: int = 100
    ) -> Sequence[SuggestionRecord]:
        """All about these cells of the next learners with a name, by learner and time."""
        found = [each for each in self._records.values() if each.about in cells and each.learner > (after or "")]
        names = sorted({each.learner for each in found})[:learners]
        return [each for name in names for each in self._sorted([each for each in found if each.learner == name])]

    @staticmethod
    def _sorted(records: list[SuggestionRecord]) -> Sequence[SuggestionRecord]:
        return sorted(records, key=lambda record: (record.at, record.suggestion))

    def of(self, learner: Username) -> Held:
        """All that is this learner's."""
        mine = self._sorted([record for record in self._records.values() if record.learner == learner])
        return [("suggestions", _SUGGESTION.dump_python(record, mode="json")) for record in mine]

    def forget(self, learner: Username) -> None:
        """Drop it."""
        self._records = {key: record for key, record in self._records.items() if record.learner != learner}

    def expire(self, before: float) -> Mapping[str, int]:
        """Drop what is older and over; how many of each kind."""
        old = [key for key, record in self._records.items() if record.at < before and record.ended is not None]
        for key in old:
            del self._records[key]
        return {"suggestions": len(old)}


class MemoryFeedback:
    """``FeedbackStore`` in memory."""

    def __init__(self) -> None:
        self._answers: dict[tuple[SuggestionId, Username], Feedback] = {}

    async def save(self, feedback: Feedback) -> None:
        """Insert or replace by suggestion and learner."""
        self._answers[feedback.suggestion, feedback.learner] = feedback

    async def of_suggestion(self, suggestion: SuggestionId) -> Sequence[Feedback]:
        """Every answer about one suggestion, oldest first."""
        found = [answer for answer in self._answers.values() if answer.suggestion == suggestion]
        return sorted(found, key=lambda answer: (answer.at, answer.learner))

    async def count(self, *, since: float, until: float) -> FeedbackCount:
        """The answers with ``since <= at < until``."""
        said = [answer.helpful for answer in self._answers.values() if since <= answer.at < until]
        return FeedbackCount(helpful=said.count(True), unhelpful=said.count(False))

    def of(self, learner: Username) -> Held:
        """All that is this learner's."""
        mine = [answer for answer in self._answers.values() if answer.learner == learner]
        return [("feedback", _FEEDBACK.dump_python(answer, mode="json")) for answer in mine]

    def forget(self, learner: Username) -> None:
        """Drop it."""
        self._answers = {key: answer for key, answer in self._answers.items() if answer.learner != learner}

    def expire(self, before: float) -> Mapping[str, int]:
        """Drop what is older and over; how many of each kind."""
        old = [key for key, answer in self._answers.items() if answer.at < before]
        for key in old:
            del self._answers[key]
        return {"feedback": len(old)}


class MemoryEvents:
    """``EventStore`` in memory, bounded per room."""

    def __init__(self, kept: int = EVENTS_KEPT) -> None:
        self._kept = kept
        self.rooms: dict[RoomId, dict[Seq, RoomEvent]] = {}

    async def append(self, events: Sequence[RoomEvent]) -> None:
        """Append in order; an event whose (room, seq) is there already is ignored."""
        for event in events:
            log = self.rooms.setdefault(event.room, {})
            log.setdefault(event.seq, event)
            self._shorten(log, self._kept)

    async def after(self, room: RoomId, seq: Seq, limit: int) -> Sequence[RoomEvent]:
        """Up to ``limit`` events with a greater seq, in order."""
        return [event for event in self.in_order(room) if event.seq > seq][:limit]

    async def last_seq(self, room: RoomId) -> Seq:
        """The greatest seq stored, 0 for an unknown room."""
        return max(self.rooms.get(room, ()), default=Seq(0))

    async def between(self, room: RoomId, since: float, until: float, *, after: Seq, limit: int) -> Sequence[RoomEvent]:
        """Up to ``limit`` events with ``since <= at < until`` and a greater seq than ``after``, in order of seq."""
        return [event for event in self.in_order(room) if event.seq > after and since <= event.at < until][:limit]

    async def prune(self, *, before: float, keep: int | None = None) -> int:
        """Drop events older than ``before`` and, with ``keep``, the oldest ones over that many a room; how many."""
        had = sum(map(len, self.rooms.values()))
        for log in self.rooms.values():
            for event in [event for event in log.values() if event.at < before]:
                del log[event.seq]
            if keep is not None:
                self._shorten(log, keep)
        return had - sum(map(len, self.rooms.values()))

    def in_order(self, room: RoomId) -> Sequence[RoomEvent]:
        """All events of a room, by seq."""
        log = self.rooms.get(room, {})
        return [log[number] for number in sorted(log)]

    @staticmethod
    def _shorten(log: dict[Seq, RoomEvent], keep: int) -> None:
        while len(log) > keep:
            del log[next(iter(log))]  # appended in order, so the first is the oldest


class MemoryRooms:
    """``RoomStore`` in memory, over the events."""

    def __init__(self, events: MemoryEvents) -> None:
        self._events = events
        self._places: dict[RoomId, tuple[ServerId, str]] = {}

    async def save(self, room: RoomId, server: ServerId, path: str) -> None:
        """Remember where a room is or, said again, where it is now."""
        self._places[room] = (server, path)

    async def find(self, room: str) -> RoomRecord | None:
        """The room of that id, else the latest of that path, else None."""
        known = self._records()
        by_id = [record for record in known if record.room == room]
        return next(iter(by_id or [record for record in known if record.path == room]), None)

    async def recorded(
        self, *, learner: Username | None = None, since: float = 0.0, limit: int = 100
    ) -> Sequence[RoomRecord]:
        """Rooms with events not older than ``since``, the latest first; with ``learner`` only theirs."""
        found = [record for record in self._records() if record.events and record.last_at >= since]
        return [record for record in found if learner is None or learner in record.learners][:limit]

    async def sessions(self, room: RoomId) -> Sequence[SessionRecord]:
        """The sessions of a room, oldest first; ``SESSION_GAP`` parts them."""
        stretches: list[list[RoomEvent]] = []
        for event in self._events.in_order(room):
            if not stretches or event.at - stretches[-1][-1].at > SESSION_GAP:
                stretches.append([])
            stretches[-1].append(event)
        return [
            SessionRecord(
                room=room, first_seq=each[0].seq, last_seq=each[-1].seq, first_at=each[0].at, last_at=each[-1].at
            )
            for each in stretches
        ]

    def _records(self) -> Sequence[RoomRecord]:
        known = [self._record(room) for room in {**self._places, **self._events.rooms}]
        return sorted(known, key=lambda record: (-record.last_at, record.room))

    def _record(self, room: RoomId) -> RoomRecord:
        events = self._events.in_order(room)
        server, path = self._places.get(room, (ServerId(""), ""))
        times = [event.at for event in events]
        return RoomRecord(
            room=room,
            server=server,
            path=path,
            first_at=min(times, default=0.0),
            last_at=max(times, default=0.0),
            events=len(events),
            learners=self._learners(events),
        )

    @staticmethod
    def _learners(events: Sequence[RoomEvent]) -> tuple[Username, ...]:
        authors = [event.author for event in events if event.author.kind is AuthorKind.LEARNER]
        return tuple(dict.fromkeys(author.username for author in authors if author.username is not None))

    def _rooms_of(self, learner: Username) -> Sequence[RoomRecord]:
        return [record for record in self._records() if learner in record.learners]

    def of(self, learner: Username) -> Held:
        """All that is this learner's."""
        for record in self._rooms_of(learner):
            yield "rooms", {"room": record.room, "server": record.server, "path": record.path}
            for event in self._events.in_order(record.room):
                yield "events", {"room": event.room, "seq": event.seq, "at": event.at, "body": to_wire(event)}

    def forget(self, learner: Username) -> None:
        """Drop it."""
        for record in self._rooms_of(learner):
            self._events.rooms.pop(record.room, None)
            self._places.pop(record.room, None)

    def expire(self, before: float) -> Mapping[str, int]:
        """Drop what is older and over; how many of each kind."""
        gone = 0
        for log in self._events.rooms.values():
            for event in [event for event in log.values() if event.at < before]:
                del log[event.seq]
                gone += 1
        return {"events": gone}
