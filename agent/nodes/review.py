"""Lets a drafted hint pass, sends it back, or gives it up."""

from __future__ import annotations

import structlog
from langgraph.runtime import Runtime

from agent.judging import problems_of
from agent.metrics import REVIEWS
from agent.nodes.decide import by_rules
from agent.state import HelpState
from agent.work import Work

log = structlog.get_logger(__name__)

MAX_DRAFTS = 3
"""The first, and two more chances; a learner does not wait for a fourth."""


async def review(state: HelpState, runtime: Runtime[Work]) -> HelpState:
    """What stands in the way of the hint; the rules speak when three drafts did not pass."""
    work = runtime.context
    problems = await problems_of(work, state["hint"], state["change"], state["rung"])
    if not problems:
        return HelpState(route="act", problems=[])
    for problem in problems:
        REVIEWS.labels(problem).inc()
    log.info(
        "draft sent back", room=work.event.room, cell_id=work.event.cell_id, problems=problems, tries=state["tries"]
    )
    if state["tries"] >= MAX_DRAFTS:
        return by_rules(work) | HelpState(outcome="dropped", problems=problems)
    return HelpState(route="draft", problems=problems)
