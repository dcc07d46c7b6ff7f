"""The native tools that write, each with a precondition: cells of the caller's own, proposals, undo."""

from __future__ import annotations

import secrets

from ltt_collab.mcp_bridge.answers import Reply, refuse, say
from ltt_collab.mcp_bridge.arguments import (
    Arguments,
    BadArgumentError,
    characters_argument,
    choice_argument,
    flag_argument,
    number_argument,
    required_text,
    seconds_argument,
    text_argument,
    whole_argument,
)
from ltt_collab.mcp_bridge.calling import Caller, found_cell, named_room
from ltt_collab.mcp_bridge.running import insert_and_run
from ltt_collab.model.cells import CellType
from ltt_collab.model.errors import ConflictError, NotOursError
from ltt_collab.model.ids import CellId
from ltt_collab.model.suggestions import Draft, Held, Placement, Rejected, RejectionReason, Shown
from ltt_collab.ports.editing import NewCell


async def insert_cell(caller: Caller, arguments: Arguments) -> Reply:
    """A cell of the caller's own, run at once if wished."""
    info = named_room(caller, arguments)
    anchor = text_argument(arguments, "cell_id")
    expected = text_argument(arguments, "expected_hash")
    if expected is not None:
        found = caller.cell(info, await caller.directory.snapshot(info.id), anchor, None)
        if found.cell.hash != expected:
            raise ConflictError(found.cell.id, expected, found.cell.hash)
    new = NewCell(
        source=required_text(arguments, "source"),
        type=_cell_type(arguments),
        after=None if anchor is None else CellId(anchor),
        index=whole_argument(arguments, "cell_index"),
        about=None if expected is None or anchor is None else CellId(anchor),
        expected_hash=expected,
        key=text_argument(arguments, "idempotency_key") or "",
    )
    if not flag_argument(arguments, "execute"):
        written = await caller.editing.insert(info.id, new, by=caller.name)
        caller.state.remember_cell(info.id, written.index, written.cell_id, written.hash)
        return say({"cell_id": written.cell_id, "index": written.index, "hash": written.hash, "fresh": written.fresh})
    if new.type is not CellType.CODE:
        raise BadArgumentError("execute", True, "only code cells run")
    return await insert_and_run(caller, info.id, new, seconds_argument(arguments), characters_argument(arguments))


async def edit_cell(caller: Caller, arguments: Arguments) -> Reply:
    """Another source for a cell of the caller's own, or its end."""
    found = await found_cell(caller, arguments)
    expected = caller.precondition(found, text_argument(arguments, "expected_hash"))
    if expected != found.cell.hash:
        raise ConflictError(found.cell.id, expected, found.cell.hash)
    if flag_argument(arguments, "delete"):
        await caller.editing.delete(found.room.id, found.cell.id, by=caller.name)
        return say({"cell_id": found.cell.id, "deleted": True})
    source = required_text(arguments, "source")
    written = await caller.editing.rewrite(found.room.id, found.cell.id, source, expected, by=caller.name)
    caller.state.remember_cell(found.room.id, written.index, written.cell_id, written.hash)
    return say({"cell_id": written.cell_id, "index": written.index, "hash": written.hash})


async def point_at(caller: Caller, arguments: Arguments) -> Reply:
    """Select a line."""
    found = await found_cell(caller, arguments)
    line = int(number_argument(arguments, "line", 1, 1, 1_000_000))
    expected = text_argument(arguments, "expected_hash") or found.cell.hash
    await caller.editing.point(found.room.id, found.cell.id, line, expected, by=caller.name)
    return say({"cell_id": found.cell.id, "line": line})


async def propose_edit(caller: Caller, arguments: Arguments) -> Reply:
    """A proposal below a learner's cell, through the gate."""
    found = await found_cell(caller, arguments)
    if found.cell.ownership is not None:
        raise NotOursError(found.cell.id)
    draft = Draft(
        cell_id=found.cell.id,
        expected_hash=caller.precondition(found, text_argument(arguments, "expected_hash")),
        placement=Placement.PROPOSAL,
        text=required_text(arguments, "source"),
        idempotency_key=text_argument(arguments, "idempotency_key") or secrets.token_hex(8),
        author=caller.name,
    )
    match await caller.editing.propose(found.room.id, draft):
        case Shown(suggestion=suggestion):
            return say({"answer": "shown", "suggestion": suggestion})
        case Held(suggestion=suggestion, reason=reason):
            return say({"answer": "held", "suggestion": suggestion, "detail": reason})
        case Rejected(reason=RejectionReason.CONFLICT, detail=detail):
            now = (await caller.directory.snapshot(found.room.id)).cell(found.cell.id)
            if now is not None and now.hash == draft.expected_hash:
                return refuse("conflict", detail)  # it was run again, or somebody's caret is in the way
            raise ConflictError(found.cell.id, draft.expected_hash, None if now is None else now.hash)
        case Rejected(reason=why, detail=detail):
            return refuse(why.value, detail)


async def undo_my_writes(caller: Caller, arguments: Arguments) -> Reply:
    """Take back the caller's own writes."""
    info = named_room(caller, arguments)
    changed = await caller.editing.undo(info.id, by=caller.name, most=whole_argument(arguments, "most"))
    return say({"undone": list(changed)})


def _cell_type(arguments: Arguments) -> CellType:
    return CellType(choice_argument(arguments, "cell_type", tuple(each.value for each in CellType)))
