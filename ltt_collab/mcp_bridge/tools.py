"""Calls a tool by its name: the bridge's one boundary, where every error becomes an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from ltt_collab.mcp_bridge import compat_collaboration, compat_mcp_jupyter, compat_server, native
from ltt_collab.mcp_bridge.answers import Reply, refuse, say_error
from ltt_collab.mcp_bridge.arguments import Arguments, ArgumentSchema, BadArgumentError, text_argument
from ltt_collab.mcp_bridge.calling import Caller, Handler
from ltt_collab.mcp_bridge.catalogue import Compat, Tool, tools_of
from ltt_collab.mcp_bridge.remembering import Answers
from ltt_collab.model.errors import ConflictError, LttError, UnknownRoomError
from ltt_collab.model.ids import CellId
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

_SETS: Mapping[Compat, Mapping[str, Handler]] = {
    Compat.NATIVE: native.HANDLERS,
    Compat.JUPYTER_MCP_SERVER: compat_server.HANDLERS,
    Compat.MCP_JUPYTER: compat_mcp_jupyter.HANDLERS,
    Compat.JUPYTER_COLLABORATION_MCP: compat_collaboration.HANDLERS,
    Compat.ALL: {
        **compat_collaboration.HANDLERS,
        **compat_mcp_jupyter.HANDLERS,
        **compat_server.HANDLERS,
        "list_notebooks": compat_collaboration.list_notebooks_for_both,
    },
}

_OF_JUPYTER_MCP_SERVER = frozenset(
    {"read_notebook", "read_cell", "insert_cell", "overwrite_cell_source", "edit_cell_source", "delete_cell"}
)

QUICK: Mapping[Compat, frozenset[str]] = {
    Compat.NATIVE: frozenset(
        {"list_notebooks", "list_cells", "read_cell", "read_notebook", "insert_cell", "edit_cell", "point_at"}
        | {"undo_my_writes"}
    ),
    Compat.JUPYTER_MCP_SERVER: _OF_JUPYTER_MCP_SERVER,
    Compat.MCP_JUPYTER: frozenset(),
    Compat.JUPYTER_COLLABORATION_MCP: frozenset({"list_notebooks", "get_notebook"}),
    Compat.ALL: _OF_JUPYTER_MCP_SERVER | {"list_notebooks", "get_notebook"},
}
"""Tools that take a moment and say nothing meanwhile: none runs code, none waits for a person or another server."""

LISTED: Mapping[Compat, Sequence[Tool]] = {compat: tuple(tools_of(compat)) for compat in Compat}
"""Each mode's list, read with the program: no request waits for a file."""


class Tools:
    """The tools of every mode."""

    def __init__(self) -> None:
        self._answers = Answers()
        self._schemas = {
            (compat, tool["name"]): ArgumentSchema(tool["name"], tool["inputSchema"])
            for compat in Compat
            for tool in LISTED[compat]
        }

    async def call(self, caller: Caller, compat: Compat, name: str, arguments: Mapping[str, Any]) -> Reply:
        """The answer to one call; never raises for what the caller or the notebook did."""
        handler = _SETS[compat].get(name)
        if handler is None:
            return refuse("unknown_tool", f"there is no tool {name!r} in the set {compat.value!r}; tools/list has them")
        # Models fill in null for what they leave out.
        given = {argument: value for argument, value in arguments.items() if value is not None}
        try:
            self._schemas[compat, name].expect(given)
            key = _key(caller, name, given)
            with metrics.AGENT_CALLS.labels(name).time():
                return await self._answers.once(caller.name, key, lambda: handler(caller, given))
        except ConflictError as error:
            return say_error(error, await _current(caller, given, error.cell_id))
        except LttError as error:
            return say_error(error)
        # The bridge's one boundary. Cancellation is no Exception and passes.
        except Exception as error:
            log.exception("tool failed", tool=name, kind=type(error).__name__)
            return refuse("internal", "the service failed to answer; its log has the cause")


def _key(caller: Caller, tool: str, given: Arguments) -> str:
    """What a call is known by if it is to be answered once; '' if it is not.

    By the room, which the caller must see: a path may be Ada's notebook now and Bob's later, a client may count 1, 2, 3
    in each of its notebooks, and two tokens may have one name.
    """
    key = text_argument(given, "idempotency_key")
    if not key:
        return ""
    try:
        room = caller.room(text_argument(given, "notebook_path"), text_argument(given, "learner")).id
    except (UnknownRoomError, BadArgumentError):
        return ""  # the tool says so
    return json.dumps([tool, room, key])


async def _current(caller: Caller, given: Mapping[str, Any], cell: str) -> str | None:
    """The source that a conflict was about, as it is now."""
    path = given.get("notebook_path") or caller.state.names.get(given.get("notebook_name") or caller.state.current)
    try:
        _, notebook = await caller.notebook(path, given.get("learner"))
    except (UnknownRoomError, BadArgumentError):
        return None
    found = notebook.cell(CellId(cell))
    return None if found is None else found.source
