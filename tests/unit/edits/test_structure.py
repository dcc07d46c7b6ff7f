"""Cells come, go, move and change their type under one id."""

from __future__ import annotations

import pytest
from jupyter_ydoc import YNotebook
from pycrdt import Map

from ltt_collab.model.cells import CellRole, CellType
from ltt_collab.model.edits import (
    CellInserted,
    CellMoved,
    CellRemoved,
    CellTypeChanged,
    DocumentReloaded,
    DocumentRenamed,
    MetadataChanged,
    ReloadCause,
)
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import SERVER
from tests.unit.edits.session import Session, code_cell, error, markdown_cell

MARK = {"role": "hint", "suggestion": "s1", "about": "a", "rung": 1, "author": "tutor"}


def notebook() -> Session:
    """Four cells."""
    return Session(code_cell("a", "1"), code_cell("b", "22"), markdown_cell("c", "# 3"), code_cell("d", "4444"))


def test_a_new_cell_is_said_with_all_that_it_holds() -> None:
    session = notebook()
    with session.ada.transaction() as cells:
        cells.insert(1, markdown_cell("n", "new", {"ltt": MARK, "tags": ["t"]}))
    inserted = session.only(CellInserted)
    assert (inserted.index, inserted.cell.source, inserted.cell.tags) == (1, "new", ("t",))
    assert inserted.cell.ownership is not None
    assert inserted.cell.ownership.role is CellRole.HINT


def test_removed_cells_are_said_where_they_were() -> None:
    session = notebook()
    with session.ada.transaction() as cells:
        del cells[1:3]
    assert [(e.cell_id, e.index) for e in session.take() if isinstance(e, CellRemoved)] == [("b", 1), ("c", 1)]


@pytest.mark.proves("edits:moves-are-moves")
@pytest.mark.parametrize(("source", "target"), [(0, 3), (3, 0), (1, 2), (2, 1), (0, 1)])
def test_a_cell_that_jupyterlab_moves_is_said_to_move(source: int, target: int) -> None:
    session = notebook()
    with session.ada.transaction() as cells:
        cell = cells[source]
        clone = code_cell if cell["cell_type"] == "code" else markdown_cell
        clone_of = clone(cell["id"], str(cell["source"]))
        del cells[source]
        cells.insert(target, clone_of)
    moved = session.only(CellMoved)
    assert (moved.from_index, moved.to_index) == (source, target)


def test_a_block_of_moved_cells_arrives_in_order() -> None:
    session = notebook()
    with session.ada.transaction() as cells:
        del cells[0:2]
        cells.extend([code_cell("a", "1"), code_cell("b", "22")])
    assert set(session.kinds()) == {"CellMoved"}


def test_a_move_with_another_text_is_a_removal_and_an_insertion() -> None:
    session = notebook()
    with session.ada.transaction() as cells:
        del cells[0]
        cells.append(code_cell("a", "other text"))
    assert session.kinds() == ["CellRemoved", "CellInserted"]


@pytest.mark.proves("edits:type-changes")
def test_a_cell_that_jupyterlab_turns_into_markdown_is_the_same_cell() -> None:
    session = notebook()
    with session.ada.transaction() as cells:
        del cells[1]
        cells.insert(1, markdown_cell("b", "22", {"tags": ["kept"]}))
    turned = session.only(CellTypeChanged)
    assert turned.cell is not None
    assert (turned.cell_id, turned.cell_type, turned.cell.tags) == ("b", CellType.MARKDOWN, ("kept",))


def test_a_type_that_is_set_in_place_is_followed() -> None:
    session = notebook()
    with session.ada.transaction() as cells:
        cells[0]["cell_type"] = "markdown"
    assert session.kinds() == ["CellTypeChanged"]


def test_metadata_are_said_with_ownership_and_tags() -> None:
    session = notebook()
    with session.ada.transaction() as cells:
        cells[0]["metadata"]["ltt"] = MARK
    changed = session.only(MetadataChanged)
    assert (changed.cell_id, changed.keys) == ("a", ("ltt",))
    assert changed.ownership is not None


def test_metadata_are_said_with_the_task_and_stay_the_learners() -> None:
    session = notebook()
    with session.ada.transaction() as cells:
        cells[0]["metadata"]["ltt_task"] = {"course": "basics", "task": "mean", "role": "work"}
    changed = session.only(MetadataChanged)
    assert changed.task is not None
    assert (changed.task.course, changed.task.task, changed.ownership) == ("basics", "mean", None)


def test_the_notebooks_own_metadata_have_no_cell() -> None:
    session = notebook()
    with session.ada.transaction():
        session.ada.meta["metadata"] = Map({"kernelspec": {"name": "python3"}})
    changed = session.only(MetadataChanged)
    assert (changed.cell_id, changed.keys) == (None, ("metadata",))


@pytest.mark.proves("edits:rename-followed")
def test_a_new_path_is_a_rename() -> None:
    session = notebook()
    with session.server.transaction():
        session.server.state["path"] = "other.ipynb"
    assert session.only(DocumentRenamed).path == "other.ipynb"


@pytest.mark.proves("edits:out-of-band-reload")
def test_a_file_replaced_on_disk_is_said_as_a_reload() -> None:
    session = notebook()
    disk = YNotebook(session.server.doc)
    cells = [{"cell_type": "markdown", "id": f"z{i}", "metadata": {}, "source": f"{i}"} for i in range(6)]
    with session.server.transaction():
        disk.set({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    reloaded = next(event for event in session.take() if isinstance(event, DocumentReloaded))
    assert (reloaded.cause, reloaded.author) == (ReloadCause.OUT_OF_BAND, SERVER)
    assert [cell.id for cell in reloaded.cells] == [f"z{i}" for i in range(6)]


@pytest.mark.proves("edits:out-of-band-reload")
def test_a_file_that_was_run_elsewhere_is_no_run_here() -> None:
    session = notebook()
    with session.server.transaction() as cells:
        cells[0]["outputs"].append(error("E", "v"))
        cells[0]["execution_count"] = 5
    assert session.kinds() == ["DocumentReloaded"]


def test_one_line_changed_on_disk_is_an_edit_of_the_servers() -> None:
    session = notebook()
    with session.server.transaction() as cells:
        cells[3]["source"].insert(0, "# by hand\n")
        for cell in cells:
            cell["metadata"]["trusted"] = False
    assert session.kinds().count("SourceEdited") == 1


def test_after_a_reload_edits_are_told_again() -> None:
    session = notebook()
    session.decoder.suspend()
    session.ada.type(0, 0, "unseen ")
    session.decoder.begin()
    assert session.events == []
    session.start = session.notebook()
    session.ada.type(0, 0, "seen ")
    assert session.kinds() == ["SourceEdited"]
    assert CellId("a") in {cell.id for cell in session.notebook().cells}
