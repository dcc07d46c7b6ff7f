"""What stands in the way of a hint: the guard's faults, and a trial of the change that it rests on."""

from __future__ import annotations

import anyio
import structlog

from agent.guard import faults
from agent.work import Work
from ltt_collab.model.errors import LttError
from ltt_collab.model.tasks import Trial

log = structlog.get_logger(__name__)

TRIAL_SECONDS = 20.0
"""For a trial in the scratch kernel, its start included."""

UNTRUE = "it rests on a change that does not work when it is run"


async def problems_of(work: Work, hint: str, change: str, rung: int) -> list[str]:
    """In words for the model, why the hint may not be shown; none if it may."""
    problems = faults(hint, rung=rung, own=_own(work), change=change, boundary=work.seal.boundary)
    if not problems and not await _is_true(work, change):
        problems = [UNTRUE]
    return problems


async def _is_true(work: Work, change: str) -> bool:
    """Whether the change behind the hint works; true also where that cannot be told. Each change is run once."""
    if not change.strip() or change.strip() == work.source.strip():
        return True
    if change not in work.trials:
        work.trials[change] = await _tried(work, change)
    return work.trials[change]


async def _tried(work: Work, change: str) -> bool:
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
