"""The native tools that read: notebooks, cells, changes, the terminal."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from ltt_collab.mcp_bridge.answers import OutputBudget, Reply, cut, refuse, say
from ltt_collab.mcp_bridge.arguments import (
    USUAL_RUN,
    Arguments,
    characters_argument,
    flag_argument,
    number_argument,
    text_argument,
    whole_argument,
)
from ltt_collab.mcp_bridge.calling import Caller, found_cell, named_room, open_notebook
from ltt_collab.mcp_bridge.changes import next_changes
from ltt_collab.mcp_bridge.telling import cell_alone, cells_with_outputs
from ltt_collab.model.ids import Seq

FIRST_LINE = 120
"""Characters of a cell's first line in a list."""

LONGEST_WAIT = 300.0


async def list_notebooks(caller: Caller, arguments: Arguments) -> Reply:
    """Every open notebook that the caller may see."""
    learner = text_argument(arguments, "learner")
    rooms = [info for info in caller.directory.rooms() if learner is None or info.learner == learner]
    listed = [
        {"notebook_path": info.path, "id": info.id, "learner": info.learner, "state": info.state.value}
        | {"seq": info.last_seq}
        for info in rooms
    ]
    return say({"notebooks": listed})


async def list_cells(caller: Caller, arguments: Arguments) -> Reply:
    """A line for each cell."""
    info, notebook = await open_notebook(caller, arguments)
    caller.state.remember(notebook)
    cells = []
    for index, cell in enumerate(notebook.cells):
        told = cell_alone(cell, index)
        told["first_line"] = told.pop("source").partition("\n")[0][:FIRST_LINE]
        cells.append(told)
    return say({"notebook_path": info.path, "seq": notebook.seq, "cells": cells})


async def read_cell(caller: Caller, arguments: Arguments) -> Reply:
    """One cell."""
    found = await found_cell(caller, arguments)
    caller.state.remember(found.notebook, range(found.index, found.index + 1))
    told = cells_with_outputs(found.notebook, [found.index], _budget(caller, arguments))[0]
    reply = say(told | {"notebook_path": found.room.path, "seq": found.notebook.seq})
    if not flag_argument(arguments, "include_images"):
        return reply
    return replace(reply, images=caller.images(found))


async def read_notebook(caller: Caller, arguments: Arguments) -> Reply:
    """A page of cells."""
    info, notebook = await open_notebook(caller, arguments)
    start = whole_argument(arguments, "start") or 0
    limit = int(number_argument(arguments, "limit", 100, 1, 500))
    shown = range(start, min(start + limit, len(notebook.cells)))
    caller.state.remember(notebook, shown)
    if flag_argument(arguments, "include_outputs", default=True):
        cells = cells_with_outputs(notebook, shown, _budget(caller, arguments))
    else:
        cells = [cell_alone(notebook.cells[index], index) for index in shown]
    told = {"notebook_path": info.path, "seq": notebook.seq, "language": notebook.language}
    return say(told | {"total": len(notebook.cells), "cells": cells})


def _budget(caller: Caller, arguments: Arguments) -> OutputBudget:
    characters = characters_argument(arguments)
    return caller.budget if characters is None else replace(caller.budget, characters=characters)


async def wait_for_change(caller: Caller, arguments: Arguments) -> Reply:
    """What happened after an event, as soon as something did."""
    info = named_room(caller, arguments)
    after = whole_argument(arguments, "after")
    seconds = number_argument(arguments, "timeout", USUAL_RUN, 0, LONGEST_WAIT)
    cell = text_argument(arguments, "cell_id")
    start = info.last_seq if after is None else Seq(after)
    events = cast("Any", caller.directory.events(info.id, after=start))
    async with aclosing(events) as closing:
        changes, reached = await next_changes(closing, start, cell, seconds)
    return say({"changes": changes, "seq": reached, "timed_out": not changes})


async def read_terminal(caller: Caller, arguments: Arguments) -> Reply:
    """The learner's terminal, where the task allows it."""
    found = await found_cell(caller, arguments)
    text = await caller.insight.read_terminal(found.room.id, found.cell.id)
    if not text:
        return refuse("no_terminal", "no terminal is open, or the cell's task does not say that it is read")
    shown, truncated = cut(text, characters_argument(arguments) or caller.budget.characters)
    return Reply(texts=(shown,), data={"text": shown, "truncated": truncated})
