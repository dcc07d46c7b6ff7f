"""Notebooks, cells and outputs as resources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import unquote

import structlog

from ltt_collab.mcp_bridge.answers import cut
from ltt_collab.mcp_bridge.arguments import BadArgumentError
from ltt_collab.mcp_bridge.calling import Caller
from ltt_collab.mcp_bridge.telling import SCHEME, cells_with_outputs, output_text, outputs_text
from ltt_collab.model.ids import CellId, RoomId

log = structlog.get_logger(__name__)

JSON, TEXT = "application/json", "text/plain"

MOST_DIGITS = 6
"""Of an output's index: longer numbers are beyond any notebook, whatever their end."""

TEMPLATES = (
    ("ltt://rooms/{room}", "notebook", "A notebook: its cells with sources and outputs."),
    ("ltt://rooms/{room}/cells/{cell}", "cell", "One cell."),
    ("ltt://rooms/{room}/cells/{cell}/outputs", "outputs", "The outputs of one cell, as text."),
    ("ltt://rooms/{room}/cells/{cell}/outputs/{index}", "output", "One output, from 0: a picture as such, or text."),
)


@dataclass(frozen=True, slots=True)
class Address:
    """A resource's parts; ``cell`` None: the whole notebook; ``outputs``: of the cell, ``output``: one of them."""

    room: RoomId
    cell: CellId | None = None
    outputs: bool = False
    output: int | None = None

    @classmethod
    def parse(cls, uri: str) -> Address:
        """Read a URI of ours.

        Raises:
            BadArgumentError
        """
        parts = [unquote(part) for part in uri.removeprefix(SCHEME).split("/")] if uri.startswith(SCHEME) else []
        match parts:
            case [room] if room:
                return cls(RoomId(room))
            case [room, "cells", cell]:
                return cls(RoomId(room), CellId(cell))
            case [room, "cells", cell, "outputs"]:
                return cls(RoomId(room), CellId(cell), True)
            case [room, "cells", cell, "outputs", output] if output.isascii() and output.isdecimal():
                return cls(RoomId(room), CellId(cell), True, int(output[:MOST_DIGITS]))
            case _:
                raise BadArgumentError("uri", uri, f"use one as in {SCHEME}<room>/cells/<cell>/outputs/<index>")


@dataclass(frozen=True, slots=True)
class Content:
    """What a resource holds; ``is_base64``: the text stands for bytes."""

    mime_type: str
    text: str
    is_base64: bool = False


async def read(caller: Caller, uri: str) -> Content:
    """A resource's content; its texts keep to the output budget.

    Raises:
        BadArgumentError, UnknownRoomError, UnknownCellError
    """
    address = Address.parse(uri)
    info = caller.directory.find(address.room)
    notebook = await caller.directory.snapshot(info.id)
    if address.cell is None:
        cells = cells_with_outputs(notebook, range(len(notebook.cells)), caller.budget)
        return Content(JSON, json.dumps({"notebook_path": notebook.path, "seq": notebook.seq, "cells": cells}))
    found = caller.cell(info, notebook, address.cell, None)
    if not address.outputs:
        return Content(JSON, json.dumps(cells_with_outputs(notebook, [found.index], caller.budget)[0]))
    outputs = found.cell.outputs
    if address.output is None:
        return Content(TEXT, cut(outputs_text(outputs), caller.budget.characters)[0])
    if address.output >= len(outputs):
        raise BadArgumentError("uri", uri, f"the cell has {len(outputs)} outputs, from 0")
    image = caller.image(notebook.room, address.cell, address.output)
    if image is not None:
        return Content(image.mime_type, image.data, is_base64=True)
    return Content(TEXT, cut(output_text(outputs[address.output]), caller.budget.characters)[0])
