"""What an agent writes while somebody else of ours does: decided when it is written, not when it was wished."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import anyio
import pytest

from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import TASK_KEY
from ltt_collab.model.errors import LeakError, LttError, RoomReadOnlyError, UnknownCellError
from ltt_collab.model.ids import CellId, CourseId, RoomId, TaskId, Username
from ltt_collab.model.suggestions import Answer, Draft, Placement, Rejected, RejectionReason, Shown
from ltt_collab.model.text import source_hash
from ltt_collab.peer import leak_looks
from ltt_collab.peer.agent_audit import AgentAudit
from ltt_collab.peer.editing import AgentEditing
from ltt_collab.peer.log import EventLog
from ltt_collab.peer.registry import Registry
from ltt_collab.ports.classroom import Checker, TaskAt
from ltt_collab.ports.editing import NewCell, Written
from ltt_collab.tutoring.leak import leaks
from tests.support.deadlines import eventually
from tests.unit.peer.room_in_hand import FIRST, SECOND, WRONG, RoomInHand

AGENT = Username("agent")
ROOM = RoomId("r")
PIECES = ("return sum(numbers)", "/ len(numbers)")
REFERENCE = "def mean(numbers):\n    return sum(numbers) / len(numbers)\n"


class OneTask:
    """A course of one task, to which every cell belongs."""

    def task_of(self, notebook: Notebook, cell: str) -> TaskAt | None:
        del notebook, cell
        return TaskAt(course=CourseId("basics"), task=TaskId("mean"))

    def reference(self, at: TaskAt) -> str:
        del at
        return REFERENCE


@dataclass
class Desk:
    """An agent at work in a room, whose calls the test starts and lets go on when it likes."""

    room: RoomInHand
    editing: AgentEditing
    answers: list[Written | Answer | LttError] = field(default_factory=list)

    async def insert(self, source: str, **more: object) -> None:
        """Insert a cell; the answer is noted."""
        await self._note(lambda: self.editing.insert(ROOM, NewCell(source=source, **more), by=AGENT))  # type: ignore[arg-type]

    async def propose(self, source: str, about: CellId = SECOND) -> None:
        """Propose a source for a cell of Ada's."""
        expected = source_hash(self.room.ada.view.cell_source(about))
        draft = Draft(
            cell_id=about,
            expected_hash=expected,
            placement=Placement.PROPOSAL,
            text=source,
            idempotency_key=source,
            author=AGENT,
        )
        await self._note(lambda: self.editing.propose(ROOM, draft))

    async def _note(self, call: Callable[[], object]) -> None:
        try:
            self.answers.append(await call())  # type: ignore[misc]
        except LttError as error:
            self.answers.append(error)

    @asynccontextmanager
    async def busy_writer(self) -> AsyncIterator[None]:
        """Somebody else of ours writes until the end."""
        page = self.room.peer.page
        assert page is not None
        async with page.writer.agents.turn():
            yield

    async def wait(self, calls: int) -> None:
        """Until so many calls wait for the writer."""
        page = self.room.peer.page
        assert page is not None
        lock = page.writer._lock
        await eventually(lambda: lock.statistics().tasks_waiting == calls, what="the calls at the writer's door")

    def standing(self) -> list[str]:
        return self.room.ada.sources()


def room_with_a_task() -> RoomInHand:
    found = RoomInHand()
    with found.ada.replica.writing():
        mark = {"course": "basics", "task": "mean", "role": "work"}
        found.ada.view.map_of(FIRST)["metadata"][TASK_KEY] = mark
    found.ada.outbox.clear()
    found.peer.around = replace(found.peer.around, checker=cast("Checker", OneTask()))
    return found


@asynccontextmanager
async def desk_in_a_room() -> AsyncIterator[Desk]:
    """A room of Ada's with a task, and the agent's desk in it."""
    room = room_with_a_task()
    registry = Registry(EventLog())
    registry.add(room.peer)
    audit = AgentAudit(None)
    async with room.entered(), anyio.create_task_group() as tasks:
        tasks.start_soon(audit.run)
        yield Desk(room, AgentEditing(registry, audit))
        tasks.cancel_scope.cancel()


@pytest.mark.proves("mcp:in-its-place")
@pytest.mark.parametrize("where", [{"after": FIRST}, {"index": 1}], ids=["by id", "by index"])
async def test_a_cell_that_waited_goes_below_the_cell_that_was_meant(where: dict[str, object]) -> None:
    async with desk_in_a_room() as desk, anyio.create_task_group() as tasks:
        async with desk.busy_writer():
            tasks.start_soon(lambda: desk.insert("n = 1", **where))
            await desk.wait(1)
            desk.room.ada.add_cell(0, CellId("new"), "above = 1")
            desk.room.deliver()
        await eventually(lambda: desk.answers)
        assert desk.standing() == ["above = 1", WRONG, "n = 1", ""]
        (written,) = desk.answers
        assert isinstance(written, Written)
        assert written.index == 2


