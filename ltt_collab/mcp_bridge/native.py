"""The native tools: explicit room and cell in each call, a precondition with each write."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from ltt_collab.mcp_bridge.answers import OutputBudget, Reply, as_data, cut, refuse, say
from ltt_collab.mcp_bridge.calling import (
    BadArgumentError,
    Caller,
    Found,
    flag_argument,
    number_argument,
    text_argument,
    whole_argument,
)
from ltt_collab.mcp_bridge.changes import next_changes
from ltt_collab.mcp_bridge.running import Job, run
from ltt_collab.model.cells import CellRole, CellType, Notebook
from ltt_collab.model.errors import ConflictError, LttError, NotOursError
from ltt_collab.model.ids import CellId, RoomId, Seq
from ltt_collab.model.suggestions import Draft, Held, Placement, Rejected, RejectionReason, Shown
from ltt_collab.model.validations import ValidationMode, Verdict
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.editing import NewCell

Arguments = Mapping[str, Any]
Handler = Callable[[Caller, Arguments], Awaitable[Reply]]

FIRST_LINE = 120
"""Characters of a cell's first line in a list."""

LONGEST_RUN, USUAL_RUN = 600.0, 30.0
LONGEST_WAIT = 300.0


async def list_notebooks(caller: Caller, arguments: Arguments) -> Reply:
    """Every open notebook that the caller may see."""
    learner = text_argument(arguments, "learner")
    rooms = [info for info in caller.directory.rooms() if learner is None or info.learner == learner]
    listed = [
        {"notebook_path": info.path, "id": info.id, "learner": info.learner, "state": info.state.value}
        | {"seq": info.last_seq}
        for info in rooms
    ]
    return say({"notebooks": listed})


async def list_cells(caller: Caller, arguments: Arguments) -> Reply:
    """A line for each cell."""
    info, notebook = await _notebook(caller, arguments)
    caller.state.remember(notebook)
    cells = []
    for index, cell in enumerate(notebook.cells):
        told = as_data(cell, index, None)
        told["first_line"] = told.pop("source").partition("\n")[0][:FIRST_LINE]
        cells.append(told)
    return say({"notebook_path": info.path, "seq": notebook.seq, "cells": cells})


async def read_cell(caller: Caller, arguments: Arguments) -> Reply:
    """One cell."""
    found = await _found(caller, arguments)
    caller.state.remember(found.notebook, range(found.index, found.index + 1))
    told = as_data(found.cell, found.index, _budget(caller, arguments))
    return say(told | {"notebook_path": found.room.path, "seq": found.notebook.seq})


async def read_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """A page of cells."""
    info, notebook = await _notebook(caller, arguments)
    start = whole_argument(arguments, "start") or 0
    limit = int(number_argument(arguments, "limit", 100, 1, 500))
    shown = range(start, min(start + limit, len(notebook.cells)))
    caller.state.remember(notebook, shown)
    budget = _budget(caller, arguments) if flag_argument(arguments, "include_outputs", default=True) else None
    cells = [as_data(notebook.cells[index], index, budget) for index in shown]
    told = {"notebook_path": info.path, "seq": notebook.seq, "language": notebook.language}
    return say(told | {"total": len(notebook.cells), "cells": cells})


async def insert_cell(caller: Caller, arguments: Arguments) -> Reply:
    """A cell of the caller's own, run at once if wished."""
    info, notebook = await _notebook(caller, arguments)
    anchor = text_argument(arguments, "cell_id")
    expected = text_argument(arguments, "expected_hash")
    if expected is not None:
        found = caller.cell(info, notebook, anchor, None)
        if found.cell.hash != expected:
            raise ConflictError(found.cell.id, expected, found.cell.hash)
    new = NewCell(
        source=_text(arguments, "source"),
        type=_cell_type(arguments),
        after=None if anchor is None else CellId(anchor),
        index=whole_argument(arguments, "cell_index"),
        about=None if expected is None or anchor is None else CellId(anchor),
        expected_hash=expected,
        key=text_argument(arguments, "idempotency_key") or "",
    )
    if not flag_argument(arguments, "execute"):
        written = await caller.editing.insert(info.id, new, by=caller.name)
        return say({"cell_id": written.cell_id, "index": written.index, "hash": written.hash, "fresh": written.fresh})
    if new.type is not CellType.CODE:
        raise BadArgumentError("execute", True, "only code cells run")
    return await insert_and_run(caller, info.id, new, _seconds(arguments), _characters(arguments))


