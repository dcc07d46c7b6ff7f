"""Cells that are inserted and run: whatever ends that before the run began, none is left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from ltt_collab.mcp_bridge.answers import OutputBudget, Reply
from ltt_collab.mcp_bridge.calling import Caller
from ltt_collab.mcp_bridge.running import insert_and_run
from ltt_collab.model.cells import Cell, CellType, Notebook, Output, OutputType
from ltt_collab.model.errors import (
    CellOccupiedError,
    ForbiddenError,
    KernelBusyError,
    KernelUnreachableError,
    LttError,
    UnknownRoomError,
)
from ltt_collab.model.ids import CellId, KernelId, RoomId, Seq, Username
from ltt_collab.ports.editing import NewCell, Written
from ltt_collab.ports.kernels import Begun, Finished, KernelInfo, KernelOutput, KernelState, Printed

ROOM, CELL = RoomId("room"), CellId("c1")
DONE = (Begun(), Printed(stream="stdout", text="once\n"), Finished(execution_count=None, ok=True))


class PlayedCaller:
    """A caller, and what stands behind it: one cell, and a kernel that gives what it is told to and then goes on."""

    name = Username("agent")
    budget = OutputBudget()

    def __init__(self, *outputs: KernelOutput | LttError, fresh: bool = True, running: bool = False) -> None:
        self.editing = self.running = self
        self.may_execute = True
        self.fresh, self.outputs = fresh, outputs
        self.state = KernelState.IDLE
        self.on_wrote: LttError | None = None
        self.on_delete: LttError | None = None
        self.cells: list[CellId] = []
        self.acts: list[str] = []
        self.waits = anyio.Event()
        shown = (Output(type=OutputType.STREAM, text="once\n"),)
        self._cell = Cell(id=CELL, type=CellType.CODE, source="x", outputs=shown, running=running)

    def expect_executor(self, what: str) -> None:
        if not self.may_execute:
            raise ForbiddenError(what, "no")

    async def kernel(self, _room: RoomId) -> KernelInfo:
        return KernelInfo(id=KernelId("k"), name="python3", state=self.state)

    async def insert(self, _room: RoomId, _new: NewCell, *, by: Username) -> Written:
        assert by == self.name
        self.acts.append("insert")
        self.cells.append(CELL)
        return Written(cell_id=CELL, index=0, hash="h", fresh=self.fresh)

    async def delete(self, _room: RoomId, cell: CellId, *, by: Username) -> None:
        await anyio.lowlevel.checkpoint()  # what is cancelled does not get past this
        assert by == self.name
        self.acts.append("delete")
        if self.on_delete is not None:
            raise self.on_delete
        self.cells.remove(cell)

    async def wrote(self, room: RoomId, *_written: Written) -> Notebook:
        if self.on_wrote is not None:
            raise self.on_wrote
        return Notebook(room=room, path="a.ipynb", cells=(self._cell,), seq=Seq(1))

    async def execute(self, *_: Any, **__: Any) -> AsyncIterator[KernelOutput]:
        self.acts.append("run")
        for output in self.outputs:
            if isinstance(output, LttError):
                raise output
            yield output
            if isinstance(output, Finished):
                return
        self.waits.set()
        await anyio.sleep_forever()

    async def progress(self, _count: float, _text: str) -> None:
        return


async def run(played: PlayedCaller) -> Reply:
    return await insert_and_run(cast("Caller", played), ROOM, NewCell(source="x", key="k"), 5)


@pytest.mark.proves("mcp:no-cell-left-behind")
async def test_who_may_not_run_code_inserts_nothing() -> None:
    played = PlayedCaller(*DONE)
    played.may_execute = False
    with pytest.raises(ForbiddenError):
        await run(played)
    assert played.acts == []


@pytest.mark.proves("mcp:no-cell-left-behind")
async def test_a_call_that_is_cancelled_before_its_run_began_leaves_no_cell() -> None:
    played = PlayedCaller()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, played)
        await played.waits.wait()
        tasks.cancel_scope.cancel()
    assert played.cells == []


async def test_a_call_that_is_cancelled_after_its_run_began_keeps_its_cell() -> None:
    played = PlayedCaller(Begun())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, played)
        await played.waits.wait()
        tasks.cancel_scope.cancel()
    assert played.cells == [CELL]


@pytest.mark.proves("mcp:no-cell-left-behind")
async def test_what_ended_the_run_is_told_also_when_the_cell_cannot_be_taken_away() -> None:
    played = PlayedCaller(KernelBusyError("k"))
    played.on_delete = CellOccupiedError(CELL)
    with pytest.raises(KernelBusyError):
        await run(played)
    assert played.acts == ["insert", "run", "delete"]


@pytest.mark.proves("mcp:no-cell-left-behind")
async def test_a_room_that_ends_right_after_the_insert_leaves_no_cell() -> None:
    played = PlayedCaller(*DONE)
    played.on_wrote = UnknownRoomError("room")
    with pytest.raises(UnknownRoomError):
        await run(played)
    assert played.acts == ["insert", "delete"]


@pytest.mark.proves("mcp:run-once")
async def test_a_run_that_was_cut_off_is_an_answer_and_no_invitation_to_try_again() -> None:
    played = PlayedCaller(Begun(), KernelUnreachableError("k", "the connection ended"))
    reply = await run(played)
    assert (reply.is_error, reply.settled) == (True, True)
    assert played.cells == [CELL]


@pytest.mark.proves("mcp:run-once")
async def test_code_that_a_learners_failing_cell_pushed_out_of_the_kernel_did_not_run() -> None:
    played = PlayedCaller(Begun(), KernelBusyError("k"))
    with pytest.raises(KernelBusyError):
        await run(played)
    assert played.cells == []


@pytest.mark.proves("mcp:run-once")
@pytest.mark.parametrize(
    ("marked", "state", "runs"),
    [(False, KernelState.IDLE, False), (True, KernelState.BUSY, True), (True, KernelState.IDLE, False)],
)
async def test_a_cell_that_is_there_already_is_told_with_its_outputs(
    marked: bool, state: KernelState, runs: bool
) -> None:
    played = PlayedCaller(*DONE, fresh=False, running=marked)
    played.state = state
    reply = await run(played)
    assert reply.data is not None
    assert played.acts == ["insert"]
    told = {key: reply.data[key] for key in ("cell_id", "index", "hash", "fresh", "running", "output", "ok")}
    expected = {"cell_id": CELL, "index": 0, "hash": "h", "fresh": False, "output": "once\n"}
    assert told == expected | {"running": runs, "ok": not runs}
