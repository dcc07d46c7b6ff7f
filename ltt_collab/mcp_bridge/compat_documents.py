"""The tools of jupyter-collaboration-mcp 0.1.0 about documents: histories and forks."""

from __future__ import annotations

from http import HTTPStatus

from ltt_collab.mcp_bridge.answers import Reply, refuse, say
from ltt_collab.mcp_bridge.arguments import (
    Arguments,
    BadArgumentError,
    flag_argument,
    required_text,
    text_argument,
    whole_argument,
)
from ltt_collab.mcp_bridge.calling import Caller
from ltt_collab.model.errors import RoomRefusedError
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.histories import RoomForks


async def list_documents(caller: Caller, arguments: Arguments) -> Reply:
    """The open documents: notebooks."""
    kind = text_argument(arguments, "file_type")
    wanted = text_argument(arguments, "path_filter") or ""
    rooms = [info for info in caller.directory.rooms() if wanted in info.path and kind in {None, "notebook"}]
    documents = [{"path": info.path, "file_type": "notebook", "room_id": info.id} for info in rooms]
    return say({"documents": documents[: whole_argument(arguments, "max_results") or 50]})


async def no_text_documents(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused."""
    return refuse("not_supported", "only notebooks can be worked in; use the batch_*_notebook_cells tools")


async def get_document_history(caller: Caller, arguments: Arguments) -> Reply:
    """When the versions came to be that the room server still knows, the newest first."""
    info, forks = _forks(caller, arguments)
    limit = whole_argument(arguments, "limit") or 10
    try:
        moments = await forks.versions(info.id)
    except RoomRefusedError as error:
        return _unsupported(error)
    versions = [{"version_id": str(at), "timestamp": moment} for at, moment in enumerate(moments)]
    return say({"path": info.path, "history": versions[::-1][:limit], "total": len(versions)})


async def restore_document_version(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused."""
    text = "what the learner wrote since would be lost; they bring a version back themselves, in JupyterLab's timeline"
    return refuse("not_supported", text)


async def fork_document(caller: Caller, arguments: Arguments) -> Reply:
    """A copy of the notebook in a room of its own."""
    info, forks = _forks(caller, arguments)
    synchronized = flag_argument(arguments, "synchronize")
    try:
        made = await forks.fork(info.id, synchronized=synchronized, by=caller.name)
    except RoomRefusedError as error:
        return _unsupported(error)
    return say({"fork_id": made.id, "path": info.path, "title": made.title, "synchronize": made.synchronized})


async def merge_document_fork(caller: Caller, arguments: Arguments) -> Reply:
    """Bring a copy back, where the operator lets agents change learners' cells."""
    info, forks = _forks(caller, arguments)
    fork = required_text(arguments, "fork_id")
    try:
        merged = await forks.merge(info.id, fork, by=caller.name)
    except RoomRefusedError as error:
        return _unsupported(error)
    if not merged:
        raise BadArgumentError("fork_id", fork, f"{info.path} has no such fork; fork_document tells the id")
    return say({"success": True, "path": info.path, "fork_id": fork})


def _forks(caller: Caller, arguments: Arguments) -> tuple[RoomInfo, RoomForks]:
    info = caller.room(text_argument(arguments, "path"), None)
    if caller.forks is None:
        raise RoomRefusedError(info.server, HTTPStatus.NOT_FOUND, "this service knows no versions and no forks")
    return info, caller.forks


def _unsupported(error: RoomRefusedError) -> Reply:
    """Only where the server has no such thing is it so called; every other refusal is one.

    Raises:
        RoomRefusedError
    """
    if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        raise error
    return refuse("not_supported", f"the room server keeps no versions and no forks of this notebook ({error.reason})")
