"""Runs code for agents: in the notebook's kernel, in turn with the learner, or aside in a sandbox."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import cast

from ltt_collab.model.courses import MEMORY_MIB
from ltt_collab.model.errors import (
    KernelBusyError,
    KernelDiedError,
    KernelTimeoutError,
    KernelUnreachableError,
    LeakError,
)
from ltt_collab.model.ids import CellId, RoomId, ServerId, Username
from ltt_collab.peer.agent_audit import AgentAudit
from ltt_collab.peer.editing import page_of
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.room import RoomPeer
from ltt_collab.peer.run_shown import ShownRun
from ltt_collab.peer.scratch_turns import OF_ALL, ScratchTurns
from ltt_collab.ports.kernels import Kernel, KernelInfo, KernelOutput, KernelServer, Limits, Sandbox

BUSY_AGAIN = 0.1
"""Seconds after which a kernel that ran something else is asked again: a learner's run goes first."""


class AgentRunning:
    """Implements ``ports.editing.RoomRunning``.

    Invariants:
        1. Code enters the notebook's kernel only while a human is in the notebook.
        2. A kernel is never started or replaced in the learner's place.
        3. A cell that shows a run shows its end too, however that comes; while its room is away, once it is back.
        4. A run waits no longer than its time lasts: for the learner's, for another agent's, for a scratch kernel.
    """

    def __init__(
        self,
        registry: Registry,
        audit: AgentAudit,
        kernels: Callable[[ServerId], KernelServer | None],
        sandbox: Sandbox | None = None,
        *,
        scratch_kernels: int = OF_ALL,
    ) -> None:
        """``scratch_kernels``: how many of them all agents together have at once."""
        self._registry, self._audit, self._kernels, self._sandbox = registry, audit, kernels, sandbox
        self._scratch = ScratchTurns(scratch_kernels)

    async def execute(
        self, room: RoomId, code: str, *, limits: Limits, cell: CellId | None = None, by: Username
    ) -> AsyncIterator[KernelOutput]:
        """Run code in the notebook's kernel; ``Begun``, its outputs, ``Finished`` last.

        Raises:
            UnknownRoomError, RoomReadOnlyError, UnknownCellError, NotOursError, KernelError
            LeakError, after all of it: the outputs were withheld from the cell.
        """
        peer = self._registry.peer(room)
        page_of(peer)  # invariant 1
        kernel = await self._kernel_of(peer)
        where = "no cell" if cell is None else f"cell {cell}"
        await self._audit.note(peer, by, "agent.code_run", f"{where}, {len(code)} characters")
        shown = None if cell is None else ShownRun(peer, cell, by)
        if shown is not None:
            await shown.begin()
        try:
            async with aclosing(self._in_turn(peer, kernel, code, limits)) as outputs:
                async for output in outputs:
                    if shown is not None:
                        await shown.add(output)
                    yield output
        finally:
            if shown is not None:
                await shown.end()  # invariant 3
        if shown is not None and shown.has_leaked:
            raise LeakError

    async def execute_aside(
        self, room: RoomId, code: str, *, limits: Limits, by: Username
    ) -> AsyncIterator[KernelOutput]:
        """Run code in a fresh sandboxed kernel.

        Raises:
            UnknownRoomError, KernelError, SandboxUnavailableError
        """
        peer = self._registry.peer(room)
        if self._sandbox is None:
            raise KernelUnreachableError("of the sandbox", "this service has none")
        async with self._scratch.taken(by, limits.seconds) as left:  # invariant 4
            await self._audit.note(peer, by, "agent.code_tried", f"{len(code)} characters")
            async with self._sandbox.kernel({}, memory_mib=MEMORY_MIB) as kernel:
                running = kernel.execute(code, limits=replace(limits, seconds=left))
                async with aclosing(cast("AsyncGenerator[KernelOutput]", running)) as outputs:
                    async for output in outputs:
                        yield output

    async def kernel(self, room: RoomId) -> KernelInfo | None:
        """The notebook's kernel.

        Raises:
            UnknownRoomError, KernelUnreachableError
        """
        peer = self._registry.peer(room)
        kernels = self._kernels(peer.server_id)
        return None if kernels is None else await kernels.kernel_of(peer.path)

    async def interrupt(self, room: RoomId, *, by: Username) -> None:
        """Stop what runs there.

        Raises:
            UnknownRoomError, RoomReadOnlyError, KernelError
        """
        peer = self._registry.peer(room)
        page_of(peer)
        await (await self._kernel_of(peer)).interrupt()
        await self._audit.note(peer, by, "agent.kernel_interrupted", "")

    async def restart(self, room: RoomId, *, by: Username) -> None:
        """Restart the kernel.

        Raises:
            UnknownRoomError, RoomReadOnlyError, KernelError
        """
        peer = self._registry.peer(room)
        page_of(peer)
        await (await self._kernel_of(peer)).restart()
        await self._audit.note(peer, by, "agent.kernel_restarted", "")

    async def _kernel_of(self, peer: RoomPeer) -> Kernel:
        kernels = self._kernels(peer.server_id)
        found = None if kernels is None else await kernels.kernel_of(peer.path)
        if kernels is None or found is None:  # invariant 2
            reason = "it has none, or none that can be reached; ask the learner to start it by running a cell"
            raise KernelUnreachableError(f"of {peer.path}", reason)
        return await kernels.connect(found.id)

    async def _in_turn(self, peer: RoomPeer, kernel: Kernel, code: str, limits: Limits) -> AsyncGenerator[KernelOutput]:
        """Run when the kernel is free; waiting counts as time of the run (invariant 4)."""
        clock = peer.around.clock
        deadline = clock.monotonic() + limits.seconds
        while True:
            left = deadline - clock.monotonic()
            outputs = cast("AsyncGenerator[KernelOutput]", kernel.execute(code, limits=replace(limits, seconds=left)))
            try:
                async with aclosing(outputs):
                    async for output in outputs:
                        yield output
            except KernelBusyError:
                if clock.monotonic() + BUSY_AGAIN >= deadline:
                    raise
            except KernelTimeoutError as error:
                raise KernelTimeoutError(error.what, limits.seconds) from error
            except KernelUnreachableError as error:
                # The connection ends with the process: whether that is a death, the server knows.
                if await self._is_gone(peer, kernel):
                    raise KernelDiedError(kernel.info.id) from error
                raise
            else:
                return
            await clock.sleep(BUSY_AGAIN)

    async def _is_gone(self, peer: RoomPeer, kernel: Kernel) -> bool:
        kernels = self._kernels(peer.server_id)
        try:
            running = [] if kernels is None else await kernels.kernels()
        except KernelUnreachableError:
            return False
        return all(info.id != kernel.info.id for info in running)
