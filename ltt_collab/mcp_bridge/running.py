"""Runs code for a caller, tells progress, and answers however the run ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, cast

import anyio
import structlog

from ltt_collab.mcp_bridge.answers import Collected, OutputBudget, Reply, refuse
from ltt_collab.mcp_bridge.calling import Caller, Found
from ltt_collab.mcp_bridge.telling import cells_with_outputs
from ltt_collab.model.cells import CellRole, Notebook
from ltt_collab.model.errors import KernelBusyError, KernelDiedError, KernelError, LeakError, LttError
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.model.problems import problem_code
from ltt_collab.ports.editing import NewCell, Written
from ltt_collab.ports.kernels import KernelOutput, KernelState, Limits

PROGRESS_CHARACTERS = 500
"""Of one progress message: it is for people to see that something goes on."""

GOODBYE = 5.0
"""Seconds for a cell to be taken away when its run did not begin, also if the caller has gone."""

STATE_GONE = "the kernel died; its variables are gone. Nothing was started in its place: restart it by the kernel tool"

LEAKED = "the run's outputs give away the solution of the task; they were withheld from the cell and from the learner"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Code to run: ``cell`` shows it, ``aside`` runs it in a sandbox; ``characters`` of output, None for the usual."""

    code: str
    seconds: float
    characters: int | None = None
    cell: CellId | None = None
    aside: bool = False


async def run(caller: Caller, room: RoomId, job: Job, collected: Collected | None = None) -> Reply:
    """Run code and answer with what it gave; however a run ends that had begun is an answer too.

    ``collected``: an empty one, where it matters how far a run got that was cut off.

    Raises:
        LttError: it did not begin.
    """
    collected = collected or Collected(budget_of(caller, job))
    limits = Limits(seconds=job.seconds, output_bytes=collected.budget.kernel_bytes)
    if job.aside:
        outputs = caller.running.execute_aside(room, job.code, limits=limits, by=caller.name)
    else:
        outputs = caller.running.execute(room, job.code, limits=limits, cell=job.cell, by=caller.name)
    fault: LttError | None = None
    try:
        await _collect(caller, outputs, collected)
    except KernelBusyError:
        collected.has_begun = False  # what stood behind a learner's code was dropped with it
        raise
    except (KernelError, LeakError) as error:
        if not collected.has_begun:
            raise
        fault = error
    told: dict[str, Any] = collected.data() | {"cell_id": job.cell}
    if fault is None:
        return Reply(texts=(told["output"],) if told["output"] else (), images=tuple(collected.images), data=told)
    code_word, said = problem_code(type(fault)), _said_of(fault)
    told |= {"ok": False, "error": {"code": code_word, "detail": said}}
    texts = tuple(filter(None, (told["output"], f"{code_word}: {said}")))
    return Reply(texts=texts, images=tuple(collected.images), data=told, is_error=True, settled=True)


async def insert_and_run(
    caller: Caller, room: RoomId, new: NewCell, seconds: float, characters: int | None = None
) -> Reply:
    """Insert a cell and run it; a cell whose run did not begin is taken away again, and none is run twice.

    Raises:
        LttError
    """
    caller.expect_executor("run a cell")  # before it is written: a learner need not see it come and go
    kernel = await caller.running.kernel(room)
    if kernel is None:
        return refuse("no_kernel", "the notebook has no running kernel; nothing was written. A learner starts one")
    written = await caller.editing.insert(room, new, by=caller.name)
    job = Job(code=new.source, seconds=seconds, characters=characters, cell=written.cell_id)
    collected = Collected(budget_of(caller, job))
    if not written.fresh:
        notebook = await caller.wrote(room, written)
        return _as_it_stands(notebook, written, collected.budget, is_busy=kernel.state is KernelState.BUSY)
    try:
        await caller.wrote(room, written)
        reply = await run(caller, room, job, collected)
    finally:
        if not collected.has_begun:
            await _take_away(caller, room, written.cell_id)
    data = {**(reply.data or {}), "index": written.index, "hash": written.hash, "fresh": True}
    return replace(reply, texts=(_head(written), *reply.texts), data=data)


async def run_found(caller: Caller, found: Found, seconds: float, characters: int | None = None) -> Reply:
    """Run a cell as it stands; its outputs are shown in it if it is the caller's own.

    Raises:
        LttError
    """
    mark = found.cell.ownership
    own = mark is not None and mark.role is CellRole.PROPOSAL and mark.author == caller.name
    job = Job(code=found.cell.source, seconds=seconds, characters=characters, cell=found.cell.id if own else None)
    reply = await run(caller, found.room.id, job)
    data = {**(reply.data or {}), "cell_id": found.cell.id, "shown_in_notebook": own}
    return replace(reply, data=data)


def budget_of(caller: Caller, job: Job) -> OutputBudget:
    """How much the answer to a job carries."""
    return caller.budget if job.characters is None else replace(caller.budget, characters=job.characters)


async def _take_away(caller: Caller, room: RoomId, cell: CellId) -> None:
    """Delete a cell whose run did not begin, whatever ended it; one that somebody has taken to stays."""
    with anyio.move_on_after(GOODBYE, shield=True):
        try:
            await caller.editing.delete(room, cell, by=caller.name)
        except LttError as error:  # what ended the run is told, not this
            log.info("cell that did not run stays", room=room, cell_id=cell, reason=str(error))


def _as_it_stands(notebook: Notebook, written: Written, budget: OutputBudget, *, is_busy: bool) -> Reply:
    """A cell of the same key that was there already, and was or will be run by the call that wrote it."""
    found = cells_with_outputs(notebook, [written.index], budget)[0]
    cell = notebook.cells[written.index]
    runs = cell.running and is_busy  # a service that ended in the midst of a run left it so
    data: dict[str, Any] = {
        "output": found.get("outputs", ""),
        "truncated": found.get("truncated", False),
        "ok": cell.error is None and not runs,
        **{name: found[name] for name in ("images", "raised") if name in found},
        "cell_id": written.cell_id,
        "index": written.index,
        "hash": written.hash,
        "fresh": False,
        "running": runs,
    }
    state = "still runs" if runs else "was not run again"
    return Reply(
        texts=tuple(filter(None, (f"{_head(written)} was there already and {state}", data["output"]))), data=data
    )


def _head(written: Written) -> str:
    return f"cell {written.cell_id} at index {written.index}"


def _said_of(fault: LttError) -> str:
    match fault:
        case KernelDiedError():
            return STATE_GONE
        case LeakError():
            return LEAKED
        case _:
            return str(fault)


async def _collect(caller: Caller, outputs: AsyncIterator[KernelOutput], collected: Collected) -> None:
    async with aclosing(cast("AsyncGenerator[KernelOutput]", outputs)) as closing:
        count = 0
        async for output in closing:
            text = collected.take(output)
            if text:
                count += 1
                await caller.progress(count, text[-PROGRESS_CHARACTERS:])
