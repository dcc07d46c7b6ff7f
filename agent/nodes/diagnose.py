"""Rules first: what is wrong, and what they would say about it."""

from __future__ import annotations

from langgraph.runtime import Runtime

from agent.by_rules import answer
from agent.by_rules import diagnose as find_cause
from agent.live import refined
from agent.state import HelpState
from agent.work import Work


async def diagnose(state: HelpState, runtime: Runtime[Work]) -> HelpState:
    """The first cause by the rules, and their words for it."""
    work = runtime.context
    assert work.notebook is not None
    found = find_cause(work.event, work.notebook)
    work.finding = await refined(work.event, work.notebook, found, work.context)
    work.by_rules = answer(
        work.event, work.notebook, work.task, work.finding, [entry["said"] for entry in state.get("memory", [])]
    )
    return HelpState()
