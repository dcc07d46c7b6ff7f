"""Runs code for a caller, tells progress, and answers however the run ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, cast

from ltt_collab.mcp_bridge.answers import Collected, Reply, refuse
from ltt_collab.mcp_bridge.calling import Caller, Found
from ltt_collab.model.cells import CellRole
from ltt_collab.model.errors import KernelDiedError, KernelError, KernelTimeoutError, LttError
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.model.problems import problem_code
from ltt_collab.ports.editing import NewCell
from ltt_collab.ports.kernels import KernelOutput, Limits

PROGRESS_CHARACTERS = 500
"""Of one progress message: it is for people to see that something goes on."""

BYTES_PER_CHARACTER = 4
IMAGE_ROOM = 4_000_000
"""Bytes of output taken from a kernel beyond the text: images come in base64."""

STATE_GONE = "the kernel died; its variables are gone. Nothing was started in its place: restart it by the kernel tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Code to run: ``cell`` shows it, ``aside`` runs it in a sandbox; ``characters`` of output, None for the usual."""

    code: str
    seconds: float
    characters: int | None = None
    cell: CellId | None = None
    aside: bool = False


async def run(caller: Caller, room: RoomId, job: Job) -> Reply:
    """Run code and answer with what it gave; a time-out and a death are answers too.

    Raises:
        LttError: it did not begin.
    """
    budget = caller.budget if job.characters is None else replace(caller.budget, characters=job.characters)
    collected = Collected(budget)
    limits = Limits(seconds=job.seconds, output_bytes=budget.characters * BYTES_PER_CHARACTER + IMAGE_ROOM)
    if job.aside:
        outputs = caller.running.execute_aside(room, job.code, limits=limits, by=caller.name)
    else:
        outputs = caller.running.execute(room, job.code, limits=limits, cell=job.cell, by=caller.name)
    fault: KernelError | None = None
    try:
        await _collect(caller, outputs, collected)
    except (KernelTimeoutError, KernelDiedError) as error:
        fault = error
    told: dict[str, Any] = collected.data() | {"cell_id": job.cell}
    if fault is None:
        return Reply(texts=(told["output"],) if told["output"] else (), images=tuple(collected.images), data=told)
    code_word = problem_code(type(fault))
    said = STATE_GONE if isinstance(fault, KernelDiedError) else str(fault)
    told |= {"ok": False, "error": {"code": code_word, "detail": said}}
    texts = tuple(filter(None, (told["output"], f"{code_word}: {said}")))
    return Reply(texts=texts, images=tuple(collected.images), data=told, is_error=True)


async def insert_and_run(
    caller: Caller, room: RoomId, new: NewCell, seconds: float, characters: int | None = None
) -> Reply:
    """Insert a cell and run it; a cell whose run could not begin is taken away again.

    Raises:
        LttError
    """
    caller.expect_executor("run a cell")  # before it is written: a learner need not see it come and go
    if await caller.running.kernel(room) is None:
        return refuse("no_kernel", "the notebook has no running kernel; nothing was written. A learner starts one")
    written = await caller.editing.insert(room, new, by=caller.name)
    await caller.wrote(room, written)
    job = Job(code=new.source, seconds=seconds, characters=characters, cell=written.cell_id)
    try:
        reply = await run(caller, room, job)
    except LttError:
        if written.fresh:
            await caller.editing.delete(room, written.cell_id, by=caller.name)
        raise
    data = {**(reply.data or {}), "index": written.index, "hash": written.hash, "fresh": written.fresh}
    head = f"cell {written.cell_id} at index {written.index}"
    return Reply(texts=(head, *reply.texts), images=reply.images, data=data, is_error=reply.is_error)


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
    return Reply(texts=reply.texts, images=reply.images, data=data, is_error=reply.is_error)


async def _collect(caller: Caller, outputs: AsyncIterator[KernelOutput], collected: Collected) -> None:
    async with aclosing(cast("AsyncGenerator[KernelOutput]", outputs)) as closing:
        count = 0
        async for output in closing:
            text = collected.take(output)
            if text:
                count += 1
                await caller.progress(count, text[-PROGRESS_CHARACTERS:])
