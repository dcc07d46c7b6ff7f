"""Open rooms that live in memory, for tests of the doors that stand before them."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import anyio

from ltt_collab.model.addresses import RoomAddress
from ltt_collab.model.cells import Cell, CellType, Notebook
from ltt_collab.model.edits import (
    CellRemoved,
    HelpCause,
    HelpRequested,
    RoomEvent,
    RoomState,
    RunFinished,
    RunOutcome,
    SourceEdited,
    Splice,
)
from ltt_collab.model.errors import (
    ResumePointGoneError,
    SubscriberTooSlowError,
    UnknownCellError,
    UnknownRoomError,
)
from ltt_collab.model.ids import CellId, ClientId, FileId, RoomId, Seq, ServerId, SuggestionId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.suggestions import Answer, Draft, Rejected, RejectionReason, Shown
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.model.text import source_hash
from ltt_collab.ports.directory import Decision, RoomInfo

SERVER = ServerId("http://127.0.0.1:8888/")
ADA = Author(kind=AuthorKind.LEARNER, username=Username("ada"), client=ClientId(7))
AI = Author(kind=AuthorKind.AI, username=Username("tutor"))


def code(cell_id: str, source: str) -> Cell:
    """A code cell."""
    return Cell(id=CellId(cell_id), type=CellType.CODE, source=source)


@dataclasses.dataclass
class Subscriber:
    """One reader: what waits for it, and whether more came than it may keep waiting."""

    bound: int
    waiting: deque[RoomEvent] = dataclasses.field(default_factory=deque)
    overflowed: bool = False
    ended: bool = False
    stirred: anyio.Event = dataclasses.field(default_factory=anyio.Event)
    last_seq: Seq = Seq(0)

    def put(self, event: RoomEvent) -> None:
        if len(self.waiting) >= self.bound:
            self.overflowed = True
        else:
            self.waiting.append(event)
        self.stirred.set()

    async def read(self) -> AsyncIterator[RoomEvent]:
        while True:
            while self.waiting:
                event = self.waiting.popleft()
                self.last_seq = event.seq
                yield event
            if self.overflowed:
                raise SubscriberTooSlowError(self.last_seq, self.bound)
            if self.ended:
                return
            self.stirred = anyio.Event()
            await self.stirred.wait()


class MemoryRoom:
    """A notebook that a test edits, and the events that follow from it."""

    def __init__(self, info: RoomInfo, cells: Sequence[Cell], kept: int) -> None:
        self.info = info
        self.cells = list(cells)
        self.log: deque[RoomEvent] = deque(maxlen=kept)
        self.subscribers: list[Subscriber] = []
        self.also_to: list[Subscriber] = []
        self.decisions: list[Decision] = []

    @property
    def id(self) -> RoomId:
        return self.info.id

    def emit(self, event: RoomEvent) -> RoomEvent:
        """Number the event and hand it to everybody."""
        numbered = dataclasses.replace(event, seq=Seq(self.info.last_seq + 1))
        self.info = dataclasses.replace(self.info, last_seq=numbered.seq)
        self.log.append(numbered)
        for subscriber in [*self.subscribers, *self.also_to]:
            subscriber.put(numbered)
        return numbered

    def types(self, cell_id: str, text: str, author: Author = ADA) -> RoomEvent:
        """Append text to a cell."""
        index, cell = next((i, cell) for i, cell in enumerate(self.cells) if cell.id == cell_id)
        self.cells[index] = dataclasses.replace(cell, source=cell.source + text)
        splices = (Splice(at=len(cell.source), deleted=0, inserted=text),)
        return self.emit(
            SourceEdited(room=self.id, seq=Seq(0), at=1.0, author=author, cell_id=cell.id, splices=splices)
        )

    def removes(self, cell_id: str) -> RoomEvent:
        """Take a cell away."""
        index = next(i for i, cell in enumerate(self.cells) if cell.id == cell_id)
        del self.cells[index]
        return self.emit(
            CellRemoved(room=self.id, seq=Seq(0), at=1.0, author=ADA, cell_id=CellId(cell_id), index=index)
        )

    def runs(self, cell_id: str, outcome: RunOutcome = RunOutcome.OK) -> RoomEvent:
        """Finish a run of a cell."""
        return self.emit(
            RunFinished(
                room=self.id,
                seq=Seq(0),
                at=1.0,
                author=ADA,
                cell_id=CellId(cell_id),
                execution_count=1,
                outcome=outcome,
                error=None,
                duration=0.1,
                source_hash="",
            )
        )

    def asks(self, cell_id: str, cause_key: str = "k", reply_to: str = "") -> RoomEvent:
        """Let a trigger ask for help about a cell."""
        cell = next(cell for cell in self.cells if cell.id == cell_id)
        return self.emit(
            HelpRequested(
                room=self.id,
                seq=Seq(0),
                at=1.0,
                author=ADA,
                cell_id=cell.id,
                cause=HelpCause.ERROR_RAISED,
                cause_key=cause_key,
                rung=1,
                error=None,
                expected_hash=cell.hash,
                chat="chat" if reply_to else "",
                reply_to=reply_to,
            )
        )


class MemoryDirectory:
    """A ``RoomDirectory`` whose subscribers have a bounded buffer and whose log keeps ``kept`` events a room."""

    def __init__(self, *, kept: int = 1000, bound: int = 1000) -> None:
        self.kept, self.bound = kept, bound
        self.open_rooms: dict[RoomId, MemoryRoom] = {}
        self.drafts: list[Draft] = []
        self.declined: list[tuple[RoomId, str, str]] = []
        self.answer: Callable[[Draft], Awaitable[Answer]] | None = None
        self._all: list[Subscriber] = []
        self.insight = MemoryInsight(self)

    def open(self, path: str, *cells: Cell, learner: str = "ada", first_seq: int = 0) -> MemoryRoom:
        """Open a room whose next event is ``first_seq + 1``."""
        address = RoomAddress("json", "notebook", FileId(path))
        info = RoomInfo(
            id=address.room_id(SERVER),
            server=SERVER,
            learner=Username(learner),
            path=path,
            state=RoomState.LIVE,
            last_seq=Seq(first_seq),
        )
        room = MemoryRoom(info, cells, self.kept)
        room.also_to = self._all
        self.open_rooms[info.id] = room
        return room

    def leave(self, room: MemoryRoom) -> None:
        """Close a room for good."""
        del self.open_rooms[room.id]
        for subscriber in room.subscribers:
            subscriber.ended = True
            subscriber.stirred.set()

    @property
    def subscriptions(self) -> int:
        """How many subscriptions are open."""
        return len(self._all) + sum(len(room.subscribers) for room in self.open_rooms.values())

    def rooms(self) -> Sequence[RoomInfo]:
        return sorted((room.info for room in self.open_rooms.values()), key=lambda info: (info.server, info.path))

    def find(self, room: str) -> RoomInfo:
        if RoomId(room) in self.open_rooms:
            return self.open_rooms[RoomId(room)].info
        infos = [info for info in self.rooms() if info.path == room]
        if len(infos) != 1:
            raise UnknownRoomError(room)
        return infos[0]

    async def snapshot(self, room: RoomId) -> Notebook:
        found = self._room(room)
        return Notebook(room=room, path=found.info.path, cells=tuple(found.cells), seq=found.info.last_seq)

    async def events(self, room: RoomId | None, *, after: Seq | None = None) -> AsyncIterator[RoomEvent]:
        subscriber = Subscriber(self.bound)
        listeners = self._all if room is None else self._room(room).subscribers
        if room is not None and after is not None:
            subscriber.waiting.extend(self._since(self._room(room), after))
            subscriber.last_seq = after
        listeners.append(subscriber)
        try:
            async for event in subscriber.read():
                yield event
        finally:
            listeners.remove(subscriber)

    async def propose(self, room: RoomId, draft: Draft) -> Answer:
        found = self._room(room)
        cell = next((cell for cell in found.cells if cell.id == draft.cell_id), None)
        if cell is None:
            raise UnknownCellError(draft.cell_id)
        self.drafts.append(draft)
        if cell.hash != draft.expected_hash:
            detail = "the cell changed: read it again"
            return Rejected(reason=RejectionReason.CONFLICT, detail=detail, current_source=cell.source)
        if self.answer is not None:
            return await self.answer(draft)
        return Shown(suggestion=SuggestionId(f"s-{source_hash(draft.idempotency_key)}"))

    async def decline(self, room: RoomId, cause_key: str, reply_to: str = "") -> None:
        self._room(room)
        self.declined.append((room, cause_key, reply_to))

    def decisions(self, room: RoomId) -> Sequence[Decision]:
        return tuple(self._room(room).decisions)

    def _room(self, room: RoomId) -> MemoryRoom:
        if room not in self.open_rooms:
            raise UnknownRoomError(room)
        return self.open_rooms[room]

    @staticmethod
    def _since(room: MemoryRoom, after: Seq) -> list[RoomEvent]:
        oldest = room.log[0].seq - 1 if room.log else room.info.last_seq
        if not oldest <= after <= room.info.last_seq:
            raise ResumePointGoneError(after, oldest)
        return [event for event in room.log if event.seq > after]


class MemoryInsight:
    """A ``RoomInsight`` that answers with what a test put in, and keeps what it was asked."""

    def __init__(self, directory: MemoryDirectory) -> None:
        self._directory = directory
        self.known: dict[str, Fact] = {}
        self.trial = Trial(output="", error="")
        self.brief: TaskBrief | None = None
        self.screen = ""
        self.tried: list[tuple[RoomId, CellId, str]] = []

    async def facts(self, room: RoomId, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        self._check(room, cell)
        return {name: self.known[asked] for name, asked in expressions.items() if asked in self.known}

    async def try_code(self, room: RoomId, cell: CellId, replacement: str) -> Trial:
        self._check(room, cell)
        self.tried.append((room, cell, replacement))
        return self.trial

    async def task(self, room: RoomId, cell: CellId) -> TaskBrief | None:
        self._check(room, cell)
        return self.brief

    async def read_terminal(self, room: RoomId, cell: CellId) -> str:
        self._check(room, cell)
        return self.screen

    def _check(self, room: RoomId, cell: CellId) -> None:
        if room not in self._directory.open_rooms:
            raise UnknownRoomError(room)
        if all(cell != each.id for each in self._directory.open_rooms[room].cells):
            raise UnknownCellError(cell)
