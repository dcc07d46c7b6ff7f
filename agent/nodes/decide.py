"""Rules, model, or a hint that passed before."""

from __future__ import annotations

import structlog
from langgraph.runtime import Runtime

from agent.injection import gives_orders
from agent.rules.kinds import Kind
from agent.state import HelpState
from agent.work import Work
from ltt_collab.model.edits import HelpCause

log = structlog.get_logger(__name__)

_FIXED = frozenset({HelpCause.ALL_PASSED, HelpCause.TASK_OPENED, HelpCause.LONG_RUN, HelpCause.RUN_ORDER})
"""Causes with words of our own; a model can only make them longer."""

_KNOWN = frozenset(kind.value for kind in Kind)


async def decide(state: HelpState, runtime: Runtime[Work]) -> HelpState:
    """Who answers."""
    work = runtime.context
    words = work.by_rules
    if words is None and work.event.cause in _FIXED:
        return HelpState(route="over", outcome="nothing to say")
    key = work.cache_key(state["rung"])
    kept = work.desk.cache.get(key) if key is not None else None
    if kept is not None:
        return HelpState(route="act", by="cache", hint=kept.text, line=kept.line)
    because = _why_no_model(work)
    if because is None:
        return HelpState(route="draft", by="model")
    log.info("model not asked", room=work.event.room, cell_id=work.event.cell_id, because=because)
    return by_rules(work)


def by_rules(work: Work) -> HelpState:
    """Say what the rules say, or nothing."""
    words = work.by_rules
    if words is None:
        return HelpState(route="over", by="rules", outcome="nothing to say")
    return HelpState(route="act", by="rules", hint=words.text, line=words.line, rung=work.event.rung)


def _why_no_model(work: Work) -> str | None:
    event = work.event
    if event.cause in _FIXED:
        return "the cause has words of its own"
    if event.rung <= 1 and event.cause is not HelpCause.ASKED and work.finding and work.finding.kind in _KNOWN:
        return "the rules know where to look"
    if work.desk.model.is_resting:
        return "the model failed a moment ago"
    if not work.desk.spending.allows(work.learner, work.course):
        return "the budget is spent"
    if gives_orders(_texts(work)):
        return "a text gives the model orders"
    return None


def _texts(work: Work) -> str:
    """All text of others that the prompt would hold at first."""
    assert work.notebook is not None
    cells = [cell for cell in work.notebook.cells if cell.ownership is None]
    parts = [work.event.question, *(cell.source for cell in cells), work.notebook.path]
    parts += [output.text for cell in cells for output in cell.outputs]
    if work.event.error is not None:
        parts += [work.event.error.name, work.event.error.value, *work.event.error.traceback]
    return "\n\n".join(part[:8_000] for part in parts)
