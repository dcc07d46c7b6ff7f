"""Cells as agents are told them: texts within one budget for the whole answer, pictures by their addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from ltt_collab.mcp_bridge.answers import OutputBudget, cut, lines
from ltt_collab.model.cells import Cell, Notebook, Output, OutputType
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.model.pictures import RASTER

SCHEME = "ltt://rooms/"


def notebook_uri(room: RoomId) -> str:
    """The URI of a notebook."""
    return f"{SCHEME}{quote(room, safe='')}"


def output_uri(room: RoomId, cell: CellId, index: int) -> str:
    """The URI of one output."""
    return f"{notebook_uri(room)}/cells/{quote(cell, safe='')}/outputs/{index}"


def picture_kind(output: Output) -> str | None:
    """The MIME type of an output's picture, if it has one that models can see."""
    return next((kind for kind in RASTER if kind in output.mime_types), None)


def output_text(output: Output) -> str:
    """The text of one output; of a rich one without text, what it is."""
    if output.text or output.type is OutputType.STREAM:
        return output.text
    if output.type is OutputType.ERROR:
        return f"{output.error_name}: {output.error_value}"
    return f"[{', '.join(output.mime_types)}]"


def outputs_text(outputs: Sequence[Output]) -> str:
    """The text of a cell's outputs."""
    return "".join(lines([output_text(each) for each in outputs]))


def cell_alone(cell: Cell, index: int) -> dict[str, Any]:
    """A cell as an agent reads it, without its outputs."""
    return {
        "cell_id": cell.id,
        "index": index,
        "type": cell.type.value,
        "source": cell.source,
        "hash": cell.hash,
        "owner": "learner" if cell.ownership is None else cell.ownership.author,
        "execution_count": cell.execution_count,
        "running": cell.running,
    }


def cells_with_outputs(notebook: Notebook, indexes: Iterable[int], budget: OutputBudget) -> list[dict[str, Any]]:
    """Cells as an agent reads them; the budget is for all of them together."""
    told = [(index, notebook.cells[index]) for index in indexes]
    texts = [outputs_text(cell.outputs) for _, cell in told]
    given = shares([len(text) for text in texts], budget.characters)
    return [
        cell_alone(cell, index) | _outputs(notebook.room, cell, text, share)
        for (index, cell), text, share in zip(told, texts, given, strict=True)
    ]


def texts_within(outputs: Sequence[Output], characters: int) -> list[str]:
    """The text of each output; the budget is for all of them together."""
    texts = [output_text(each) for each in outputs]
    given = shares([len(text) for text in texts], characters)
    return [cut(text, share)[0] for text, share in zip(texts, given, strict=True)]


def shares(sizes: Sequence[int], total: int) -> list[int]:
    """How much of the total each gets: what is small all of itself, the others the same of what is left."""
    given, left = [0] * len(sizes), total
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    for done, at in enumerate(order):
        given[at] = min(sizes[at], left // (len(sizes) - done))
        left -= given[at]
    return given


def _outputs(room: RoomId, cell: Cell, text: str, characters: int) -> dict[str, Any]:
    if not cell.outputs:
        return {}
    shown, truncated = cut(text, characters)
    told: dict[str, Any] = {"outputs": shown}
    told["truncated"] = truncated or any(each.truncated for each in cell.outputs)
    images = [
        {"uri": output_uri(room, cell.id, at), "mime_type": kind}
        for at, output in enumerate(cell.outputs)
        if (kind := picture_kind(output)) is not None
    ]
    if images:
        told["images"] = images
    if cell.error is not None:
        told["raised"] = {"name": cell.error.error_name, "value": cell.error.error_value}
    return told
