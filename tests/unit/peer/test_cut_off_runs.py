"""Which cells are shown as over: agents' own, when nothing runs, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
from anyio.lowlevel import checkpoint

from ltt_collab.documents.writer_agents import AgentCell
from ltt_collab.model.cells import CellType
from ltt_collab.model.errors import KernelUnreachableError
from ltt_collab.model.ids import CellId, KernelId, SuggestionId, Username
from ltt_collab.peer.cut_off_runs import CutOffRuns
from ltt_collab.ports.kernels import KernelInfo, KernelServer, KernelState
from tests.support.deadlines import eventually
from tests.unit.peer.room_in_hand import FIRST, RoomInHand

AGENT = Username("agent")


class OneKernel:
    """The kernels of a server: one notebook's, in whichever state the test says; None: it has none."""

    def __init__(self) -> None:
        self.state: KernelState | None = KernelState.IDLE
        self.is_away = False
        self.asked = 0

    async def kernel_of(self, path: str) -> KernelInfo | None:
        self.asked += 1
        if self.is_away:
            raise KernelUnreachableError("of a.ipynb", "the server is away")
        return None if self.state is None else KernelInfo(id=KernelId("k"), name="py", state=self.state, path=path)

    async def asked_again(self, times: int) -> None:
        """Return once it was asked so many times more."""
        until = self.asked + times
        await eventually(lambda: self.asked >= until)
        for _ in range(3):
            await checkpoint()


class Room:
    """A room in which an agent's cell shows a run, and so does Ada's first cell."""

    def __init__(self, hand: RoomInHand, kernels: OneKernel) -> None:
        self.hand, self.kernels = hand, kernels
        self.cell = CellId("")

    @property
    def runs(self) -> CutOffRuns:
        return self.hand.peer.cut_off_runs

    async def show_run(self) -> None:
        """As a life of ours left it that ended in the midst."""
        page = self.hand.peer.page
        assert page is not None
        async with page.writer.agents.turn() as turn:
            cell = AgentCell(suggestion=SuggestionId("a-1"), author=AGENT, type=CellType.CODE, source="1")
            self.cell = turn.insert(cell)
        await page.writer.agents.begin_run(self.cell, AGENT)

    def state(self, cell: CellId) -> str:
        """What Ada sees of a cell."""
        view = self.hand.ada.view
        index = view.index_of(cell)
        assert index is not None
        return str(self.hand.ada.replica.cells[index]["execution_state"])


@asynccontextmanager
async def a_room() -> AsyncIterator[Room]:
    hand, kernels = RoomInHand(), OneKernel()
    hand.peer.around = replace(hand.peer.around, kernels=lambda _server: cast("KernelServer", kernels))
    async with hand.entered():
        made = Room(hand, kernels)
        await made.show_run()
        yield made


@pytest.mark.proves("mcp:run-shown-to-its-end")
@pytest.mark.parametrize("state", [KernelState.IDLE, None])
async def test_an_agents_cell_is_over_when_nothing_ran_in_two_looks(state: KernelState | None) -> None:
    async with a_room() as room:
        room.kernels.state = state
        room.runs.look()
        await eventually(lambda: room.state(room.cell) == "idle")
        assert room.kernels.asked == 2


@pytest.mark.proves("mcp:run-shown-to-its-end")
async def test_a_cell_that_may_run_keeps_its_mark_until_that_is_known() -> None:
    async with a_room() as room:
        room.kernels.state = KernelState.BUSY
        room.runs.look()
        await room.kernels.asked_again(3)
        room.kernels.is_away = True
        await room.kernels.asked_again(3)
        assert room.state(room.cell) == "running"
        room.kernels.state, room.kernels.is_away = KernelState.IDLE, False
        await eventually(lambda: room.state(room.cell) == "idle")


@pytest.mark.proves("mcp:run-shown-to-its-end")
async def test_a_run_of_ours_is_looked_at_only_once_it_was_let_go() -> None:
    async with a_room() as room:
        room.runs.hold(room.cell)
        room.runs.hold(room.cell)
        room.runs.look()
        room.runs.release(room.cell)
        for _ in range(20):
            await checkpoint()
        assert (room.kernels.asked, room.state(room.cell)) == (0, "running")
        room.runs.release(room.cell)
        await eventually(lambda: room.state(room.cell) == "idle")


@pytest.mark.proves("mcp:run-shown-to-its-end")
async def test_a_learners_cell_that_runs_is_never_touched() -> None:
    async with a_room() as room:
        replica = room.hand.ada.replica
        with replica.writing():
            replica.cells[0]["execution_state"] = "running"
        room.hand.deliver()
        room.runs.look()
        await eventually(lambda: room.state(room.cell) == "idle")
        assert room.state(FIRST) == "running"
