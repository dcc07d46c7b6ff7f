"""The tools of jupyter-collaboration-mcp 0.1.0 about documents: histories and forks."""

from __future__ import annotations

from ltt_collab.mcp_bridge.answers import Reply, refuse, say
from ltt_collab.mcp_bridge.arguments import Arguments, text_argument, whole_argument
from ltt_collab.mcp_bridge.calling import Caller


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


async def no_history(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused."""
    return refuse("not_supported", "the room server keeps no versions that can be read or restored")


async def no_forks(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused."""
    return refuse("not_supported", "forks have no review in JupyterLab; offer a change by the native propose_edit")
