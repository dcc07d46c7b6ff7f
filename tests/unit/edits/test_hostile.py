"""A notebook may hold anything: the decoder neither raises nor lies about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlFragment

from ltt_collab.edits.replayer import apply_all
from ltt_collab.model.edits import DocumentReloaded, SourceEdited
from ltt_collab.model.ids import ClientId
from ltt_collab.model.presence import Author
from tests.unit.edits.session import ADA, Browser, People, Session, code_cell, markdown_cell

Cells = Array[Any]


def embed(cells: Cells) -> None:
    cells[0]["source"].insert_embed(1, {"an": "object"})


def set_key(key: str, value: Callable[[], Any]) -> Callable[[Cells], None]:
    def attack(cells: Cells) -> None:
        cells[0][key] = value()

    return attack


ATTACKS: dict[str, Callable[[Cells], None]] = {
    "a cell that is a string": lambda cells: cells.insert(0, "no cell"),
    "a cell that is a number": lambda cells: cells.append(3.5),
    "a cell that is a list": lambda cells: cells.append(Array([1, Text("x")])),
    "a cell without an id": lambda cells: cells.append(Map({"cell_type": "code", "source": Text("x")})),
    "an id twice": lambda cells: cells.append(code_cell("a", "again")),
    "an id that is a number": set_key("id", lambda: 7),
    "an id that is another's": set_key("id", lambda: "b"),
    "a new id": set_key("id", lambda: "fresh"),
    "a source that is a number": set_key("source", lambda: 7),
    "a source that is a map": set_key("source", lambda: Map({"x": Text("y")})),
    "another source": set_key("source", lambda: Text("other")),
    "an unknown type": set_key("cell_type", lambda: "video"),
    "outputs that are a string": set_key("outputs", lambda: "boom"),
    "outputs of anything": set_key("outputs", lambda: Array([None, 1, "x", Map({}), Array([])])),
    "metadata that are a list": set_key("metadata", lambda: Array(["x"])),
    "metadata that claim ownership wrongly": set_key("metadata", lambda: Map({"ltt": {"role": "king"}})),
    "a state that is a map": set_key("execution_state", lambda: Map({})),
    "a number that is a string": set_key("execution_count", lambda: "seven"),
    "a number that is none": set_key("execution_count", lambda: float("nan")),
    "XML in a cell": set_key("source", XmlFragment),
    "a document in a cell": set_key("metadata", Doc),
    "an object in the text": embed,
}


@pytest.mark.proves("edits:hostile-documents-survived")
@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_notebook_is_survived_and_typing_goes_on(name: str) -> None:
    session = Session(code_cell("a", "x = 1"), code_cell("b", "y"), markdown_cell("c", "# T"))
    with session.ada.transaction() as cells:
        ATTACKS[name](cells)
    session.check()
    index = next(
        i
        for i, cell in enumerate(session.bob.cells)
        if isinstance(cell, Map) and cell.get("id") == "c" and isinstance(cell["source"], Text)
    )
    session.bob.type(index, 0, "é")
    session.check()
    with session.ada.transaction() as cells:
        del cells[0]
    session.check()


def test_a_text_with_an_object_in_it_is_told_by_its_difference() -> None:
    session = Session(code_cell("a", "abc"))
    with session.ada.transaction() as cells:
        embed(cells)
    session.take()
    session.ada.type(0, 4, "Z")
    session.only(SourceEdited)


@pytest.mark.proves("edits:hostile-documents-survived")
def test_cells_that_cannot_be_told_apart_are_read_anew_until_they_can() -> None:
    session = Session(code_cell("a", "x"), code_cell("b", "y"))
    with session.ada.transaction() as cells:
        cells.append(code_cell("a", "twin"))
    session.only(DocumentReloaded)
    session.ada.type(1, 0, "k")
    session.only(DocumentReloaded)
    with session.ada.transaction() as cells:
        del cells[2]
    session.only(DocumentReloaded)
    session.ada.type(0, 0, "k")
    session.only(SourceEdited)


class BrokenPeople(People):
    """Somebody's bug."""

    def author_of(self, client: ClientId) -> Author:
        raise LookupError(client)


def test_a_fault_is_counted_and_said_as_a_reload() -> None:
    session = Session(code_cell("a", "x"), people=BrokenPeople(ADA))
    with session.ada.transaction() as cells:
        cells.append(code_cell("n", "y"))
    assert "DocumentReloaded" in session.kinds()
    assert session.decoder.faults == 1
    assert isinstance(session.decoder.last_fault, LookupError)


def test_an_update_that_broke_off_half_way_leads_to_a_reload() -> None:
    session = Session(code_cell("a", "x"))
    session.decoder.before_apply(b"\x01")
    session.ada.type(0, 0, "k")
    session.only(DocumentReloaded)


@pytest.mark.proves("edits:no-leaks")
def test_a_detached_document_is_heard_no_more() -> None:
    session = Session(code_cell("a", "x"))
    doc = session.replica.doc
    session.decoder.detached()
    stranger = Browser(9, doc.apply_update)
    stranger.doc.apply_update(doc.get_update())
    stranger.type(0, 0, "unheard")
    session.decoder.after_apply()
    assert session.events == []


def test_a_notebook_of_twins_replays() -> None:
    session = Session(code_cell("a", "x"), code_cell("a", "y"))
    session.ada.type(1, 0, "k")
    assert apply_all(session.start, session.events) == session.notebook()
