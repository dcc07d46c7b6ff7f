"""Runs a notebook up to a cell in a scratch kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ltt_collab.model.cells import Cell, CellType, Notebook
from ltt_collab.model.errors import KernelError, KernelTimeoutError
from ltt_collab.model.ids import CellId
from ltt_collab.model.tasks import Trial
from ltt_collab.ports.kernels import Displayed, Kernel, KernelOutput, Limits, Printed, Raised

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

TRIAL_SECONDS = 15.0
"""For all cells of a trial: help that comes later helps nobody."""

OUTPUT_BYTES = 20_000
"""Of one cell's output."""

SHOWN_CHARACTERS = 4_000
"""Of a trial's output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How a trial went; ``ended``: the kernel is there to be asked about it."""

    trial: Trial
    ended: bool


async def run_trial(kernel: Kernel, notebook: Notebook, cell: CellId) -> Tried:
    """Run the learner's code cells up to and with that one; an error in an earlier one is no reason to stop."""
    deadline = time.monotonic() + TRIAL_SECONDS
    printed, raised = "", ""
    for each in _up_to(notebook, cell):
        try:
            outputs = await _run(kernel, each.source, deadline - time.monotonic())
        except KernelError as error:
            where = "" if each.id == cell else "an earlier cell: "
            return Tried(trial=Trial(output="", error=where + str(error)), ended=False)
        printed = "".join(map(_text, outputs))
        raised = next((f"{each.name}: {each.value}" for each in outputs if isinstance(each, Raised)), "")
    return Tried(trial=Trial(output=printed[:SHOWN_CHARACTERS], error=raised[:SHOWN_CHARACTERS]), ended=True)


async def _run(kernel: Kernel, source: str, seconds: float) -> list[KernelOutput]:
    if seconds <= 0:
        raise KernelTimeoutError("the trial", TRIAL_SECONDS)
    running = kernel.execute(source, limits=Limits(seconds=seconds, output_bytes=OUTPUT_BYTES))
    # Both adapters are generators; the port's type hides that they can be closed, which interrupts them.
    async with aclosing(cast("AsyncGenerator[KernelOutput, None]", running)) as outputs:
        return [output async for output in outputs]


def _up_to(notebook: Notebook, last: CellId) -> Iterator[Cell]:
    for cell in notebook.cells:
        if cell.type is CellType.CODE and cell.ownership is None and cell.source.strip():
            yield cell
        if cell.id == last:
            return


def _text(output: KernelOutput) -> str:
    match output:
        case Printed(text=text):
            return text
        case Displayed(data=data):
            return data.get("text/plain", "") + "\n"
        case _:
            return ""