@pytest.mark.proves("mcp:in-its-place")
async def test_a_cell_at_the_top_goes_to_the_top_and_one_without_a_place_to_the_end() -> None:
    async with desk_in_a_room() as desk:
        await desk.insert("top = 1", index=0)
        await desk.insert("end = 1")
        await desk.insert("far = 1", index=99)
        assert desk.standing() == ["top = 1", WRONG, "", "end = 1", "far = 1"]


@pytest.mark.proves("mcp:in-its-place")
async def test_a_cell_whose_neighbour_went_while_it_waited_is_not_written() -> None:
    async with desk_in_a_room() as desk, anyio.create_task_group() as tasks:
        async with desk.busy_writer():
            tasks.start_soon(lambda: desk.insert("n = 1", after=SECOND))
            await desk.wait(1)
            desk.room.ada.delete_cell(SECOND)
            desk.room.deliver()
        await eventually(lambda: desk.answers)
        assert isinstance(desk.answers[0], UnknownCellError)
        assert desk.standing() == [WRONG]


@pytest.mark.proves("mcp:in-its-place")
async def test_a_proposal_that_waited_stands_below_its_cell() -> None:
    async with desk_in_a_room() as desk, anyio.create_task_group() as tasks:
        async with desk.busy_writer():
            tasks.start_soon(desk.propose, "n = 1", FIRST)
            await desk.wait(1)
            desk.room.ada.add_cell(0, CellId("new"), "above = 1")
            desk.room.deliver()
        await eventually(lambda: desk.answers)
        assert isinstance(desk.answers[0], Shown)
        assert desk.standing() == ["above = 1", WRONG, "n = 1", ""]


@pytest.mark.proves("mcp:leak-gate")
async def test_pieces_of_a_solution_that_wait_side_by_side_see_each_other() -> None:
    async with desk_in_a_room() as desk, anyio.create_task_group() as tasks:
        async with desk.busy_writer():
            for piece in PIECES:
                tasks.start_soon(lambda piece=piece: desk.insert(piece, after=FIRST))  # type: ignore[misc]
            await desk.wait(2)
        await eventually(lambda: len(desk.answers) == 2)
        assert [type(answer) for answer in desk.answers] == [Written, LeakError]
        assert desk.standing() == [WRONG, PIECES[0], ""]


@pytest.mark.proves("mcp:leak-gate")
async def test_a_proposal_and_a_cell_that_wait_side_by_side_see_each_other() -> None:
    async with desk_in_a_room() as desk, anyio.create_task_group() as tasks:
        async with desk.busy_writer():
            tasks.start_soon(lambda: desk.insert(PIECES[0], after=FIRST))
            await desk.wait(1)
            tasks.start_soon(desk.propose, PIECES[1])
            await desk.wait(2)
        await eventually(lambda: len(desk.answers) == 2)
        refused = desk.answers[1]
        assert isinstance(refused, Rejected)
        assert refused.reason is RejectionReason.LEAK
        assert desk.standing() == [WRONG, PIECES[0], ""]


@pytest.mark.proves("agents:gate-looks-ahead")
async def test_while_a_proposal_is_compared_with_the_solution_other_rooms_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[str] = []

    def compare(text: str, reference: str, known: str) -> bool:
        threads.append(threading.current_thread().name.partition("_")[0])
        return leaks(text, reference, known)

    monkeypatch.setattr(leak_looks, "leaks", compare)
    async with desk_in_a_room() as desk:
        for number in range(3):  # the later ones are compared together with what was said before
            await desk.propose(f"n = {number}", FIRST)
        await desk.propose(REFERENCE, SECOND)
        assert [type(answer) for answer in desk.answers] == [Shown, Shown, Shown, Rejected]
    assert set(threads) == {"leaks"}
    assert len(threads) >= 6


@pytest.mark.proves("mcp:idempotent")
async def test_two_calls_with_one_key_that_wait_side_by_side_write_one_cell() -> None:
    async with desk_in_a_room() as desk, anyio.create_task_group() as tasks:
        async with desk.busy_writer():
            for _ in range(2):
                tasks.start_soon(lambda: desk.insert("n = 1", key="k"))
            await desk.wait(2)
        await eventually(lambda: len(desk.answers) == 2)
        one, other = desk.answers
        assert isinstance(one, Written)
        assert isinstance(other, Written)
        assert (one.cell_id, one.fresh, other.fresh) == (other.cell_id, True, False)
        assert desk.standing() == [WRONG, "", "n = 1"]


@pytest.mark.proves("agents:own-cells")
async def test_a_cell_that_waited_is_not_written_once_everybody_has_left() -> None:
    async with desk_in_a_room() as desk, anyio.create_task_group() as tasks:
        async with desk.busy_writer():
            tasks.start_soon(lambda: desk.insert("n = 1"))
            await desk.wait(1)
            desk.room.peer.people.expect_nobody()
        await eventually(lambda: desk.answers)
        assert isinstance(desk.answers[0], RoomReadOnlyError)
        assert desk.standing() == [WRONG, ""]
