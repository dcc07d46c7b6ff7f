"""One whole room of ours without a network: a test holds the wire, the clock, the stores and the learner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
from pycrdt import Map

from ltt_collab.adapters.store.memory_rooms import MemorySuggestions, MemoryWishes
from ltt_collab.model.edits import HelpRequested, RoomState
from ltt_collab.model.ids import CellId, RoomId, Seq, Username
from ltt_collab.model.suggestions import Draft, Placement
from ltt_collab.model.text import source_hash
from ltt_collab.peer.log import EventLog
from ltt_collab.peer.room import RoomPeer
from ltt_collab.peer.surroundings import Habits, Surroundings
from ltt_collab.peer.timers import Timers
from ltt_collab.ports.rooms import ChannelListener
from ltt_collab.ports.store import WishStore
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.rooms.keeper import DocumentTarget
from ltt_collab.tutoring.budget import Budget
from tests.support.deadlines import eventually
from tests.support.room_scene import TUTOR, FakeChannel, HandClock, RoomServerFake, frame
from tests.unit.documents.scenes import Learner, SteppedClock
from tests.unit.peer.test_stay import HandTimers

ADA = Username("ada")
FIRST, SECOND = CellId("first"), CellId("second")
WRONG = "total = 10\nprint(totl)"
A_WHILE = 5.0
"""Seconds after which nobody is typing any more."""


class _Wire(FakeChannel):
    """Lets the learner's page have what is sent at once."""

    def __init__(self, clock: HandClock, listener: ChannelListener, arrived: Callable[[], None]) -> None:
        super().__init__(clock, listener)
        self._arrived = arrived

    def send(self, data: bytes) -> None:
        super().send(data)
        self._arrived()


class _Server(RoomServerFake):
    """The room server and the learner's page have one document."""

    def __init__(self, clock: HandClock, learner: Learner, arrived: Callable[[], None]) -> None:
        super().__init__(clock)
        self.text = cast("Any", learner.replica)
        self._arrived = arrived

    async def dial(self, room: str, session_id: str | None, listener: ChannelListener) -> FakeChannel:
        self.dialled.append((room, session_id))
        self.channels.append(_Wire(self.clock, listener, self._arrived))
        return self.channels[-1]


class RoomInHand:
    """Our peer in a notebook in which Ada works; ``on_arrival`` is called whenever we have sent anything."""

    def __init__(self, wishes: WishStore | None = None) -> None:
        self.wishes = wishes or MemoryWishes()
        self.ada = Learner()
        self.ada.add_cell(0, FIRST, WRONG)
        self.ada.add_cell(1, SECOND, "")
        self.ada.outbox.clear()
        self.clock = SteppedClock()
        self.timers = HandTimers()
        self.on_arrival: Callable[[], None] = lambda: None
        self.server = _Server(cast("HandClock", self.clock), self.ada, self._arrived)
        self.peer = RoomPeer(
            RoomId("r"),
            DocumentTarget(path="a.ipynb", format="json", type="notebook"),
            self.server,
            self._around(),
            first_seq=Seq(0),
        )

    def _around(self) -> Surroundings:
        return Surroundings(
            user=TUTOR,
            habits=Habits(introduce=False),
            clock=self.clock,
            timers=cast("Timers", self.timers),
            heartbeat=Heartbeat(self.clock),
            log=EventLog(),
            wishes=self.wishes,
            suggestions=MemorySuggestions(),
            budget=Budget(),
            random=lambda: 0.5,
        )

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[anyio.CancelScope]:
        """Be live in the room; what is yielded ends it as the end of the service does."""
        async with anyio.create_task_group() as tasks:
            self.peer.sight(ADA)
            tasks.start_soon(self.peer.run, name="room")
            await eventually(lambda: self.server.channels, what="us at the door")
            await eventually(lambda: self.peer.info.state is RoomState.LIVE, what="us in the room")
            try:
                yield tasks.cancel_scope
            finally:
                tasks.cancel_scope.cancel()

    def _arrived(self) -> None:
        if self.server.channels:
            self.server.serve()
            self.on_arrival()

    # What Ada does.

    def deliver(self) -> None:
        """All that Ada did arrives at once, as after a moment in which our process did not run."""
        listener = self.server.channels[-1].listener
        assert listener is not None
        while self.ada.outbox:
            listener.frame_received(frame(0, 2, self.ada.outbox.pop(0)))

    def pause(self) -> None:
        """Ada does nothing for a while."""
        self.timers.time = self.clock.time
        self.clock.time += A_WHILE
        self.timers.pass_time(A_WHILE)

    def run(self) -> None:
        """Ada runs the first cell, which fails."""
        replica = self.ada.replica
        index = self.ada.view.index_of(FIRST)
        assert index is not None
        cell: Map[Any] = replica.cells[index]
        with replica.writing():
            cell["outputs"].clear()
            cell["execution_count"], cell["execution_state"] = None, "running"
        name, value = "NameError", "name 'totl' is not defined"
        error = {"output_type": "error", "ename": name, "evalue": value, "traceback": [f"{name}: {value}"]}
        with replica.writing():
            cell["outputs"].append(Map(error))
        with replica.writing():
            cell["execution_count"], cell["execution_state"] = 1.0, "idle"

    # What comes of it.

    def note(self) -> CellId | None:
        """Our note, if there is one on Ada's page."""
        view = self.ada.view
        return next((cell for cell in view.cell_ids() if view.ownership(cell) is not None), None)

    def requests(self) -> list[HelpRequested]:
        """What the tutor was asked."""
        return [event for event in self.peer.log.events if isinstance(event, HelpRequested)]

    def reasons(self) -> list[str]:
        """Why help was given or not, oldest first."""
        return [decision.because for decision in self.peer.decisions()]

    def draft(self) -> Draft:
        """What a tutor would answer to the last request."""
        asked = self.requests()[-1]
        return Draft(
            cell_id=asked.cell_id,
            expected_hash=source_hash(WRONG),
            placement=Placement.NOTE,
            text="Compare the name in line 2 with the one in line 1.",
            rung=asked.rung,
            line=2,
            cause_key=asked.cause_key,
            author=TUTOR.username,
            idempotency_key=f"k{len(self.requests())}",
        )
