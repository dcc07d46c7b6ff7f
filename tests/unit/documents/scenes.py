"""A notebook that two peers share over wires which the test holds in its hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import anyio.lowlevel
from pycrdt import Array, Map, Text

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer import Writer
from ltt_collab.documents.writer_notes import Note
from ltt_collab.model.cells import Ownership
from ltt_collab.model.ids import CellId, ClientId, RoomId, SuggestionId, Username
from ltt_collab.model.presence import Activity, Participant, Selection, User
from ltt_collab.model.text import source_hash
from ltt_collab.ports.presence import CursorState

FIRST, SECOND = CellId("first"), CellId("second")
SOURCE = "total = 0\nfor n in data:\n    total =+ n  # 😀\n"
TEXT = "Look at **line 3** again: what does `=+` do to `total`, and what did you want it to do each time?"
SUGGESTION = SuggestionId("s1")
LEARNER = User(username=Username("ada"), display_name="Ada")


class SteppedClock:
    """Time that passes only in ``sleep``; each sleep also runs the next of ``events``."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.events: deque[Callable[[], None]] = deque()
        self.each_sleep: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.each_sleep()
        if self.events:
            self.events.popleft()()
        await anyio.lowlevel.checkpoint()


@dataclass
class RecordingPresence:
    """Remembers what was shown; the test says where humans are."""

    cursors: list[Sequence[CursorState]] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    carets: list[Selection] = field(default_factory=list)

    def show_cursors(self, cursors: Sequence[CursorState]) -> None:
        self.cursors.append(cursors)

    def show_activity(self, activity: Activity) -> None:
        self.activities.append(activity)

    def humans(self) -> Sequence[Participant]:
        return [Participant(client=ClientId(7), user=LEARNER, selection=caret) for caret in self.carets]

    def enter(self, cell: CellId) -> None:
        self.carets = [Selection(cell_id=cell, anchor=0, head=0)]

    def leave(self) -> None:
        self.carets = []


class Learner:
    """Another peer of the room: edits its own copy, which reaches us when the test delivers it."""

    def __init__(self) -> None:
        self.outbox: list[bytes] = []
        self.replica = Replica(on_local_update=self.outbox.append)
        self.view = NotebookView(self.replica, RoomId("room"))

    def add_cell(self, index: int, cell: CellId, source: str) -> None:
        with self.replica.writing():
            values = {"id": cell, "cell_type": "code", "source": Text(source), "metadata": Map(), "outputs": Array()}
            self.replica.cells.insert(index, Map(values))

    def type(self, cell: CellId, at: int, text: str) -> None:
        source = self.view.text_of(cell)
        with self.replica.writing():
            source.insert(len(str(source)[:at].encode()), text)

    def delete_cell(self, cell: CellId) -> None:
        index = self.view.index_of(cell)
        assert index is not None
        cells = self.replica.cells
        with self.replica.writing():
            del cells[index]

    def move_cell(self, cell: CellId, to: int) -> None:
        """As JupyterLab does it: delete, and insert a copy of the same id."""
        source = self.view.cell_source(cell)
        self.delete_cell(cell)
        self.add_cell(to, cell, source)

    def sources(self) -> list[str]:
        return [self.view.cell_source(cell) for cell in self.view.cell_ids()]


class Scene:
    """The writer, a learner, and the wires between them."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.replica = Replica(on_local_update=self.sent.append)
        self.view = NotebookView(self.replica, RoomId("room"))
        self.presence = RecordingPresence()
        self.clock = SteppedClock()
        self.writer = Writer(
            self.replica, self.view, presence=self.presence, clock=self.clock, author=Username("tutor")
        )
        self.learner = Learner()
        self.learner.add_cell(0, FIRST, SOURCE)
        self.learner.add_cell(1, SECOND, "print(total)")
        self.deliver()
        self.frames: list[str] = []

    def deliver(self) -> None:
        """Everything that is under way arrives, on both sides."""
        outbox = self.learner.outbox
        while outbox or self.sent:
            while outbox:
                self.replica.apply(outbox.pop(0))
            while self.sent:
                self.learner.replica.apply(self.sent.pop(0))

    def note(self, text: str = TEXT, about: CellId = FIRST) -> Note:
        return Note(
            suggestion=SUGGESTION, about=about, expected_hash=source_hash(self.view.cell_source(about)), text=text
        )

    def own_cells(self) -> list[CellId]:
        return [cell for cell in self.view.cell_ids() if self.view.ownership(cell) is not None]

    def our_cell(self) -> CellId:
        (cell,) = self.own_cells()
        return cell

    def ownership(self) -> Ownership:
        found = self.view.ownership(self.our_cell())
        assert found is not None
        return found

    def watch_frames(self) -> None:
        """Note the text of our cell whenever the writer waits."""
        self.clock.each_sleep = lambda: self.frames.append(self.view.cell_source(self.our_cell()))

    def act(self, after: int, act: Callable[[], None]) -> None:
        """Let something arrive while the writer waits after so many frames."""
        self.clock.events.extend([lambda: None] * (after - 1))

        def then() -> None:
            self.deliver()
            act()
            self.deliver()

        self.clock.events.append(then)
