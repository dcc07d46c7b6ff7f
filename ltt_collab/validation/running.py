"""Runs a notebook from the top in a fresh kernel and gathers what went wrong, cell by cell."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, cast

import anyio

from ltt_collab.model.cells import OutputType
from ltt_collab.model.errors import KernelBusyError, KernelDiedError, KernelTimeoutError, KernelUnreachableError
from ltt_collab.model.validations import Outcome
from ltt_collab.ports.kernels import Displayed, Finished, Kernel, KernelOutput, Limits, Printed, Raised
from ltt_collab.validation.sources import CodeCell

KEPT_OUTPUT: Final = 1_000_000
"""Characters of what a cell prints that are kept; more is dropped, and is no fault."""

SHORTEST: Final = 0.2
_PLACE: Final = re.compile(r"(?:Cell In|Input In |In )\s?\[(\d+)\](?:, line (\d+)|.*?line (\d+))?")
_LINE: Final = re.compile(r"\bline (\d+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFault:
    """A cell that raised: where (``cell`` by number, ``line`` 0 for unknown, its ``text``) and what."""

    cell: int
    line: int
    text: str
    name: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why the run ended early: at which cell, and where in it as far as known."""

    outcome: Outcome
    fault: CellFault


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run of the notebook gave; ``printed``: by work cells."""

    faults: list[CellFault] = field(default_factory=list)
    stop: Stop | None = None
    printed: str = ""
    flooded: bool = False


async def run_cells(kernel: Kernel, cells: Sequence[CodeCell], *, seconds: float) -> Run:
    """Run every cell, also after one that raised: what does not depend on it still counts.

    ``seconds`` bound all cells together. Never raises for what a cell does: see ``Run.stop``.
    """
    run = Run()
    deadline = anyio.current_time() + seconds
    numbers: dict[int, CodeCell] = {}
    for cell in cells:
        if not cell.source.strip():
            continue
        left = max(deadline - anyio.current_time(), SHORTEST)
        raised: list[Raised] = []
        try:
            await _run_cell(kernel, cell, run, raised, numbers, Limits(seconds=left, output_bytes=KEPT_OUTPUT))
        except (KernelTimeoutError, KernelDiedError, KernelBusyError, KernelUnreachableError) as error:
            run.stop = Stop(outcome=_outcome(error), fault=_fault(cell, raised, numbers))
            return run
        if raised:
            run.faults.append(_fault(cell, raised, numbers))
    return run


async def _run_cell(
    kernel: Kernel, cell: CodeCell, run: Run, raised: list[Raised], numbers: dict[int, CodeCell], limits: Limits
) -> None:
    numbers[max(numbers, default=0) + 1] = cell
    outputs = cast("AsyncGenerator[KernelOutput, None]", kernel.execute(cell.source, limits=limits))
    printed = 0
    async with aclosing(outputs):
        async for output in outputs:
            match output:
                case Printed(stream="stdout", text=text):
                    printed += len(text)
                    if cell.is_work and len(run.printed) < KEPT_OUTPUT:
                        run.printed += text
                case Displayed(data=data, is_result=True) if cell.is_work:
                    run.printed += data.get("text/plain", "")[:KEPT_OUTPUT] + "\n"
                case Raised():
                    raised.append(output)
                case Finished(execution_count=int(count)):
                    numbers[count] = cell
                case _:
                    pass
    run.flooded = run.flooded or printed >= KEPT_OUTPUT


def _outcome(error: Exception) -> Outcome:
    match error:
        case KernelTimeoutError():
            return Outcome.TIMEOUT
        case KernelDiedError(memory=True):
            return Outcome.MEMORY
        case KernelDiedError():
            return Outcome.KERNEL_DIED
        case _:
            return Outcome.NO_KERNEL


def _fault(cell: CodeCell, raised: Sequence[Raised], numbers: dict[int, CodeCell]) -> CellFault:
    """Where an error came from: the innermost line of the notebook in its traceback."""
    if not raised:
        return CellFault(cell=cell.number, line=0, text="", name="", said="")
    error = raised[-1]
    text = "\n".join(error.traceback)
    line = 0
    for match in _PLACE.finditer(text):
        at = match.group(2) or match.group(3)
        if at and (found := numbers.get(int(match.group(1)))):
            cell, line = found, int(at)
    if not line and (match_line := _LINE.search(error.value)):
        line = int(match_line.group(1))
    lines = cell.source.splitlines()
    quoted = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return CellFault(cell=cell.number, line=line, text=quoted, name=error.name, said=error.value)


def run_as_shown(cells: Sequence[CodeCell]) -> Run:
    """The run that a notebook's own outputs tell of: for live checks, which run nothing."""
    run = Run()
    for cell in cells:
        for output in cell.cell.outputs:
            if output.type is OutputType.ERROR:
                raised = [Raised(name=output.error_name, value=output.error_value, traceback=(output.text,))]
                run.faults.append(_fault(cell, raised, _by_count(cells)))
            elif cell.is_work and output.type is not OutputType.DISPLAY_DATA and output.stream != "stderr":
                run.printed += output.text[: KEPT_OUTPUT - len(run.printed)]
    return run


def _by_count(cells: Sequence[CodeCell]) -> dict[int, CodeCell]:
    return {cell.cell.execution_count: cell for cell in cells if cell.cell.execution_count is not None}
