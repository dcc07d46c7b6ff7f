"""The tools of jupyter-collaboration-mcp 0.1.0: its names and arguments; presence and cursors are real ones.

Documents other than notebooks, histories and forks are refused: the rooms that we are in have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ltt_collab.mcp_bridge import compat_server
from ltt_collab.mcp_bridge.answers import Reply, as_data, refuse, say
from ltt_collab.mcp_bridge.calling import (
    BadArgumentError,
    Caller,
    Found,
    flag_argument,
    number_argument,
    text_argument,
    whole_argument,
)
from ltt_collab.mcp_bridge.compat_server import expect_unchanged
from ltt_collab.mcp_bridge.native import LONGEST_RUN, USUAL_RUN, Arguments, Handler, insert_and_run, run_found
from ltt_collab.model.cells import CellType, Notebook
from ltt_collab.model.errors import NotOursError
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.model.presence import Participant
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.editing import NewCell


async def list_notebooks(caller: Caller, arguments: Arguments) -> Reply:
    """The open notebooks."""
    prefix = text_argument(arguments, "path_prefix") or ""
    most = whole_argument(arguments, "max_results") or 50
    rooms = [info for info in caller.directory.rooms() if info.path.startswith(prefix)][:most]
    listed = [{"path": info.path, "room_id": info.id, "state": info.state.value} for info in rooms]
    return say({"notebooks": listed, "total": len(listed)})


async def list_notebooks_for_both(caller: Caller, arguments: Arguments) -> Reply:
    """The one name that two sets share: the other's text and data, and this one's beside them."""
    theirs, ours = await compat_server.HANDLERS["list_notebooks"](caller, {}), await list_notebooks(caller, arguments)
    return replace(theirs, data={**(ours.data or {}), **(theirs.data or {})})


async def list_documents(caller: Caller, arguments: Arguments) -> Reply:
    """The open documents: notebooks."""
    kind = text_argument(arguments, "file_type")
    wanted = text_argument(arguments, "path_filter") or ""
    rooms = [info for info in caller.directory.rooms() if wanted in info.path and kind in {None, "notebook"}]
    documents = [{"path": info.path, "file_type": "notebook", "room_id": info.id} for info in rooms]
    return say({"documents": documents[: whole_argument(arguments, "max_results") or 50]})


async def get_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """A notebook, and who is in it."""
    info, notebook = await _open(caller, arguments, "path")
    caller.state.remember(notebook)
    most = whole_argument(arguments, "max_content_length") or 100_000
    budget = replace(caller.budget, characters=most)
    cells = [as_data(cell, at, budget) for at, cell in enumerate(notebook.cells)]
    told: dict[str, Any] = {"path": info.path, "room_id": info.id, "cells": cells}
    if flag_argument(arguments, "include_collaboration_state", default=True):
        told["collaboration_state"] = {"users": [_user(each) for each in _humans(caller, info.id)]}
    return say(told)


async def create_session(caller: Caller, arguments: Arguments) -> Reply:
    """A session of its own nobody needs: the notebook's room is the session."""
    info, _ = await _open(caller, arguments, "path")
    return say({"session_id": info.id, "path": info.path, "status": info.state.value})


async def batch_insert_notebook_cells(caller: Caller, arguments: Arguments) -> Reply:
    """Cells of the caller's own, run if wished."""
    info, notebook = await _open(caller, arguments, "path")
    runs = flag_argument(arguments, "exec", default=True)
    positions = arguments.get("positions")
    start = whole_argument(arguments, "start_position")
    wishes = [_wish(each) for each in arguments["cells"]]
    if positions is not None and len(positions) != len(wishes):
        raise BadArgumentError("positions", positions, f"give {len(wishes)} positions, one for each cell")
    done = []
    for at, wish in enumerate(wishes):
        index = positions[at] if positions is not None else None if start is None else start + at
        new = replace(wish, index=index)
        if runs and new.type is CellType.CODE:
            reply = await insert_and_run(caller, info.id, new, USUAL_RUN)
            done.append(dict(reply.data or {}))
            if reply.is_error:
                return Reply(texts=reply.texts, data={**(reply.data or {}), "results": done}, is_error=True)
        else:
            written = await caller.editing.insert(info.id, new, by=caller.name)
            done.append({"cell_id": written.cell_id, "index": written.index})
    caller.state.remember(await caller.directory.snapshot(info.id))
    return say({"success": True, "path": notebook.path, "results": done})


