"""Cells as agents are told them."""

from __future__ import annotations

import pytest

from ltt_collab.mcp_bridge.answers import OutputBudget, cut
from ltt_collab.mcp_bridge.telling import cells_with_outputs, shares
from ltt_collab.model.cells import Cell, CellType, Notebook, Output, OutputType
from ltt_collab.model.ids import CellId, RoomId, Seq


@pytest.mark.parametrize(
    ("sizes", "given"),
    [([], []), ([5, 1_000, 7], [5, 88, 7]), ([1_000, 1_000], [50, 50]), ([0, 10], [0, 10]), ([200] * 101, [0])],
)
def test_small_texts_are_whole_and_the_others_share_the_rest(sizes: list[int], given: list[int]) -> None:
    found = shares(sizes, 100)
    assert found[: len(given)] == given
    assert sum(found) <= 100


def test_a_text_without_any_room_is_its_mark_alone() -> None:
    shown, truncated = cut("a" * 50, 0)
    assert (shown.strip(), truncated) == ("[… 50 characters cut …]", True)


@pytest.mark.proves("mcp:output-budget")
def test_the_budget_is_for_the_whole_answer() -> None:
    loud = Output(type=OutputType.STREAM, text="x" * 15_000, stream="stdout")
    figure = Output(type=OutputType.DISPLAY_DATA, text="<Figure>", mime_types=("text/plain", "image/png"))
    cells = tuple(
        Cell(id=CellId(str(at)), type=CellType.CODE, source="s" * 100, outputs=(figure if at == 7 else loud,))
        for at in range(100)
    )
    notebook = Notebook(room=RoomId("r"), path="a.ipynb", cells=cells, seq=Seq(1))
    told = cells_with_outputs(notebook, range(100), OutputBudget(characters=20_000))
    marks = 100 * len("\n[… 15000 characters cut …]\n")
    assert 15_000 < sum(len(each["outputs"]) for each in told) <= 20_000 + marks
    assert all(each["source"] == "s" * 100 for each in told)
    assert told[7]["outputs"] == "<Figure>"
    assert told[7]["images"] == [{"uri": "ltt://rooms/r/cells/7/outputs/0", "mime_type": "image/png"}]
    assert told[0]["truncated"]
