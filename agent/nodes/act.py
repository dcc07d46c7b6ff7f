"""Proposes, and makes of the gate's answer what is best for the learner."""

from __future__ import annotations

import structlog
from langgraph.runtime import Runtime

from agent.metrics import OUTCOMES
from agent.nodes.decide import by_rules
from agent.nodes.review import MAX_DRAFTS
from agent.private import redacted
from agent.proposing import is_conflict, propose
from agent.state import HelpState, remembered
from agent.words import Words
from agent.work import Work
from ltt_collab.model.suggestions import Rejected, RejectionReason

log = structlog.get_logger(__name__)

GIVEN_AWAY = "it came too near to the solution; say less, and speak of a quite different example"


async def act(state: HelpState, runtime: Runtime[Work]) -> HelpState:
    """One proposal; a leak is written anew one rung lower, a conflict is looked at anew once."""
    work = runtime.context
    words = Words(text=state["hint"], line=state["line"])
    if state["spoken"]:
        return _shown(state, work, words)
    answered = await propose(work.event, words, work.expected_hash, work.context, rung=state["rung"])
    if is_conflict(answered):
        again = state["conflicts"] == 0
        return HelpState(route="observe" if again else "over", conflicts=1, outcome="conflict", problems=[])
    if isinstance(answered, Rejected):
        if (
            answered.reason in {RejectionReason.LEAK, RejectionReason.TOO_LONG, RejectionReason.UNSAFE}
            and state["by"] != "rules"
        ):
            return _after_leak(state, work)
        return _ended(state, work, str(answered.reason))
    return _shown(state, work, words)


def _after_leak(state: HelpState, work: Work) -> HelpState:
    if state["by"] == "model" and state["tries"] < MAX_DRAFTS:
        work.messages = []  # begun anew, or the model goes on from what gave it away
        return HelpState(route="draft", rung=max(state["rung"] - 1, 1), problems=[GIVEN_AWAY], outcome="leak")
    return by_rules(work) | HelpState(outcome="leak")


def _shown(state: HelpState, work: Work, words: Words) -> HelpState:
    key = work.cache_key(state["rung"])
    if state["by"] == "model" and key is not None:
        work.desk.cache.put(key, words)
    event = work.event
    asked = redacted(event.question, work.seal.names)
    memory = remembered(state.get("memory", []), event, said=words.text, asked=asked, rung=state["rung"])
    return _ended(state, work, "shown") | HelpState(memory=memory)


def _ended(state: HelpState, work: Work, outcome: str) -> HelpState:
    OUTCOMES.labels(state["by"], outcome).inc()
    log.info(
        "help ended",
        room=work.event.room,
        cell_id=work.event.cell_id,
        by=state["by"],
        outcome=outcome,
        tries=state["tries"],
    )
    return HelpState(route="over", outcome=outcome)
