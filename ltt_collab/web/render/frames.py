"""What a page must change to show the next scene instead of the one before; JSON-ready, whatever a notebook holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from ltt_collab.model.cells import Cell
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import Participant
from ltt_collab.web.render import text as texts
from ltt_collab.web.render.cells import CELLS_LIMIT, Piece, Setting, cell_piece, changed_piece, shown_length
from ltt_collab.web.render.scene import US, Scene

Frame = dict[str, Any]
"""``order``: for each cell its index before, -1 for a new one; without it all stay where they are.
``cells``: pairs of an index (after) and a piece. ``people``: everybody, when somebody moved."""

HUES = 8
"""Colours that tell people apart; a learner's own choice may be any CSS, and is only hashed."""

PEOPLE_LIMIT = 60
"""People whose carets are shown."""


def frame(before: Scene, after: Scene, setting: Setting) -> Frame:
    """The change from one scene to the next; {} when nothing changes for the eye."""
    made = _cells(before.notebook.cells[:CELLS_LIMIT], after.notebook.cells[:CELLS_LIMIT], setting)
    people = people_of(after)
    if made or people != people_of(before):
        made["people"] = people
    if before.state is not after.state:
        made["state"] = after.state.value
    if before.notebook.path != after.notebook.path:
        made["path"] = texts.plain(after.notebook.path, 300)
    return made


def people_of(scene: Scene) -> list[Piece]:
    """Everybody, us first, with carets as JavaScript counts."""
    sources = {cell.id: cell.source for cell in scene.notebook.cells[:CELLS_LIMIT]}
    people = sorted(scene.people.values(), key=lambda who: (who.client != US, who.client))
    return [_person(who, sources) for who in people[:PEOPLE_LIMIT]]


def _cells(before: Sequence[Cell], after: Sequence[Cell], setting: Setting) -> Frame:
    old: dict[CellId, list[int]] = {}
    for index, cell in enumerate(before):
        old.setdefault(cell.id, []).append(index)
    order: list[int] = []
    pieces: list[tuple[int, Piece]] = []
    for index, cell in enumerate(after):
        # Ids come from the notebook, and two cells may have the same.
        same = old.get(cell.id)
        found = same.pop(0) if same else -1
        order.append(found)
        if found < 0:
            pieces.append((index, cell_piece(cell, setting)))
        elif before[found] is not cell and (piece := changed_piece(before[found], cell, setting)):
            pieces.append((index, piece))
    made: Frame = {"cells": pieces} if pieces else {}
    return made if order == list(range(len(before))) else {**made, "order": order}


def _person(who: Participant, sources: dict[CellId, str]) -> Piece:
    user, at = who.user, who.selection
    hue = "ai" if who.client == US else str(crc32(f"{user.username}{user.color}".encode(errors="replace")) % HUES)
    person: Piece = {"id": str(who.client), "name": texts.name(user.display_name or user.username), "hue": hue}
    if at is not None and (source := sources.get(at.cell_id)) is not None:
        end = shown_length(source)
        anchor, head = (min(texts.utf16(source, each), end) for each in (at.anchor, at.head))
        person |= {"cell": at.cell_id, "anchor": anchor, "head": head}
    return person
