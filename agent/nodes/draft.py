"""Has the model write a hint, letting it look at things first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langgraph.runtime import Runtime

from agent.models import Said
from agent.nodes.decide import by_rules
from agent.prompts import request_text, rewrite_text, rules_text
from agent.state import HelpState
from agent.tools import SPECS
from agent.work import Work

ROUNDS = 4
"""Turns of one draft: looking at things three times, then the answer."""

_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_MAX_LINE = 100_000


async def draft(state: HelpState, runtime: Runtime[Work]) -> HelpState:
    """The model's hint, or the rules' when it has none."""
    work = runtime.context
    _prepare(work, state)
    for turn in range(ROUNDS):
        may_look = turn + 1 < ROUNDS and work.toolbox is not None and work.toolbox.has_calls_left
        said = await work.desk.model.ask(work.messages, SPECS if may_look else ())
        if not isinstance(said, Said):
            return by_rules(work) | HelpState(outcome=said.kind)
        work.desk.spending.spend(work.learner, work.course, said.tokens)
        work.messages.append(said.message)
        if not said.message.tool_calls:
            return _drafted(said.text, work, state)
        await _look(said, work)
    work.desk.model.unusable("no answer")
    return by_rules(work)


def _prepare(work: Work, state: HelpState) -> None:
    assert work.notebook is not None
    if state.get("problems") and work.messages:
        work.messages.append(HumanMessage(rewrite_text(state["problems"])))
        return
    asked = request_text(work.seal, work.event, work.notebook, work.task, work.finding, state.get("memory", []))
    work.messages = [SystemMessage(rules_text(work.seal, state["rung"])), HumanMessage(asked)]


async def _look(said: Said, work: Work) -> None:
    assert work.toolbox is not None
    for call in said.message.tool_calls:
        result = await work.toolbox.call(call["name"], call["args"])
        work.messages.append(ToolMessage(result, tool_call_id=call["id"] or ""))


def _drafted(text: str, work: Work, state: HelpState) -> HelpState:
    read = _read(text)
    if read is None:
        work.desk.model.unusable("nonsense")
        return by_rules(work) | HelpState(outcome="nonsense")
    count = len(work.source.split("\n"))
    line = read.get("line")
    fits = isinstance(line, int) and not isinstance(line, bool) and 1 <= line <= min(count, _MAX_LINE)
    change = read.get("change")
    return HelpState(
        route="review",
        by="model",
        hint=str(read["hint"]).strip(),
        line=line if fits else (work.finding.line if work.finding else None),
        change=change if isinstance(change, str) else "",
        tries=state["tries"] + 1,
    )


def _read(text: str) -> Mapping[str, Any] | None:
    """The JSON object in an answer, whatever stands around it; None without one that has a hint."""
    found = _OBJECT.search(text)
    try:
        read = json.loads(found.group(), strict=False) if found else None
    except (json.JSONDecodeError, RecursionError):
        return None
    return read if isinstance(read, dict) and isinstance(read.get("hint"), str) and read["hint"].strip() else None
