"""The tools of jupyter-collaboration-mcp 0.1.0: its names and arguments; presence and cursors are real ones.

Documents other than notebooks are refused, and that a version is restored over what a learner wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ltt_collab.mcp_bridge import compat_documents as documents
from ltt_collab.mcp_bridge import compat_presence as presence
from ltt_collab.mcp_bridge import compat_server
from ltt_collab.mcp_bridge.answers import Reply, say
from ltt_collab.mcp_bridge.arguments import (
    LONGEST_RUN,
    USUAL_RUN,
    Arguments,
    BadArgumentError,
    flag_argument,
    number_argument,
    text_argument,
    whole_argument,
)
from ltt_collab.mcp_bridge.calling import Caller, Found, Handler
from ltt_collab.mcp_bridge.compat_presence import humans, named_notebook, user_data
from ltt_collab.mcp_bridge.compat_session import below, expect_meant, expect_unchanged
from ltt_collab.mcp_bridge.running import insert_and_run, run_found
from ltt_collab.mcp_bridge.telling import cells_with_outputs
from ltt_collab.model.cells import CellType, Notebook
from ltt_collab.model.errors import NotOursError
from ltt_collab.model.ids import CellId
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


async def get_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """A notebook, and who is in it."""
    info, notebook = await named_notebook(caller, arguments, "path")
    caller.state.remember(notebook)
    most = whole_argument(arguments, "max_content_length") or 100_000
    budget = replace(caller.budget, characters=most)
    cells = cells_with_outputs(notebook, range(len(notebook.cells)), budget)
    told: dict[str, Any] = {"path": info.path, "room_id": info.id, "cells": cells}
    if flag_argument(arguments, "include_collaboration_state", default=True):
        told["collaboration_state"] = {"users": [user_data(each) for each in humans(caller, info.id)]}
    return say(told)


async def create_session(caller: Caller, arguments: Arguments) -> Reply:
    """A session of its own nobody needs: the notebook's room is the session."""
    info, _ = await named_notebook(caller, arguments, "path")
    return say({"session_id": info.id, "path": info.path, "status": info.state.value})


async def batch_insert_notebook_cells(caller: Caller, arguments: Arguments) -> Reply:
    """Cells of the caller's own, run if wished."""
    info, notebook = await named_notebook(caller, arguments, "path")
    runs = flag_argument(arguments, "exec", default=True)
    positions = arguments.get("positions")
    start = whole_argument(arguments, "start_position")
    wishes = [_wish(each) for each in arguments["cells"]]
    if positions is not None and len(positions) != len(wishes):
        raise BadArgumentError("positions", positions, f"give {len(wishes)} positions, one for each cell")
    done = []
    for at, wish in enumerate(wishes):
        index = positions[at] if positions is not None else None if start is None else start + at
        now = await caller.directory.snapshot(info.id)
        new = replace(wish, index=index, after=below(caller, info, now, index))
        if runs and new.type is CellType.CODE:
            reply = await insert_and_run(caller, info.id, new, USUAL_RUN)
            done.append(dict(reply.data or {}))
            if reply.is_error:
                return Reply(texts=reply.texts, data={**(reply.data or {}), "results": done}, is_error=True)
        else:
            written = await caller.editing.insert(info.id, new, by=caller.name)
            await caller.wrote(info.id, written)
            done.append({"cell_id": written.cell_id, "index": written.index})
    return say({"success": True, "path": notebook.path, "results": done})


async def batch_update_notebook_cells(caller: Caller, arguments: Arguments) -> Reply:
    """Other sources for cells of the caller's own."""
    info, notebook = await named_notebook(caller, arguments, "path")
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
        notebook = await caller.wrote(info.id, written)
    if flag_argument(arguments, "exec", default=True):
        codes = [found for found in targets if found.cell.type is CellType.CODE]
        again = [caller.cell(info, notebook, found.cell.id, None) for found in codes]
        done += [dict((await run_found(caller, found, USUAL_RUN)).data or {}) for found in again]
    return say({"success": True, "results": done})


async def batch_delete_notebook_cells(caller: Caller, arguments: Arguments) -> Reply:
    """Delete cells of the caller's own: all of them, or none."""
    info, notebook = await named_notebook(caller, arguments, "path")
    targets = _targets(caller, info, notebook, arguments)
    _expect_own(caller, targets)
    for found in targets:
        await caller.editing.delete(info.id, found.cell.id, by=caller.name)
    await caller.wrote(info.id)
    return say({"success": True, "deleted": [found.cell.id for found in targets]})


async def batch_execute_notebook_cells(caller: Caller, arguments: Arguments) -> Reply:
    """Run cells in order; stops at the first that fails."""
    info, notebook = await named_notebook(caller, arguments, "path")
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
    for each in found:
        if writes:
            expect_unchanged(caller, each)
        else:
            expect_meant(caller, each)
    return found


def _expect_own(caller: Caller, targets: Sequence[Found]) -> None:
    for found in targets:
        if found.cell.ownership is None or found.cell.ownership.author != caller.name:
            raise NotOursError(found.cell.id)


HANDLERS: Mapping[str, Handler] = {
    "list_notebooks": list_notebooks,
    "get_notebook": get_notebook,
    "create_notebook_session": create_session,
    "batch_update_notebook_cells": batch_update_notebook_cells,
    "batch_insert_notebook_cells": batch_insert_notebook_cells,
    "batch_delete_notebook_cells": batch_delete_notebook_cells,
    "batch_execute_notebook_cells": batch_execute_notebook_cells,
    "list_documents": documents.list_documents,
    "get_document": get_notebook,
    "create_document_session": create_session,
    "batch_update_document": documents.no_text_documents,
    "batch_insert_text": documents.no_text_documents,
    "batch_delete_text": documents.no_text_documents,
    "get_document_history": documents.get_document_history,
    "restore_document_version": documents.restore_document_version,
    "fork_document": documents.fork_document,
    "merge_document_fork": documents.merge_document_fork,
    "get_online_users": presence.get_online_users,
    "get_user_presence": presence.get_user_presence,
    "set_user_presence": presence.no_invented_presence,
    "get_user_cursors": presence.get_user_cursors,
    "update_cursor_position": presence.update_cursor_position,
    "get_user_activity": presence.get_user_activity,
    "broadcast_user_activity": presence.no_invented_presence,
    "get_active_sessions": presence.get_active_sessions,
    "join_session": presence.join_session,
    "leave_session": presence.leave_session,
}