async def batch_update_notebook_cells(caller: Caller, arguments: Arguments) -> Reply:
    """Other sources for cells of the caller's own."""
    info, notebook = await _open(caller, arguments, "path")
    targets = _targets(caller, info, notebook, arguments)
    updates = arguments["updates"]
    if len(updates) != len(targets):
        raise BadArgumentError("updates", len(updates), f"{len(targets)} cells are meant; give one update for each")
    sources = [_wish(each).source for each in updates]
    _expect_own(caller, targets)
    done = []
    for found, source in zip(targets, sources, strict=True):
        written = await caller.editing.rewrite(info.id, found.cell.id, source, found.cell.hash, by=caller.name)
        done.append({"cell_id": written.cell_id, "index": written.index, "hash": written.hash})
    notebook = await caller.directory.snapshot(info.id)
    caller.state.remember(notebook)
    if flag_argument(arguments, "exec", default=True):
        codes = [found for found in targets if found.cell.type is CellType.CODE]
        again = [caller.cell(info, notebook, found.cell.id, None) for found in codes]
        done += [dict((await run_found(caller, found, USUAL_RUN)).data or {}) for found in again]
    return say({"success": True, "results": done})


async def batch_delete_notebook_cells(caller: Caller, arguments: Arguments) -> Reply:
    """Delete cells of the caller's own: all of them, or none."""
    info, notebook = await _open(caller, arguments, "path")
    targets = _targets(caller, info, notebook, arguments)
    _expect_own(caller, targets)
    for found in targets:
        await caller.editing.delete(info.id, found.cell.id, by=caller.name)
    caller.state.remember(await caller.directory.snapshot(info.id))
    return say({"success": True, "deleted": [found.cell.id for found in targets]})


async def batch_execute_notebook_cells(caller: Caller, arguments: Arguments) -> Reply:
    """Run cells in order; stops at the first that fails."""
    info, notebook = await _open(caller, arguments, "path")
    seconds = number_argument(arguments, "timeout", USUAL_RUN, 0.01, LONGEST_RUN)
    done: list[dict[str, Any]] = []
    for found in _targets(caller, info, notebook, arguments, writes=False):
        if found.cell.type is not CellType.CODE:
            continue
        reply = await run_found(caller, found, seconds)
        done.append(dict(reply.data or {}))
        if reply.is_error:
            return Reply(texts=reply.texts, data={**(reply.data or {}), "results": done}, is_error=True)
    return say({"success": all(each.get("ok") for each in done), "results": done})


async def get_online_users(caller: Caller, arguments: Arguments) -> Reply:
    """Who is in a notebook, or in any."""
    path = text_argument(arguments, "document_path")
    rooms = [caller.room(path, None)] if path is not None else list(caller.directory.rooms())
    users = [_user(each) | {"document": info.path} for info in rooms for each in _humans(caller, info.id)]
    return say({"users": users, "total": len(users)})


async def get_user_presence(caller: Caller, arguments: Arguments) -> Reply:
    """Where somebody is."""
    wanted = arguments["user_id"]
    path = text_argument(arguments, "document_path")
    rooms = [caller.room(path, None)] if path is not None else list(caller.directory.rooms())
    there = [info.path for info in rooms for each in _humans(caller, info.id) if each.user.username == wanted]
    return say({"user_id": wanted, "online": bool(there), "documents": there})


async def get_user_cursors(caller: Caller, arguments: Arguments) -> Reply:
    """Where everybody's caret is."""
    info = caller.room(text_argument(arguments, "document_path"), None)
    cursors = [
        {
            "user": each.user.username,
            "cell_id": each.selection.cell_id,
            "anchor": each.selection.anchor,
            "head": each.selection.head,
        }
        for each in _humans(caller, info.id)
        if each.selection is not None
    ]
    return say({"cursors": cursors})


async def update_cursor_position(caller: Caller, arguments: Arguments) -> Reply:
    """Select a line: ``position`` names a cell and, 1-based, a line."""
    info, notebook = await _open(caller, arguments, "document_path")
    position = arguments["position"]
    found = caller.cell(info, notebook, position.get("cell_id"), position.get("cell_index"))
    line = int(number_argument(position, "line", 1, 1, 1_000_000))
    await caller.editing.point(info.id, found.cell.id, line, found.cell.hash, by=caller.name)
    return say({"success": True, "cell_id": found.cell.id, "line": line})


async def get_user_activity(caller: Caller, arguments: Arguments) -> Reply:
    """Why help was or was not given lately; what people do is told by ``wait_for_change`` of the native tools."""
    info = caller.room(text_argument(arguments, "document_path"), None)
    limit = whole_argument(arguments, "limit") or 20
    told = caller.directory.decisions(info.id)[-limit:]
    return say({"activities": [{"at": each.at, "about": each.about, "what": each.decision} for each in told]})


