"""Reads what there is now, and what became of what was said before."""

from __future__ import annotations

from langgraph.runtime import Runtime

from agent.by_rules import read_task
from agent.proposing import is_over
from agent.state import HelpState, Memory
from agent.tools import Toolbox
from agent.work import Work
from ltt_collab.model.cells import Notebook


async def observe(state: HelpState, runtime: Runtime[Work]) -> HelpState:
    """The notebook and the task, read anew."""
    work = runtime.context
    work.notebook = await work.context.snapshot()
    work.task = await read_task(work.event, work.context)
    work.toolbox = Toolbox(work.event, work.context, work.notebook, work.task, work.seal)
    work.messages = []
    cell = work.notebook.cell(work.event.cell_id)
    # After a conflict, or when the learner was quicker than we are: what is not there any more needs no help.
    gone = cell is None or (cell.hash != work.event.expected_hash and is_over(work.event, work.notebook))
    memory = [_judged(entry, work.notebook) for entry in state.get("memory", [])]
    return HelpState(memory=memory, route="over" if gone else "diagnose", outcome="outdated" if gone else "")


def _judged(entry: Memory, notebook: Notebook) -> Memory:
    """Whether a hint helped: the cell changed after it, and its error is gone or is still there."""
    cell = next((cell for cell in notebook.cells if cell.id == entry["cell"]), None)
    if entry["helped"] is not None or not entry["error"] or cell is None or cell.hash == entry["hash"]:
        return entry
    if cell.running or cell.execution_count is None:
        return entry
    helped = cell.error is None or cell.error.error_name != entry["error"]
    return Memory(**{**entry, "helped": helped})
