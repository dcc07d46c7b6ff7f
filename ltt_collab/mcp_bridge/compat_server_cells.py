"""The tools of jupyter-mcp-server 2.2.4 that work on cells: read, insert, run, rewrite, delete."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace

from ltt_collab.mcp_bridge.answers import Reply, refuse
from ltt_collab.mcp_bridge.arguments import (
    LONGEST_RUN,
    Arguments,
    BadArgumentError,
    flag_argument,
    integer_argument,
    required_text,
    text_argument,
)
from ltt_collab.mcp_bridge.calling import Caller, Found
from ltt_collab.mcp_bridge.compat_phrases import brief, put_out, ran, said, whole
from ltt_collab.mcp_bridge.compat_session import below, expect_as_read, expect_meant, expect_unchanged, used
from ltt_collab.mcp_bridge.running import Job, insert_and_run, run, run_found
from ltt_collab.model.cells import CellType, Notebook
from ltt_collab.model.errors import NotOursError
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.editing import NewCell

RANGE = "Cell index {index} is out of range. Notebook has {count} cells."
USUAL_TIMEOUT = 60.0
"""For its ``timeout=0``, which means its own default."""


async def read_cell(caller: Caller, arguments: Arguments) -> Reply:
    """One cell."""
    info, notebook = await used(caller, text_argument(arguments, "notebook_name"))
    found = _found(caller, info, notebook, arguments)
    if isinstance(found, Reply):
        return found
    caller.state.remember(notebook, range(found.index, found.index + 1))
    outputs = flag_argument(arguments, "include_outputs", default=True)
    parts = whole(found.cell, found.index, caller.budget.characters if outputs else None)
    return put_out(parts, caller.images(found) if outputs else ())


async def insert_cell(caller: Caller, arguments: Arguments) -> Reply:
    """A cell of the caller's own."""
    info, notebook = await used(caller, text_argument(arguments, "notebook_name"))
    new = _new(caller, info, notebook, arguments, CellType(str(arguments["cell_type"])))
    if isinstance(new, Reply):
        return new
    written = await caller.editing.insert(info.id, new, by=caller.name)
    notebook = await caller.wrote(info.id, written)
    lines = [f"Cell inserted successfully at index {written.index} ({new.type.value})!"]
    count = len(notebook.cells)
    lines += [f"Notebook now has {count} cells, showing surrounding cells:"]
    start = count - 10 if count - written.index < 5 else written.index - 5
    return said("\n".join([*lines, brief(notebook, max(0, start), 10)]))


async def insert_execute_code_cell(caller: Caller, arguments: Arguments) -> Reply:
    """A cell of the caller's own, run at once; none is left behind when it cannot run."""
    info, notebook = await used(caller, None)
    new = _new(caller, info, notebook, arguments, CellType.CODE)
    if isinstance(new, Reply):
        return new
    return ran(await insert_and_run(caller, info.id, new, _timeout(arguments)), skip=1)


async def execute_cell(caller: Caller, arguments: Arguments) -> Reply:
    """Run a cell; one of a learner's own keeps its outputs, the caller gets them."""
    info, notebook = await used(caller, None)
    found = _found(caller, info, notebook, arguments)
    if isinstance(found, Reply):
        return found
    if found.cell.type is not CellType.CODE:
        return said(f"Cell {found.index} is a {found.cell.type.value} cell; only code cells can be executed.")
    if arguments.get("cell_id") is None:
        expect_meant(caller, found)
    return ran(await run_found(caller, found, _timeout(arguments)))


async def execute_code(caller: Caller, arguments: Arguments) -> Reply:
    """Run code that stands in no cell, in the used notebook's kernel."""
    info, _ = await used(caller, None)
    if arguments.get("kernel_id") is not None:
        kernel = await caller.running.kernel(info.id)
        if kernel is None or kernel.id != arguments["kernel_id"]:
            return refuse("unknown_kernel", "only the used notebook's own kernel runs code; list_kernels tells its id")
    job = Job(code=required_text(arguments, "code"), seconds=_timeout(arguments))
    return ran(await run(caller, info.id, job))


async def overwrite_cell_source(caller: Caller, arguments: Arguments) -> Reply:
    """Another source for a cell of the caller's own."""
    return await _rewrite(caller, arguments, lambda _source: required_text(arguments, "cell_source"), "overwritten")


async def edit_cell_source(caller: Caller, arguments: Arguments) -> Reply:
    """Replace a text in a cell of the caller's own."""
    old, new = required_text(arguments, "old_string"), required_text(arguments, "new_string")
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
    info, notebook = await used(caller, text_argument(arguments, "notebook_name"))
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
    await caller.wrote(info.id)
    return said("\n".join(lines))


async def move_cell(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused: learners' cells stay where they are, and one of one's own can be inserted anew."""
    return refuse("not_supported", "cells are not moved under a learner's hands; delete yours and insert it elsewhere")


async def clear_cell_output(_caller: Caller, _arguments: Arguments) -> Reply:
    """Refused: outputs are the learner's; those of one's own cell are cleared by its next run."""
    return refuse(
        "not_supported", "outputs are not cleared under a learner's hands; running your cell replaces its own"
    )


async def _rewrite(caller: Caller, arguments: Arguments, change: Callable[[str], str], verb: str) -> Reply:
    info, notebook = await used(caller, text_argument(arguments, "notebook_name"))
    found = _found(caller, info, notebook, arguments)
    if isinstance(found, Reply):
        return found
    if arguments.get("cell_id") is None:
        expect_unchanged(caller, found)
    elif found.cell.ownership is None:
        expect_as_read(caller, found)
    source = change(found.cell.source)
    if source == found.cell.source:
        return said(f"Cell {found.index} {verb} successfully - no changes detected")
    written = await caller.editing.rewrite(info.id, found.cell.id, source, found.cell.hash, by=caller.name)
    await caller.wrote(info.id, written)
    diff = "\n".join(
        line
        for line in difflib.unified_diff(found.cell.source.splitlines(), source.splitlines(), lineterm="", n=3)
        if not line.startswith(("---", "+++"))
    )
    return said(f"Cell {found.index} {verb} successfully!\n\n```diff\n{diff}\n```")


def _found(caller: Caller, info: RoomInfo, notebook: Notebook, arguments: Arguments) -> Found | Reply:
    cell_id = text_argument(arguments, "cell_id")
    index = arguments.get("cell_index")
    if cell_id is None and isinstance(index, int) and not 0 <= index < len(notebook.cells):
        return replace(said(RANGE.format(index=index, count=len(notebook.cells))), is_error=True)
    return caller.cell(info, notebook, cell_id, index)


def _new(caller: Caller, info: RoomInfo, notebook: Notebook, arguments: Arguments, type: CellType) -> NewCell | Reply:
    index, count = integer_argument(arguments, "cell_index", -1), len(notebook.cells)
    if not -1 <= index <= count:
        text = f"Index {index} is outside valid range [-1, {count}]. Use -1 to append at end."
        return replace(said(text), is_error=True)
    return NewCell(
        source=required_text(arguments, "cell_source"),
        type=type,
        after=below(caller, info, notebook, max(index, 0)),
        index=None if index == -1 else index,
    )


def _timeout(arguments: Arguments) -> float:
    seconds = integer_argument(arguments, "timeout", 0)
    return min(float(seconds), LONGEST_RUN) if seconds > 0 else USUAL_TIMEOUT
