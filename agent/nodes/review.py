"""Lets a drafted hint pass, sends it back, or gives it up."""

from __future__ import annotations

import anyio
import structlog
from langgraph.runtime import Runtime

from agent.guard import faults
from agent.metrics import REVIEWS
from agent.nodes.decide import by_rules
from agent.state import HelpState
from agent.work import Work
from ltt_collab.model.errors import LttError
from ltt_collab.model.tasks import Trial

log = structlog.get_logger(__name__)

MAX_DRAFTS = 3
"""The first, and two more chances; a learner does not wait for a fourth."""

TRIAL_SECONDS = 20.0
"""For a trial in the scratch kernel, its start included."""

UNTRUE = "it rests on a change that does not work when it is run"


async def review(state: HelpState, runtime: Runtime[Work]) -> HelpState:
    """What stands in the way of the hint; the rules speak when three drafts did not pass."""
    work = runtime.context
    hint, change = state["hint"], state["change"]
    problems = faults(hint, rung=state["rung"], own=_own(work), change=change, boundary=work.seal.boundary)
    if not problems and not await _is_true(work, change):
        problems = [UNTRUE]
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


async def _is_true(work: Work, change: str) -> bool:
    """Whether the change behind the hint works; true also where that cannot be told."""
    if not change.strip() or change.strip() == work.source.strip():
        return True
    try:
        with anyio.move_on_after(TRIAL_SECONDS):
            return _works(await work.context.try_code(work.event.cell_id, change))
    except LttError as error:
        log.info("hint not tried", room=work.event.room, reason=type(error).__name__)
    return True


def _works(trial: Trial) -> bool:
    return trial.passed if trial.passed is not None else not trial.error


def _own(work: Work) -> str:
    """What the learner has before their eyes already."""
    assert work.notebook is not None
    parts = [cell.source for cell in work.notebook.cells if cell.ownership is None]
    if work.task is not None:
        parts += [work.task.text, *work.task.hints[: work.event.rung]]
    return "\n".join(parts)
