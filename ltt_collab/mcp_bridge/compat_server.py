"""The tools of jupyter-mcp-server 2.2.4: its names, arguments and phrases, over rooms that stay whole.

What differs, and must: another's cell is not overwritten, moved, cleared or deleted, and a write by index is a conflict
when the cell there is not the one that this client last read.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ltt_collab.mcp_bridge.answers import Reply, refuse
from ltt_collab.mcp_bridge.calling import BadArgumentError, Caller, Found, flag_argument, text_argument
from ltt_collab.mcp_bridge.compat_phrases import KINDS, brief, cells_of, put_out, ran, said, table, whole
from ltt_collab.mcp_bridge.native import LONGEST_RUN, Arguments, Handler, insert_and_run, run_found
from ltt_collab.mcp_bridge.running import Job, run
from ltt_collab.model.cells import CellType, Notebook
from ltt_collab.model.errors import ConflictError, NotOursError
from ltt_collab.model.ids import CellId
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.editing import NewCell

RANGE = "Cell index {index} is out of range. Notebook has {count} cells."
USUAL_TIMEOUT = 60.0
"""For its ``timeout=0``, which means its own default."""


async def use_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """Give an open notebook a name, and use it from now on in this session."""
    name, path = _required(arguments, "notebook_name"), _required(arguments, "notebook_path")
    if arguments.get("mode", "connect") == "create":
        return refuse("not_supported", f"'{path}' must be opened by its learner; this server creates no notebooks")
    if caller.state.names.get(name, path) != path:
        known = caller.state.names[name]
        text = f"The path '{path}' is not the correct path for notebook '{name}'. Do you mean connect to '{known}'?"
        return said(text)
    info, notebook = await caller.notebook(path, None)
    caller.state.names[name], caller.state.current = path, name
    kernel = await caller.running.kernel(info.id)
    lines = [] if kernel is None else [f"[INFO] Connected to kernel '{kernel.id}'."]
    lines += [f"[INFO] Successfully activate notebook '{name}'.", f"\nNotebook has {len(notebook.cells)} cells."]
    caller.state.remember(notebook)
    lines.append(brief(notebook, 0, 20))
    return said("\n".join(lines))


async def unuse_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """Forget a name."""
    name = _required(arguments, "notebook_name")
    if name not in caller.state.names:
        return said(_not_connected(caller, name))
    del caller.state.names[name]
    if caller.state.current == name:
        caller.state.current = ""
    return said(f"Notebook '{name}' unused successfully.")


async def list_notebooks(caller: Caller, _arguments: Arguments) -> Reply:
    """The open notebooks, named ones by their names: this server has no others."""
    rows = []
    names = {path: name for name, path in caller.state.names.items()}
    for info in caller.directory.rooms():
        kernel = await caller.running.kernel(info.id)
        name = names.get(info.path, "")
        active = "✓" if name and name == caller.state.current else ""
        state = ("", "") if kernel is None else (kernel.id, kernel.state.value)
        rows.append([name, info.path, *state, active])
    return table(["Name", "Path", "Kernel_ID", "Kernel_Status", "Activate"], rows)


async def list_kernels(caller: Caller, _arguments: Arguments) -> Reply:
    """The kernels of the open notebooks."""
    found = [(info, await caller.running.kernel(info.id)) for info in caller.directory.rooms()]
    rows = [[kernel.id, kernel.name, kernel.state.value, info.path] for info, kernel in found if kernel is not None]
    return table(["ID", "Name", "State", "Path"], rows) if rows else said("No kernels found on the Jupyter server.")


async def list_files(caller: Caller, _arguments: Arguments) -> Reply:
    """The open notebooks: an agent sees nothing else of a learner's disk."""
    rows = [[info.path, "notebook"] for info in caller.directory.rooms()]
    return table(["Path", "Type"], rows)


