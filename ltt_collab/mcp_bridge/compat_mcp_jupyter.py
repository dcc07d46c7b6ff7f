"""The tools of mcp-jupyter 2.0.2: its names and arguments, over rooms that stay whole."""

from __future__ import annotations

from collections.abc import Mapping

from ltt_collab.mcp_bridge.answers import Reply, refuse, say
from ltt_collab.mcp_bridge.arguments import (
    USUAL_RUN,
    Arguments,
    BadArgumentError,
    flag_argument,
    text_argument,
    whole_argument,
)
from ltt_collab.mcp_bridge.calling import Caller, Found, Handler
from ltt_collab.mcp_bridge.compat_session import below, expect_meant, expect_unchanged
from ltt_collab.mcp_bridge.running import insert_and_run, run_found
from ltt_collab.mcp_bridge.telling import cells_with_outputs, texts_within
from ltt_collab.model.cells import Cell, CellType, Notebook
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.editing import NewCell


async def setup_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """Say that the notebook is open; a session of its own it needs none."""
    info, notebook = await caller.notebook(text_argument(arguments, "notebook_path"), None)
    caller.state.remember(notebook)
    kernel = await caller.running.kernel(info.id)
    return say({"message": f"Notebook {info.path} is open", "kernel_id": None if kernel is None else kernel.id})


async def query_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """Cells, sources or outputs, by the kind of question."""
    info, notebook = await caller.notebook(text_argument(arguments, "notebook_path"), None)
    match arguments["query_type"]:
        case "view_source":
            return _view_source(caller, info, notebook, arguments)
        case "check_server":
            return say({"status": "running"})
        case "list_sessions":
            return say({"sessions": [each.path for each in caller.directory.rooms()]})
        case "get_position_index":
            found = caller.cell(info, notebook, _id_of(notebook, arguments), None)
            return say({"position_index": found.index})
        case unknown:
            choices = "view_source, check_server, list_sessions, get_position_index"
            raise BadArgumentError("query_type", unknown, f"give one of {choices}")


async def modify_notebook_cells(caller: Caller, arguments: Arguments) -> Reply:
    """Add, edit or delete a cell of the caller's own."""
    info, notebook = await caller.notebook(text_argument(arguments, "notebook_path"), None)
    index = whole_argument(arguments, "position_index")
    content = text_argument(arguments, "cell_content")
    match arguments["operation"]:
        case "add_code":
            new = _new(caller, info, notebook, content, index, CellType.CODE)
            if flag_argument(arguments, "execute", default=True):
                return await insert_and_run(caller, info.id, new, USUAL_RUN)
            return await _inserted(caller, info, new)
        case "add_markdown":
            return await _inserted(caller, info, _new(caller, info, notebook, content, index, CellType.MARKDOWN))
        case "edit_code" | "edit_markdown":
            found = _at(caller, info, notebook, index)
            written = await caller.editing.rewrite(
                info.id, found.cell.id, _content(content), found.cell.hash, by=caller.name
            )
            await caller.wrote(info.id, written)
            return say({"cell_id": written.cell_id, "position_index": written.index})
        case "delete":
            found = _at(caller, info, notebook, index)
            await caller.editing.delete(info.id, found.cell.id, by=caller.name)
            await caller.wrote(info.id)
            return say({"deleted": found.cell.id})
        case unknown:
            choices = "add_code, edit_code, add_markdown, edit_markdown, delete"
            raise BadArgumentError("operation", unknown, f"give one of {choices}")


async def execute_notebook_code(caller: Caller, arguments: Arguments) -> Reply:
    """Run the cell at an index."""
    info, notebook = await caller.notebook(text_argument(arguments, "notebook_path"), None)
    match arguments["execution_type"]:
        case "execute_cell":
            found = caller.cell(info, notebook, None, whole_argument(arguments, "position_index"))
            if found.cell.type is not CellType.CODE:
                raise BadArgumentError("position_index", found.index, "only code cells run")
            expect_meant(caller, found)
            return await run_found(caller, found, USUAL_RUN)
        case "install_packages":
            return refuse("not_supported", "packages are not installed in a learner's environment by an agent")
        case unknown:
            raise BadArgumentError("execution_type", unknown, "give one of execute_cell, install_packages")


def _view_source(caller: Caller, info: RoomInfo, notebook: Notebook, arguments: Arguments) -> Reply:
    given = (arguments.get("execution_count"), arguments.get("position_index"), arguments.get("cell_id"))
    if all(each is None for each in given):
        caller.state.remember(notebook)
        return say({"cells": cells_with_outputs(notebook, range(len(notebook.cells)), caller.budget)})
    cell_id = _id_of(notebook, arguments)
    found = caller.cell(info, notebook, cell_id, whole_argument(arguments, "position_index"))
    caller.state.remember(notebook, range(found.index, found.index + 1))
    told = cells_with_outputs(notebook, [found.index], caller.budget)[0]
    return say(told | {"output_texts": texts_within(found.cell.outputs, caller.budget.characters)})


def _id_of(notebook: Notebook, arguments: Arguments) -> str | None:
    count = whole_argument(arguments, "execution_count")
    if count is None:
        return text_argument(arguments, "cell_id")
    ran: Cell | None = next((cell for cell in notebook.cells if cell.execution_count == count), None)
    if ran is None:
        raise BadArgumentError("execution_count", count, "no cell of the notebook shows that number")
    return ran.id


def _at(caller: Caller, info: RoomInfo, notebook: Notebook, index: int | None) -> Found:
    found = caller.cell(info, notebook, None, index)
    expect_unchanged(caller, found)
    return found


def _new(
    caller: Caller, info: RoomInfo, notebook: Notebook, content: str | None, index: int | None, type: CellType
) -> NewCell:
    if index is not None and index > len(notebook.cells):
        raise BadArgumentError("position_index", index, f"the notebook has {len(notebook.cells)} cells")
    return NewCell(source=_content(content), type=type, after=below(caller, info, notebook, index), index=index)


async def _inserted(caller: Caller, info: RoomInfo, new: NewCell) -> Reply:
    written = await caller.editing.insert(info.id, new, by=caller.name)
    await caller.wrote(info.id, written)
    return say({"cell_id": written.cell_id, "position_index": written.index})


def _content(content: str | None) -> str:
    if content is None:
        raise BadArgumentError("cell_content", "", "it is required")
    return content


HANDLERS: Mapping[str, Handler] = {
    handler.__name__: handler
    for handler in (setup_notebook, query_notebook, modify_notebook_cells, execute_notebook_code)
}
