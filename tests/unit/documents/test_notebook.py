"""The shared notebook read as values, whatever others wrote into it."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Map, Text

from ltt_collab.documents.notebook import HEAVY, NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.model.cells import CellType, OutputType
from ltt_collab.model.errors import UnknownCellError
from ltt_collab.model.ids import CellId, RoomId, Seq
from ltt_collab.model.text import source_hash

A, B = CellId("a"), CellId("b")


def code(cell: CellId, source: str, **more: Any) -> Map[Any]:
    values = {"id": cell, "cell_type": "code", "source": Text(source), "metadata": Map(), "outputs": Array()}
    return Map(values | more)


@pytest.fixture
def replica() -> Replica:
    return Replica(on_local_update=lambda update: None)


@pytest.fixture
def view(replica: Replica) -> NotebookView:
    return NotebookView(replica, RoomId("room"))


def test_a_snapshot_is_the_notebook_as_values(replica: Replica, view: NotebookView) -> None:
    stream = Map({"output_type": "stream", "name": "stdout", "text": Text("\x1b[31mhi\x1b[0m\n")})
    error = Map({"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": ["\x1b[31mline\x1b[0m"]})
    with replica.writing():
        replica.status["path"] = "dir/ex.ipynb"
        replica.meta["metadata"] = {"language_info": {"name": "julia"}}
        replica.cells.append(code(A, "1 / 0", outputs=Array([stream, error]), execution_count=3.0))
        replica.cells.append(Map({"id": B, "cell_type": "markdown", "source": Text("# é"), "metadata": Map()}))
    notebook = view.snapshot(Seq(7))
    assert (notebook.path, notebook.language, notebook.seq) == ("dir/ex.ipynb", "julia", 7)
    first, second = notebook.cells
    assert (first.id, first.execution_count, type(first.execution_count)) == (A, 3, int)
    assert [output.type for output in first.outputs] == [OutputType.STREAM, OutputType.ERROR]
    assert first.error is not None
    assert (first.error.error_name, first.error.text) == ("NameError", "line")
    assert (second.type, second.source) == (CellType.MARKDOWN, "# é")


def test_a_cell_is_found_where_it_is_now(replica: Replica, view: NotebookView) -> None:
    with replica.writing():
        replica.cells.extend([code(A, "a"), code(B, "b")])
    assert (view.index_of(A), view.index_of(B)) == (0, 1)
    with replica.writing():
        replica.cells.insert(0, code(CellId("new"), ""))
    assert (view.index_of(A), view.index_of(B)) == (1, 2)
    cells = replica.cells
    with replica.writing():
        del cells[1]
    assert (view.index_of(A), view.index_of(B)) == (None, 1)
    with pytest.raises(UnknownCellError):
        view.cell_source(A)
    assert view.cell_hash(B) == source_hash("b")


def test_what_is_no_cell_is_counted_and_passed_over(replica: Replica, view: NotebookView) -> None:
    with replica.writing():
        replica.cells.extend(["text", Map({"id": 5.0}), Map({"id": A, "source": "no shared text"}), code(B, "b")])
        replica.status["path"] = 7.0
        replica.meta["metadata"] = "none"
    assert view.index_of(B) == 3
    assert [cell.source for cell in view.snapshot(Seq(0)).cells] == ["", "", "no shared text", "b"]
    assert (view.path, view.language) == ("", "python")
    with pytest.raises(UnknownCellError):
        view.text_of(A)


def test_a_malformed_mark_makes_no_cell_ours(replica: Replica, view: NotebookView) -> None:
    with replica.writing():
        replica.cells.append(code(A, "a", metadata=Map({"ltt": {"role": "king"}})))
        replica.cells.append(code(B, "b", metadata=Map({"ltt": "yes"})))
    assert view.ownership(A) is None
    assert view.ownership(B) is None


def change_source(cells: Array[Any]) -> None:
    cells[0]["source"].insert(1, "é😀")


def delete_letters(cells: Array[Any]) -> None:
    del cells[0]["source"][0:1]


def run(cells: Array[Any]) -> None:
    cells[0]["execution_count"] = 3.0
    stream = Map({"output_type": "stream", "name": "stdout", "text": Text("one")})
    cells[0]["outputs"] = Array([stream])


def print_more(cells: Array[Any]) -> None:
    cells[0]["outputs"][0]["text"].insert(3, " two")


def odd_values(cells: Array[Any]) -> None:
    cells[0]["execution_count"] = float("nan")
    cells[0]["metadata"] = Map({"tags": [b"bytes", 2**60, None, "kept"]})


def mark(cells: Array[Any]) -> None:
    cells[0]["metadata"]["ltt_task"] = {"course": "c", "task": "t", "role": "work"}


def add_no_cell(cells: Array[Any]) -> None:
    cells.insert(0, 7)


def copy_below(cells: Array[Any]) -> None:
    cells.append(Map({"id": "copy", "cell_type": "code", "source": Text("x")}))
    cells.append(Map({"id": "copy", "cell_type": "code", "source": Text("x")}))


def delete_first(cells: Array[Any]) -> None:
    del cells[0]


def show_a_picture(cells: Array[Any]) -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * HEAVY, "text/plain": "<Figure>"}}
    cells[0]["outputs"] = Array([Map(picture)])


CHANGES = (change_source, delete_letters, run, print_more, odd_values, mark, add_no_cell, copy_below, delete_first,
           show_a_picture, change_source)  # fmt: skip


def test_a_snapshot_after_each_kind_of_change_is_what_the_document_says(replica: Replica, view: NotebookView) -> None:
    with replica.writing():
        replica.cells.append(code(A, "x = 1"))
    seen = [view.snapshot(Seq(0))]
    for change in CHANGES:
        with replica.writing():
            change(replica.cells)
        seen.append(view.snapshot(Seq(0)))
        assert seen[-1] == NotebookView(replica, RoomId("room")).snapshot(Seq(0)), change.__name__
        assert seen[-1] != seen[-2], change.__name__
    assert view.snapshot(Seq(0)) == seen[-1]


def test_what_is_written_is_seen_at_once_also_while_it_is_being_written(replica: Replica, view: NotebookView) -> None:
    with replica.writing():
        replica.cells.append(code(A, "x"))
        seen = [view.snapshot(Seq(0)).cells[0].source]
        replica.cells[0]["source"].insert(1, "y")
        seen.append(view.snapshot(Seq(0)).cells[0].source)
        replica.cells[0]["source"].insert(2, "z")
    seen.append(view.snapshot(Seq(0)).cells[0].source)
    assert seen == ["x", "xy", "xyz"]
    other = Replica(on_local_update=lambda update: None)
    other.apply(replica.diff(other.state()))
    with other.writing():
        del other.cells[0]["source"][0:1]
    replica.apply(other.diff(replica.state()))
    assert view.snapshot(Seq(7)).cells[0].source == "yz"
    assert view.snapshot(Seq(8)).seq == 8


def test_a_cell_that_did_not_change_is_not_read_anew(replica: Replica, view: NotebookView) -> None:
    with replica.writing():
        replica.cells.append(code(A, "x = 1"))
    before = view.snapshot(Seq(0))
    with replica.writing():
        replica.cells.append(Map({"id": "late", "cell_type": "code", "source": Text("x")}))
    after = view.snapshot(Seq(0))
    assert all(one is other for one, other in zip(before.cells, after.cells, strict=False))
    view.forget()
    assert view.snapshot(Seq(0)).cells[0] is not after.cells[0]
