"""What a session of the compat sets remembers: the notebooks by their names, and cells as they were last read."""

from __future__ import annotations

from ltt_collab.mcp_bridge.arguments import BadArgumentError
from ltt_collab.mcp_bridge.calling import Caller, Found
from ltt_collab.model.cells import Notebook
from ltt_collab.model.errors import ConflictError
from ltt_collab.model.ids import CellId
from ltt_collab.ports.directory import RoomInfo


def expect_unchanged(caller: Caller, found: Found) -> None:
    """A write by index rests on what this client last read there.

    Raises:
        ConflictError: something else stands there now.
        BadArgumentError: it never read that cell.
    """
    seen = caller.state.read_at(found.room.id, found.index)
    if seen is None:
        raise BadArgumentError("cell_index", found.index, "read the cell before you write by its index")
    if seen != (found.cell.id, found.cell.hash):
        raise ConflictError(found.cell.id, seen[1], found.cell.hash)


def expect_meant(caller: Caller, found: Found, *, text: bool = True) -> None:
    """A cell that is named by its index is the one that this client last saw there, if it ever looked.

    ``text``: with the same text, as for a run; without, only the place matters, as for a cell that goes below it.

    Raises:
        ConflictError
    """
    seen = caller.state.read_at(found.room.id, found.index)
    if seen is not None and (seen[0] != found.cell.id or (text and seen[1] != found.cell.hash)):
        raise ConflictError(found.cell.id, seen[1], found.cell.hash)


def below(caller: Caller, info: RoomInfo, notebook: Notebook, index: int | None) -> CellId | None:
    """The cell that a new one at that index goes below; None for the top, and for an index that is not given.

    Raises:
        ConflictError: another stands there than this client last saw.
        BadArgumentError
    """
    if not index:
        return None
    found = caller.cell(info, notebook, None, index - 1)
    expect_meant(caller, found, text=False)
    return found.cell.id


def expect_as_read(caller: Caller, found: Found) -> None:
    """A write into a learner's cell rests on what this client last read of it, also where it names the cell by its id.

    Raises:
        ConflictError: it is another by now.
        BadArgumentError: it never read that cell.
    """
    seen = caller.precondition(found, None)
    if seen != found.cell.hash:
        raise ConflictError(found.cell.id, seen, found.cell.hash)


async def used(caller: Caller, name: str | None) -> tuple[RoomInfo, Notebook]:
    """The notebook of a name; without one the used one, and without that the only one that is open.

    Raises:
        BadArgumentError, UnknownRoomError
    """
    chosen = name if name is not None else caller.state.current
    if not chosen:
        return await caller.notebook(None, None)
    if chosen not in caller.state.names:
        raise BadArgumentError("notebook_name", chosen, not_connected(caller, chosen))
    return await caller.notebook(caller.state.names[chosen], None)


def not_connected(caller: Caller, name: str) -> str:
    """That server's sentence about a name that it does not know."""
    known = list(caller.state.names)
    return f"Notebook '{name}' is not connected. All currently connected notebooks: {known}"