async def connect_to_jupyter(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused: which servers there are is the operator's."""
    return refuse("not_supported", "the service is connected to its Jupyter servers already; no other can be chosen")


async def restart_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """Restart the kernel."""
    name = _required(arguments, "notebook_name")
    info, _ = await _used(caller, name)
    await caller.running.restart(info.id, by=caller.name)
    text = "kernel restarted successfully. Memory state and imported packages have been cleared."
    return said(f"Notebook '{name}' {text}")


async def read_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """A page of cells, a line each or whole."""
    name = _required(arguments, "notebook_name")
    _info, notebook = await _used(caller, name)
    start, limit = _int(arguments, "start_index", 0), _int(arguments, "limit", 20)
    count = len(notebook.cells)
    if start >= count > 0:
        return said(f"Start index {start} is out of range. Notebook has {count} cells.")
    stop = min(count, start + limit) if limit else count
    caller.state.remember(notebook, range(start, stop))
    if arguments.get("response_format", "brief") == "brief":
        body = brief(notebook, start, stop - start)
    else:
        body = "\n\n".join("\n".join(whole(caller, cell, at)) for at, cell in cells_of(notebook, start, stop))
    return said(f"Notebook {name} has {count} cells.\n\n{body}")


async def read_cell(caller: Caller, arguments: Arguments) -> Reply:
    """One cell."""
    info, notebook = await _used(caller, text_argument(arguments, "notebook_name"))
    found = _found(caller, info, notebook, arguments)
    if isinstance(found, Reply):
        return found
    caller.state.remember(notebook, range(found.index, found.index + 1))
    outputs = flag_argument(arguments, "include_outputs", default=True)
    parts = whole(caller, found.cell, found.index, outputs=outputs)
    return put_out(parts)


async def insert_cell(caller: Caller, arguments: Arguments) -> Reply:
    """A cell of the caller's own."""
    info, notebook = await _used(caller, text_argument(arguments, "notebook_name"))
    new = _new(notebook, arguments, CellType(str(arguments["cell_type"])))
    if isinstance(new, Reply):
        return new
    written = await caller.editing.insert(info.id, new, by=caller.name)
    notebook = await caller.directory.snapshot(info.id)
    caller.state.remember(notebook)
    lines = [f"Cell inserted successfully at index {written.index} ({new.type.value})!"]
    count = len(notebook.cells)
    lines += [f"Notebook now has {count} cells, showing surrounding cells:"]
    start = count - 10 if count - written.index < 5 else written.index - 5
    return said("\n".join([*lines, brief(notebook, max(0, start), 10)]))


async def insert_execute_code_cell(caller: Caller, arguments: Arguments) -> Reply:
    """A cell of the caller's own, run at once; none is left behind when it cannot run."""
    info, notebook = await _used(caller, None)
    new = _new(notebook, arguments, CellType.CODE)
    if isinstance(new, Reply):
        return new
    reply = await insert_and_run(caller, info.id, new, _timeout(arguments))
    caller.state.remember(await caller.directory.snapshot(info.id))
    return ran(reply, skip=1)


async def execute_cell(caller: Caller, arguments: Arguments) -> Reply:
    """Run a cell; one of a learner's own keeps its outputs, the caller gets them."""
    info, notebook = await _used(caller, None)
    found = _found(caller, info, notebook, arguments)
    if isinstance(found, Reply):
        return found
    if found.cell.type is not CellType.CODE:
        return said(f"Cell {found.index} is a {found.cell.type.value} cell; only code cells can be executed.")
    return ran(await run_found(caller, found, _timeout(arguments)))


async def execute_code(caller: Caller, arguments: Arguments) -> Reply:
    """Run code that stands in no cell, in the used notebook's kernel."""
    info, _ = await _used(caller, None)
    if arguments.get("kernel_id") is not None:
        kernel = await caller.running.kernel(info.id)
        if kernel is None or kernel.id != arguments["kernel_id"]:
            return refuse("unknown_kernel", "only the used notebook's own kernel runs code; list_kernels tells its id")
    job = Job(code=_required(arguments, "code"), seconds=_timeout(arguments))
    return ran(await run(caller, info.id, job))


async def overwrite_cell_source(caller: Caller, arguments: Arguments) -> Reply:
    """Another source for a cell of the caller's own."""
    return await _rewrite(caller, arguments, lambda _source: _required(arguments, "cell_source"), "overwritten")


async def edit_cell_source(caller: Caller, arguments: Arguments) -> Reply:
    """Replace a text in a cell of the caller's own."""
    old, new = _required(arguments, "old_string"), _required(arguments, "new_string")
    everywhere = flag_argument(arguments, "replace_all")

    def edited(source: str) -> str:
        count = source.count(old) if old else 0
        if count == 0 or (count > 1 and not everywhere):
            found = (
                "is not in the cell" if count == 0 else f"is there {count} times; set replace_all or give more of it"
            )
            raise BadArgumentError("old_string", old, found)
        return source.replace(old, new)

    return await _rewrite(caller, arguments, edited, "edited")


async def delete_cell(caller: Caller, arguments: Arguments) -> Reply:
    """Delete cells of the caller's own: all of them, or none."""
    info, notebook = await _used(caller, text_argument(arguments, "notebook_name"))
    ids = arguments.get("cell_ids_to_delete")
    if ids:
        targets = [caller.cell(info, notebook, str(each), None) for each in ids]
    else:
        indexes = arguments.get("cell_indices") or []
        if not indexes or any(not 0 <= index < len(notebook.cells) for index in indexes):
            return said(f"Cell indices {indexes} are out of range. Notebook has {len(notebook.cells)} cells.")
        targets = [caller.cell(info, notebook, None, index) for index in indexes]
        for found in targets:
            expect_unchanged(caller, found)
    for found in targets:
        if found.cell.ownership is None or found.cell.ownership.author != caller.name:
            raise NotOursError(found.cell.id)
    lines = []
    for found in sorted(targets, key=lambda each: -each.index):
        await caller.editing.delete(info.id, found.cell.id, by=caller.name)
        lines.append(f"Cell {found.index} ({found.cell.type.value}) deleted successfully.")
        if flag_argument(arguments, "include_source", default=True):
            lines += ["deleted cell source:", found.cell.source, "\n---\n"]
    caller.state.remember(await caller.directory.snapshot(info.id))
    return said("\n".join(lines))


async def move_cell(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused: learners' cells stay where they are, and one of one's own can be inserted anew."""
    return refuse("not_supported", "cells are not moved under a learner's hands; delete yours and insert it elsewhere")


async def clear_cell_output(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused: outputs are the learner's; those of one's own cell are cleared by its next run."""
    return refuse(
        "not_supported", "outputs are not cleared under a learner's hands; running your cell replaces its own"
    )


async def _rewrite(caller: Caller, arguments: Arguments, change: Any, verb: str) -> Reply:
    info, notebook = await _used(caller, text_argument(arguments, "notebook_name"))
    found = _found(caller, info, notebook, arguments)
    if isinstance(found, Reply):
        return found
    if arguments.get("cell_id") is None:
        expect_unchanged(caller, found)
    source = change(found.cell.source)
    if source == found.cell.source:
        return said(f"Cell {found.index} {verb} successfully - no changes detected")
    written = await caller.editing.rewrite(info.id, found.cell.id, source, found.cell.hash, by=caller.name)
    caller.state.read.setdefault(info.id, {})[found.index] = (written.cell_id, written.hash)
    diff = "\n".join(
        line
        for line in difflib.unified_diff(found.cell.source.splitlines(), source.splitlines(), lineterm="", n=3)
        if not line.startswith(("---", "+++"))
    )
    return said(f"Cell {found.index} {verb} successfully!\n\n```diff\n{diff}\n```")


def expect_unchanged(caller: Caller, found: Found) -> None:
    """A write by index rests on what this client last read there.

    Raises:
        ConflictError: something else stands there now.
        BadArgumentError: it never read that cell.
    """
    seen = caller.state.read.get(found.room.id, {}).get(found.index)
    if seen is None:
        raise BadArgumentError("cell_index", found.index, "read the cell before you write by its index")
    if seen != (found.cell.id, found.cell.hash):
        raise ConflictError(found.cell.id, seen[1], found.cell.hash)


async def _used(caller: Caller, name: str | None) -> tuple[RoomInfo, Notebook]:
    """The notebook of a name; without one the used one, and without that the only one that is open.

    Raises:
        BadArgumentError, UnknownRoomError
    """
    chosen = name if name is not None else caller.state.current
    if not chosen:
        return await caller.notebook(None, None)
    if chosen not in caller.state.names:
        raise BadArgumentError("notebook_name", chosen, _not_connected(caller, chosen))
    return await caller.notebook(caller.state.names[chosen], None)


def _not_connected(caller: Caller, name: str) -> str:
    known = list(caller.state.names)
    return f"Notebook '{name}' is not connected. All currently connected notebooks: {known}"


def _found(caller: Caller, info: RoomInfo, notebook: Notebook, arguments: Arguments) -> Found | Reply:
    cell_id = text_argument(arguments, "cell_id")
    index = arguments.get("cell_index")
    if cell_id is None and isinstance(index, int) and not 0 <= index < len(notebook.cells):
        return replace(said(RANGE.format(index=index, count=len(notebook.cells))), is_error=True)
    return caller.cell(info, notebook, cell_id, index)


def _new(notebook: Notebook, arguments: Arguments, type: CellType) -> NewCell | Reply:
    index, count = _int(arguments, "cell_index", -1), len(notebook.cells)
    if not -1 <= index <= count:
        text = f"Index {index} is outside valid range [-1, {count}]. Use -1 to append at end."
        return replace(said(text), is_error=True)
    after = notebook.cells[index - 1].id if 0 < index <= count else None
    return NewCell(
        source=_required(arguments, "cell_source"),
        type=type,
        after=None if after is None else CellId(after),
        index=None if index == -1 else index,
    )


def _required(arguments: Arguments, name: str) -> str:
    value = text_argument(arguments, name)
    if value is None:
        raise BadArgumentError(name, "", "it is required")
    return value


def _int(arguments: Arguments, name: str, default: int) -> int:
    value = arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadArgumentError(name, value, "give a whole number")
    return value


def _timeout(arguments: Arguments) -> float:
    seconds = _int(arguments, "timeout", 0)
    return min(float(seconds), LONGEST_RUN) if seconds > 0 else USUAL_TIMEOUT


def _named(handler: Handler) -> Handler:
    """The handler, its answers with the tool's ``kind``."""

    async def named(caller: Caller, arguments: Arguments) -> Reply:
        reply = await handler(caller, arguments)
        return replace(reply, data={"kind": KINDS[handler.__name__], **(reply.data or {})})

    return named


HANDLERS: Mapping[str, Handler] = {
    handler.__name__: _named(handler)
    for handler in (
        use_notebook,
        unuse_notebook,
        list_notebooks,
        list_kernels,
        list_files,
        connect_to_jupyter,
        restart_notebook,
        read_notebook,
        read_cell,
        insert_cell,
        insert_execute_code_cell,
        execute_cell,
        execute_code,
        overwrite_cell_source,
        edit_cell_source,
        delete_cell,
        move_cell,
        clear_cell_output,
    )
}