async def get_active_sessions(caller: Caller, arguments: Arguments) -> Reply:
    """The rooms."""
    path = text_argument(arguments, "document_path")
    rooms = [info for info in caller.directory.rooms() if path in {None, info.path}]
    return say({"sessions": [{"session_id": info.id, "path": info.path} for info in rooms]})


async def join_session(caller: Caller, arguments: Arguments) -> Reply:
    """The tutor is in every open room already."""
    info = caller.directory.find(str(arguments["session_id"]))
    return say({"session_id": info.id, "path": info.path, "joined": True})


async def leave_session(caller: Caller, arguments: Arguments) -> Reply:
    """The tutor stays as long as the learner; this client just asks no more."""
    info = caller.directory.find(str(arguments["session_id"]))
    return say({"session_id": info.id, "left": True})


async def no_text_documents(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused."""
    return refuse("not_supported", "only notebooks can be worked in; use the batch_*_notebook_cells tools")


async def no_history(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused."""
    return refuse("not_supported", "the room server keeps no versions that can be read or restored")


async def no_forks(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused."""
    return refuse("not_supported", "forks have no review in JupyterLab; offer a change by the native propose_edit")


async def no_invented_presence(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused."""
    return refuse("not_supported", "the presence that learners see shows what is really done; it is not set by hand")


HANDLERS: Mapping[str, Handler] = {
    "list_notebooks": list_notebooks,
    "get_notebook": get_notebook,
    "create_notebook_session": create_session,
    "batch_update_notebook_cells": batch_update_notebook_cells,
    "batch_insert_notebook_cells": batch_insert_notebook_cells,
    "batch_delete_notebook_cells": batch_delete_notebook_cells,
    "batch_execute_notebook_cells": batch_execute_notebook_cells,
    "list_documents": list_documents,
    "get_document": get_notebook,
    "create_document_session": create_session,
    "batch_update_document": no_text_documents,
    "batch_insert_text": no_text_documents,
    "batch_delete_text": no_text_documents,
    "get_document_history": no_history,
    "restore_document_version": no_history,
    "fork_document": no_forks,
    "merge_document_fork": no_forks,
    "get_online_users": get_online_users,
    "get_user_presence": get_user_presence,
    "set_user_presence": no_invented_presence,
    "get_user_cursors": get_user_cursors,
    "update_cursor_position": update_cursor_position,
    "get_user_activity": get_user_activity,
    "broadcast_user_activity": no_invented_presence,
    "get_active_sessions": get_active_sessions,
    "join_session": join_session,
    "leave_session": leave_session,
}


async def _open(caller: Caller, arguments: Arguments, name: str) -> tuple[RoomInfo, Notebook]:
    return await caller.notebook(text_argument(arguments, name), None)


def _humans(caller: Caller, room: RoomId) -> Sequence[Participant]:
    presence = caller.presence(room)
    return () if presence is None else presence.humans()


def _user(participant: Participant) -> dict[str, Any]:
    selection = participant.selection
    return {
        "user_id": participant.user.username,
        "display_name": participant.user.display_name,
        "cell_id": None if selection is None else selection.cell_id,
    }


def _wish(given: Mapping[str, Any]) -> NewCell:
    source = given.get("source", given.get("content"))
    if isinstance(source, list):
        source = "".join(map(str, source))
    if not isinstance(source, str):
        raise BadArgumentError("source", source, "give each cell's text as source")
    kind = given.get("cell_type", given.get("type", "code"))
    if kind not in set(CellType):
        raise BadArgumentError("cell_type", kind, f"give one of {', '.join(CellType)}")
    return NewCell(source=source, type=CellType(kind))


def _targets(
    caller: Caller, info: RoomInfo, notebook: Notebook, arguments: Arguments, *, writes: bool = True
) -> list[Found]:
    """The cells that are meant, by id or by a range of indexes (its end excluded); all of them without either."""
    ids = arguments.get("cell_ids")
    if ids is not None:
        return [caller.cell(info, notebook, CellId(str(each)), None) for each in ids]
    start = whole_argument(arguments, "start_index") or 0
    end = whole_argument(arguments, "end_index")
    stop = len(notebook.cells) if end is None else min(end, len(notebook.cells))
    found = [caller.cell(info, notebook, None, index) for index in range(start, stop)]
    if writes:
        for each in found:
            expect_unchanged(caller, each)
    return found


def _expect_own(caller: Caller, targets: Sequence[Found]) -> None:
    for found in targets:
        if found.cell.ownership is None or found.cell.ownership.author != caller.name:
            raise NotOursError(found.cell.id)
