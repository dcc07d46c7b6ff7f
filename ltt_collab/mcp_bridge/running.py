"""Runs code for a caller, tells progress, and answers however the run ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, cast

from ltt_collab.mcp_bridge.answers import Collected, Reply
from ltt_collab.mcp_bridge.calling import Caller
from ltt_collab.model.errors import KernelDiedError, KernelError, KernelTimeoutError
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.model.problems import problem_code
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


async def _collect(caller: Caller, outputs: AsyncIterator[KernelOutput], collected: Collected) -> None:
    async with aclosing(cast("AsyncGenerator[KernelOutput]", outputs)) as closing:
        count = 0
        async for output in closing:
            text = collected.take(output)
            if text:
                count += 1
                await caller.progress(count, text[-PROGRESS_CHARACTERS:])
