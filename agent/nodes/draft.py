"""Has the model write a hint, letting it look at things first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langgraph.runtime import Runtime

from agent.aloud import Aloud
from agent.judging import problems_of
from agent.metrics import REVIEWS
from agent.models import Said
from agent.nodes.decide import by_rules
from agent.prompts import request_text, rewrite_text, rules_text
from agent.state import HelpState
from agent.tools import SPECS
from agent.work import Work

ROUNDS = 4
"""Turns of one draft: looking at things three times, then the answer."""

CUT_SHORT = "it was cut short"

_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_MAX_LINE = 100_000


async def draft(state: HelpState, runtime: Runtime[Work]) -> HelpState:
    """The model's hint, or the rules' when it has none."""
    work = runtime.context
    # In the chat nobody waits for the last sentence to read the first one.
    aloud = Aloud(work, state["rung"]) if work.event.chat else None
    _prepare(work, state)
    for turn in range(ROUNDS):
        may_look = turn + 1 < ROUNDS and work.toolbox is not None and work.toolbox.has_calls_left
        tools = SPECS if may_look else ()
        said = await (aloud.ask(tools) if aloud is not None else work.desk.model.ask(work.messages, tools))
        if not isinstance(said, Said):
            return await _ended(by_rules(work) | HelpState(outcome=said.kind), work, aloud)
        work.desk.spending.spend(work.learner, work.course, said.tokens)
        work.messages.append(said.message)
        if not said.message.tool_calls:
            return await _ended(_drafted(said.text, work, state), work, aloud)
        await _look(said, work)
    work.desk.model.unusable("no answer")
    return await _ended(by_rules(work), work, aloud)


async def _ended(drafted: HelpState, work: Work, aloud: Aloud | None) -> HelpState:
    """What comes of a draft; one that was begun aloud is ended aloud, whatever has become of the rest of it."""
    if aloud is None or not aloud.said:
        return drafted
    problems = [CUT_SHORT]
    if drafted["route"] == "review":
        problems = await problems_of(work, drafted["hint"], drafted["change"], aloud.rung)
    line = drafted.get("line")
    said = await aloud.finish(drafted.get("hint", ""), line, passes=not problems)
    for problem in problems:
        REVIEWS.labels(problem).inc()
    return HelpState(route="act", by="model", hint=said, line=line, spoken=True, problems=problems)


def _prepare(work: Work, state: HelpState) -> None:
    assert work.notebook is not None
    if state.get("problems") and work.messages:
        work.messages.append(HumanMessage(rewrite_text(state["problems"])))
        return
    asked = request_text(work.seal, work.event, work.notebook, work.task, work.finding, state.get("memory", []))
    work.messages = [
        SystemMessage(rules_text(work.seal, state["rung"], aloud=bool(work.event.chat))),
        HumanMessage(asked),
    ]


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