async def insert_and_run(
    caller: Caller, room: RoomId, new: NewCell, seconds: float, characters: int | None = None
) -> Reply:
    """Insert a cell and run it; a cell whose run could not begin is taken away again.

    Raises:
        LttError
    """
    if await caller.running.kernel(room) is None:
        return refuse("no_kernel", "the notebook has no running kernel; nothing was written. A learner starts one")
    written = await caller.editing.insert(room, new, by=caller.name)
    job = Job(code=new.source, seconds=seconds, characters=characters, cell=written.cell_id)
    try:
        reply = await run(caller, room, job)
    except LttError:
        if written.fresh:
            await caller.editing.delete(room, written.cell_id, by=caller.name)
        raise
    data = {**(reply.data or {}), "index": written.index, "hash": written.hash, "fresh": written.fresh}
    head = f"cell {written.cell_id} at index {written.index}"
    return Reply(texts=(head, *reply.texts), images=reply.images, data=data, is_error=reply.is_error)


async def edit_cell(caller: Caller, arguments: Arguments) -> Reply:
    """Another source for a cell of the caller's own, or its end."""
    found = await _found(caller, arguments)
    expected = caller.precondition(found, text_argument(arguments, "expected_hash"))
    if expected != found.cell.hash:
        raise ConflictError(found.cell.id, expected, found.cell.hash)
    if flag_argument(arguments, "delete"):
        await caller.editing.delete(found.room.id, found.cell.id, by=caller.name)
        return say({"cell_id": found.cell.id, "deleted": True})
    source = _text(arguments, "source")
    written = await caller.editing.rewrite(found.room.id, found.cell.id, source, expected, by=caller.name)
    caller.state.read.setdefault(found.room.id, {})[written.index] = (written.cell_id, written.hash)
    return say({"cell_id": written.cell_id, "index": written.index, "hash": written.hash})


async def execute_cell(caller: Caller, arguments: Arguments) -> Reply:
    """Run a cell; one of the caller's own shows it."""
    found = await _found(caller, arguments)
    expected = text_argument(arguments, "expected_hash")
    if expected is not None and expected != found.cell.hash:
        raise ConflictError(found.cell.id, expected, found.cell.hash)
    if found.cell.type is not CellType.CODE:
        raise BadArgumentError("cell_id", found.cell.id, f"it is a {found.cell.type.value} cell; only code cells run")
    return await run_found(caller, found, _seconds(arguments), _characters(arguments))


async def run_found(caller: Caller, found: Found, seconds: float, characters: int | None = None) -> Reply:
    """Run a cell as it stands; its outputs are shown in it if it is the caller's own.

    Raises:
        LttError
    """
    mark = found.cell.ownership
    own = mark is not None and mark.role is CellRole.PROPOSAL and mark.author == caller.name
    job = Job(code=found.cell.source, seconds=seconds, characters=characters, cell=found.cell.id if own else None)
    reply = await run(caller, found.room.id, job)
    data = {**(reply.data or {}), "cell_id": found.cell.id, "shown_in_notebook": own}
    return Reply(texts=reply.texts, images=reply.images, data=data, is_error=reply.is_error)


async def execute_code(caller: Caller, arguments: Arguments) -> Reply:
    """Run code that stands in no cell."""
    info = caller.room(text_argument(arguments, "notebook_path"), text_argument(arguments, "learner"))
    aside = _choice(arguments, "where", ("notebook", "scratch")) == "scratch"
    job = Job(
        code=_text(arguments, "code"), seconds=_seconds(arguments), characters=_characters(arguments), aside=aside
    )
    return await run(caller, info.id, job)


async def point_at(caller: Caller, arguments: Arguments) -> Reply:
    """Select a line."""
    found = await _found(caller, arguments)
    line = int(number_argument(arguments, "line", 1, 1, 1_000_000))
    expected = text_argument(arguments, "expected_hash") or found.cell.hash
    await caller.editing.point(found.room.id, found.cell.id, line, expected, by=caller.name)
    return say({"cell_id": found.cell.id, "line": line})


async def propose_edit(caller: Caller, arguments: Arguments) -> Reply:
    """A proposal below a learner's cell, through the gate."""
    found = await _found(caller, arguments)
    if found.cell.ownership is not None:
        raise NotOursError(found.cell.id)
    draft = Draft(
        cell_id=found.cell.id,
        expected_hash=caller.precondition(found, text_argument(arguments, "expected_hash")),
        placement=Placement.PROPOSAL,
        text=_text(arguments, "source"),
        idempotency_key=text_argument(arguments, "idempotency_key") or secrets.token_hex(8),
        author=caller.name,
    )
    match await caller.directory.propose(found.room.id, draft):
        case Shown(suggestion=suggestion):
            return say({"answer": "shown", "suggestion": suggestion})
        case Held(suggestion=suggestion, reason=reason):
            return say({"answer": "held", "suggestion": suggestion, "detail": reason})
        case Rejected(reason=RejectionReason.CONFLICT):
            now = (await caller.directory.snapshot(found.room.id)).cell(found.cell.id)
            raise ConflictError(found.cell.id, draft.expected_hash, None if now is None else now.hash)
        case Rejected(reason=why, detail=detail):
            return refuse(why.value, detail)


