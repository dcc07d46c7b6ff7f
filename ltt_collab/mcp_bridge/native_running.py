"""The native tools that run: cells, code, checks, and the kernel itself."""

from __future__ import annotations

from typing import Any

from ltt_collab.mcp_bridge.answers import Reply, refuse, say
from ltt_collab.mcp_bridge.arguments import (
    Arguments,
    BadArgumentError,
    characters_argument,
    choice_argument,
    required_text,
    seconds_argument,
    text_argument,
)
from ltt_collab.mcp_bridge.calling import Caller, found_cell, named_room
from ltt_collab.mcp_bridge.running import Job, run, run_found
from ltt_collab.model.cells import CellType
from ltt_collab.model.errors import ConflictError
from ltt_collab.model.problems import CODE_KEY, DETAIL_KEY
from ltt_collab.model.validations import Verdict
from ltt_collab.ports.classroom import TaskAt

NOT_JUDGED = "not_judged"
"""The code of a check that found nothing to say of the learner's work: the kernel was busy, away, or had died."""


async def execute_cell(caller: Caller, arguments: Arguments) -> Reply:
    """Run a cell; one of the caller's own shows it."""
    found = await found_cell(caller, arguments)
    expected = text_argument(arguments, "expected_hash")
    if expected is not None and expected != found.cell.hash:
        raise ConflictError(found.cell.id, expected, found.cell.hash)
    if found.cell.type is not CellType.CODE:
        raise BadArgumentError("cell_id", found.cell.id, f"it is a {found.cell.type.value} cell; only code cells run")
    return await run_found(caller, found, seconds_argument(arguments), characters_argument(arguments))


async def execute_code(caller: Caller, arguments: Arguments) -> Reply:
    """Run code that stands in no cell."""
    info = named_room(caller, arguments)
    aside = choice_argument(arguments, "where", ("notebook", "scratch")) == "scratch"
    job = Job(
        code=required_text(arguments, "code"),
        seconds=seconds_argument(arguments),
        characters=characters_argument(arguments),
        aside=aside,
    )
    return await run(caller, info.id, job)


async def run_check(caller: Caller, arguments: Arguments) -> Reply:
    """The verdict of the visible checks; one that judged nothing is an error, which no key remembers."""
    found = await found_cell(caller, arguments)
    caller.expect_executor("run a check")
    brief = await caller.insight.task(found.room.id, found.cell.id)
    if caller.checks is None or brief is None:
        return refuse("no_task", "the cell belongs to no task of a published course; there is nothing to check")
    at, key = TaskAt(course=brief.course, task=brief.id), text_argument(arguments, "idempotency_key") or ""
    record = await caller.checks.check(found.room.id, at, key=key, by=caller.name)
    verdict = record.verdict
    if verdict is None:
        return say({"validation": record.id, "state": "under way"})
    told = {"course": at.course, "task": at.task, "verdict": _verdict(verdict)}
    if verdict.is_judged:
        return say({"validation": record.id} | told)
    why = verdict.first_cause or "nothing could be checked just now; try again"
    return say(told | {"error": {CODE_KEY: NOT_JUDGED, DETAIL_KEY: why}}, is_error=True)


async def kernel(caller: Caller, arguments: Arguments) -> Reply:
    """The kernel's state, after what was asked of it."""
    info = named_room(caller, arguments)
    match choice_argument(arguments, "action", ("status", "interrupt", "restart")):
        case "interrupt":
            await caller.running.interrupt(info.id, by=caller.name)
        case "restart":
            await caller.running.restart(info.id, by=caller.name)
        case _:
            pass
    found = await caller.running.kernel(info.id)
    if found is None:
        return say({"kernel": None, "detail": "the notebook has no running kernel"})
    return say({"kernel": {"id": found.id, "name": found.name, "state": found.state.value}})


def _verdict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as data; it tells no hidden input and no expected value, as the judge made it."""
    checks = [
        {"name": each.name, "passed": each.passed, "message": each.message, "expected": each.expected, "got": each.got}
        for each in verdict.checks
        if not each.hidden
    ]
    told = {"outcome": verdict.outcome.value, "passed": verdict.passed, "first_cause": verdict.first_cause}
    return told | {"checks": checks}
