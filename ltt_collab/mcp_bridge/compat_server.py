"""The tools of jupyter-mcp-server 2.2.4: its names, arguments and phrases, over rooms that stay whole.

What differs, and must: another's cell is not overwritten, moved, cleared or deleted, and a write by index is a conflict
when the cell there is not the one that this client last read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ltt_collab.mcp_bridge import compat_server_cells as of_cells
from ltt_collab.mcp_bridge.answers import Reply, refuse
from ltt_collab.mcp_bridge.arguments import Arguments, integer_argument, required_text
from ltt_collab.mcp_bridge.calling import Caller, Handler
from ltt_collab.mcp_bridge.compat_phrases import KINDS, brief, said, table, wholes
from ltt_collab.mcp_bridge.compat_session import not_connected, used


async def use_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """Give an open notebook a name, and use it from now on in this session."""
    name, path = required_text(arguments, "notebook_name"), required_text(arguments, "notebook_path")
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
    name = required_text(arguments, "notebook_name")
    if name not in caller.state.names:
        return said(not_connected(caller, name))
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
    name = required_text(arguments, "notebook_name")
    info, _ = await used(caller, name)
    await caller.running.restart(info.id, by=caller.name)
    text = "kernel restarted successfully. Memory state and imported packages have been cleared."
    return said(f"Notebook '{name}' {text}")


async def read_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """A page of cells, a line each or whole."""
    name = required_text(arguments, "notebook_name")
    _info, notebook = await used(caller, name)
    start, limit = integer_argument(arguments, "start_index", 0), integer_argument(arguments, "limit", 20)
    count = len(notebook.cells)
    if start >= count > 0:
        return said(f"Start index {start} is out of range. Notebook has {count} cells.")
    stop = min(count, start + limit) if limit else count
    caller.state.remember(notebook, range(start, stop))
    if arguments.get("response_format", "brief") == "brief":
        body = brief(notebook, start, stop - start)
    else:
        body = wholes(notebook, start, stop, caller.budget.characters)
    return said(f"Notebook {name} has {count} cells.\n\n{body}")


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
        of_cells.read_cell,
        of_cells.insert_cell,
        of_cells.insert_execute_code_cell,
        of_cells.execute_cell,
        of_cells.execute_code,
        of_cells.overwrite_cell_source,
        of_cells.edit_cell_source,
        of_cells.delete_cell,
        of_cells.move_cell,
        of_cells.clear_cell_output,
    )
}
