"""The tools of jupyter-collaboration-mcp 0.1.0 about people: who is where, cursors, sessions. All of it is real."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ltt_collab.mcp_bridge.answers import Reply, refuse, say
from ltt_collab.mcp_bridge.arguments import Arguments, number_argument, text_argument, whole_argument
from ltt_collab.mcp_bridge.calling import Caller
from ltt_collab.model.cells import Notebook
from ltt_collab.model.ids import RoomId
from ltt_collab.model.presence import Participant
from ltt_collab.ports.directory import RoomInfo


async def get_online_users(caller: Caller, arguments: Arguments) -> Reply:
    """Who is in a notebook, or in any."""
    path = text_argument(arguments, "document_path")
    rooms = [caller.room(path, None)] if path is not None else list(caller.directory.rooms())
    users = [user_data(each) | {"document": info.path} for info in rooms for each in humans(caller, info.id)]
    return say({"users": users, "total": len(users)})


async def get_user_presence(caller: Caller, arguments: Arguments) -> Reply:
    """Where somebody is."""
    wanted = arguments["user_id"]
    path = text_argument(arguments, "document_path")
    rooms = [caller.room(path, None)] if path is not None else list(caller.directory.rooms())
    there = [info.path for info in rooms for each in humans(caller, info.id) if each.user.username == wanted]
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
        for each in humans(caller, info.id)
        if each.selection is not None
    ]
    return say({"cursors": cursors})


async def update_cursor_position(caller: Caller, arguments: Arguments) -> Reply:
    """Select a line: ``position`` names a cell and, 1-based, a line."""
    info, notebook = await named_notebook(caller, arguments, "document_path")
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


async def no_invented_presence(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused."""
    return refuse("not_supported", "the presence that learners see shows what is really done; it is not set by hand")


async def named_notebook(caller: Caller, arguments: Arguments, name: str) -> tuple[RoomInfo, Notebook]:
    """The notebook that an argument names.

    Raises:
        UnknownRoomError, BadArgumentError
    """
    return await caller.notebook(text_argument(arguments, name), None)


def humans(caller: Caller, room: RoomId) -> Sequence[Participant]:
    """The humans in a room."""
    presence = caller.presence(room)
    return () if presence is None else presence.humans()


def user_data(participant: Participant) -> dict[str, Any]:
    """Somebody as that server tells of users."""
    selection = participant.selection
    return {
        "user_id": participant.user.username,
        "display_name": participant.user.display_name,
        "cell_id": None if selection is None else selection.cell_id,
    }
