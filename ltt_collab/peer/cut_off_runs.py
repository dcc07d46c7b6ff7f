"""Agents' cells that show a run which is over: its last word went with a connection, or with our process."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from anyio.abc import TaskGroup

from ltt_collab.model.cells import CellRole
from ltt_collab.model.errors import KernelError, LttError
from ltt_collab.model.ids import CellId, Seq, Username
from ltt_collab.peer.scene import Scene
from ltt_collab.ports.kernels import KernelState

log = structlog.get_logger(__name__)

BETWEEN = 2.0
"""Seconds between two looks: who runs a cell themselves shows it as running a moment before their kernel is busy."""

LATER = 5.0
"""Seconds until the next look while something runs, or nobody can say whether."""


class CutOffRuns:
    """Shows as over what is over, in one room.

    Invariants:
        1. Only agents' cells are touched, and never one that shows a run of ours.
        2. A run is over when the kernel was idle, or there was none, in two looks in a row while the cell showed it.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._ours: dict[CellId, int] = {}
        self._tasks: TaskGroup | None = None
        self._at_work = False

    def begin(self, tasks: TaskGroup) -> None:
        """Look in these tasks."""
        self._tasks = tasks

    def end(self) -> None:
        """The room is over."""
        self._tasks = None

    def hold(self, cell: CellId) -> None:
        """A run of ours shows there from now on (invariant 1)."""
        self._ours[cell] = self._ours.get(cell, 0) + 1

    def release(self, cell: CellId) -> None:
        """No more, whether its end could be shown or not."""
        left = self._ours.pop(cell) - 1
        if left:
            self._ours[cell] = left
        page = self._scene.page
        if page is not None and page.view.holds(cell) and page.view.cell(cell).running:
            self.look()  # reads the whole notebook: not after each run whose end was shown

    def look(self) -> None:
        """The notebook was read anew, or the end of a run of ours was not shown: see whether a cell shows one still."""
        if not self._at_work and self._tasks is not None and self._shown():
            self._at_work = True
            self._tasks.start_soon(self._work, name=f"runs cut off in {self._scene.stamp.room}")

    async def _work(self) -> None:
        clock, before = self._scene.around.clock, set[CellId]()
        try:
            while shown := self._shown():
                is_idle = await self._is_idle()
                if is_idle:
                    for cell in before & shown.keys():
                        await self._end(cell, shown[cell])
                before = set(shown) if is_idle else set()
                await clock.sleep(BETWEEN if is_idle else LATER)
        finally:
            self._at_work = False

    def _shown(self) -> Mapping[CellId, Username]:
        """Agents' cells that show a run which is none of ours, each with its author."""
        page = self._scene.page
        cells = () if page is None else page.view.snapshot(Seq(0)).cells
        return {
            cell.id: cell.ownership.author
            for cell in cells
            if cell.running and cell.ownership is not None and cell.ownership.role is CellRole.PROPOSAL
            if cell.id not in self._ours
        }

    async def _is_idle(self) -> bool:
        """Whether nothing runs, for sure, and that may be written."""
        scene = self._scene
        kernels = scene.around.kernels(scene.server_id)
        if kernels is None:
            return False
        try:
            kernel = await kernels.kernel_of(scene.path)
        except KernelError as error:
            log.info("kernel not known", room=scene.stamp.room, reason=str(error))
            return False
        return scene.why_unwritable() is None and (kernel is None or kernel.state is KernelState.IDLE)

    async def _end(self, cell: CellId, author: Username) -> None:
        page = self._scene.page
        if page is None or self._scene.why_unwritable() is not None or cell not in self._shown():
            return
        try:
            await page.writer.agents.end_run(cell, author, None)
        except LttError as error:
            log.info("run not shown as over", room=self._scene.stamp.room, cell=cell, reason=str(error))
        else:
            log.info("run shown as over", room=self._scene.stamp.room, cell=cell)