async def undo_my_writes(caller: Caller, arguments: Arguments) -> Reply:
    """Take back the caller's own writes."""
    info = caller.room(text_argument(arguments, "notebook_path"), text_argument(arguments, "learner"))
    changed = await caller.editing.undo(info.id, by=caller.name, most=whole_argument(arguments, "most"))
    return say({"undone": list(changed)})


async def wait_for_change(caller: Caller, arguments: Arguments) -> Reply:
    """What happened after an event, as soon as something did."""
    info = caller.room(text_argument(arguments, "notebook_path"), text_argument(arguments, "learner"))
    after = whole_argument(arguments, "after")
    seconds = number_argument(arguments, "timeout", USUAL_RUN, 0, LONGEST_WAIT)
    cell = text_argument(arguments, "cell_id")
    start = info.last_seq if after is None else Seq(after)
    events = cast("Any", caller.directory.events(info.id, after=start))
    async with aclosing(events) as closing:
        changes, reached = await next_changes(closing, start, cell, seconds)
    return say({"changes": changes, "seq": reached, "timed_out": not changes})


async def read_terminal(caller: Caller, arguments: Arguments) -> Reply:
    """The learner's terminal, where the task allows it."""
    found = await _found(caller, arguments)
    text = await caller.insight.read_terminal(found.room.id, found.cell.id)
    if not text:
        return refuse("no_terminal", "no terminal is open, or the cell's task does not say that it is read")
    shown, truncated = cut(text, _characters(arguments) or caller.budget.characters)
    return Reply(texts=(shown,), data={"text": shown, "truncated": truncated})


async def run_check(caller: Caller, arguments: Arguments) -> Reply:
    """The verdict of the visible checks."""
    found = await _found(caller, arguments)
    caller.expect_executor("run a check")
    brief = await caller.insight.task(found.room.id, found.cell.id)
    if caller.classroom is None or brief is None or found.room.learner is None:
        return refuse("no_task", "the cell belongs to no task of a published course; there is nothing to check")
    key = text_argument(arguments, "idempotency_key") or secrets.token_hex(8)
    record = await caller.classroom.validate(brief.course, brief.id, found.room.learner, ValidationMode.LIVE, key=key)
    if record.verdict is None:
        return say({"validation": record.id, "state": "under way"})
    return say(
        {"validation": record.id, "course": brief.course, "task": brief.id} | {"verdict": _verdict(record.verdict)}
    )


async def kernel(caller: Caller, arguments: Arguments) -> Reply:
    """The kernel's state, after what was asked of it."""
    info = caller.room(text_argument(arguments, "notebook_path"), text_argument(arguments, "learner"))
    match _choice(arguments, "action", ("status", "interrupt", "restart")):
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


HANDLERS: Mapping[str, Handler] = {
    handler.__name__: handler
    for handler in (
        list_notebooks,
        list_cells,
        read_cell,
        read_notebook,
        insert_cell,
        edit_cell,
        execute_cell,
        execute_code,
        point_at,
        propose_edit,
        undo_my_writes,
        wait_for_change,
        read_terminal,
        run_check,
        kernel,
    )
}


async def _notebook(caller: Caller, arguments: Arguments) -> tuple[RoomInfo, Notebook]:
    return await caller.notebook(text_argument(arguments, "notebook_path"), text_argument(arguments, "learner"))


async def _found(caller: Caller, arguments: Arguments) -> Found:
    info, notebook = await _notebook(caller, arguments)
    return caller.cell(info, notebook, text_argument(arguments, "cell_id"), whole_argument(arguments, "cell_index"))


def _budget(caller: Caller, arguments: Arguments) -> OutputBudget:
    characters = _characters(arguments)
    return caller.budget if characters is None else replace(caller.budget, characters=characters)


def _text(arguments: Arguments, name: str) -> str:
    value = text_argument(arguments, name)
    if value is None:
        raise BadArgumentError(name, "", "it is required")
    return value


def _cell_type(arguments: Arguments) -> CellType:
    return CellType(_choice(arguments, "cell_type", tuple(each.value for each in CellType)))


def _choice(arguments: Arguments, name: str, choices: tuple[str, ...]) -> str:
    """One of the choices, the first when none is given."""
    value = arguments.get(name, choices[0])
    if value not in choices:
        raise BadArgumentError(name, value, f"give one of {', '.join(choices)}")
    return str(value)


def _seconds(arguments: Arguments) -> float:
    return number_argument(arguments, "timeout", USUAL_RUN, 0.01, LONGEST_RUN)


def _characters(arguments: Arguments) -> int | None:
    if arguments.get("max_output_chars") is None:
        return None
    return int(number_argument(arguments, "max_output_chars", 0, 100, 200_000))


def _verdict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as data; it tells no hidden input and no expected value, as the judge made it."""
    checks = [
        {"name": each.name, "passed": each.passed, "message": each.message, "expected": each.expected, "got": each.got}
        for each in verdict.checks
        if not each.hidden
    ]
    told = {"outcome": verdict.outcome.value, "passed": verdict.passed, "first_cause": verdict.first_cause}
    return told | {"checks": checks}
