"""Reading the shared notebook: cells, positions, whose caret is where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import orjson
from pycrdt import Array, Map, Text

from ltt_collab.documents.anchors import ItemId, TextMap, type_id
from ltt_collab.documents.replica import Replica
from ltt_collab.model.cells import OWNERSHIP_KEY, Cell, Notebook, Ownership
from ltt_collab.model.errors import UnknownCellError
from ltt_collab.model.ids import CellId, RoomId, Seq
from ltt_collab.model.presence import Selection
from ltt_collab.model.reading import read_cell
from ltt_collab.model.text import source_hash
from ltt_collab.ports.presence import CursorState

DEFAULT_LANGUAGE = "python"

HEAVY = 512 * 1024
"""Characters of a notebook as JSON (its pictures, that is) from which on reading it takes less than comparing it."""


class NotebookView:
    """Reads one replica as a notebook, and changes nothing.

    Invariants:
        1. What it says of a cell is what the document says now: what was read before holds while no update was applied
           and nothing was written; then each cell is recognised by its whole content.

    An index or a ``Text`` that it hands out is good until the next await. What others wrote may have any shape:
    what is not a cell is counted, and otherwise passed over.
    """

    def __init__(self, replica: Replica, room: RoomId) -> None:
        self._replica = replica
        self._room = room
        self._indices: dict[CellId, int] = {}
        self._types: dict[ItemId, CellId] = {}
        self._types_state = b""
        self._read: dict[bytes, Cell] = {}
        self._is_heavy = False
        self._latest: Notebook | None = None
        self._latest_revision = -1

    def forget(self) -> None:
        """Keep no cell in memory beside the document; they are read anew when they are asked for."""
        self._read = {}
        self._is_heavy = False
        self._latest = None

    @property
    def path(self) -> str:
        """Where the file lies under the server's root, as the room server says; empty before it did."""
        path = self._replica.status.get("path")
        return path if isinstance(path, str) else ""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The notebook's own metadata."""
        return _plain(self._replica.meta.get("metadata"))

    @property
    def language(self) -> str:
        """The kernel's language."""
        metadata = self.metadata
        for key, name in (("language_info", "name"), ("kernelspec", "language")):
            section = metadata.get(key)
            found = section.get(name) if isinstance(section, Mapping) else None
            if isinstance(found, str) and found:
                return found
        return DEFAULT_LANGUAGE

    def snapshot(self, seq: Seq) -> Notebook:
        """The whole notebook as it is now; ``seq`` is the last event that it includes."""
        revision = self._replica.revision
        if self._latest is not None and self._latest_revision == revision:
            return self._latest if self._latest.seq == seq else replace(self._latest, seq=seq)
        cells = self._replica.cells
        known, self._read = self._read, {}
        with self._replica.doc.transaction():
            contents = self._contents(cells)
            read = tuple(self._read_once(cells, index, content, known) for index, content in enumerate(contents))
        self._latest = Notebook(room=self._room, path=self.path, cells=read, seq=seq, language=self.language)
        self._latest_revision = revision
        return self._latest

    def _contents(self, cells: Array[Any]) -> Sequence[bytes]:
        """A fingerprint of each cell's whole content, empty where it is not worth it.

        The library writes all cells as JSON in a tenth of the time that it takes to read them one by one, the keys in
        any order. JSON stands for what it cannot say, as NaN, by other things: it tells that a cell is as it was, not
        what it is.
        """
        unknown = [b""] * len(cells)
        if self._is_heavy:
            return unknown
        text = str(cells)
        self._is_heavy = len(text) > HEAVY
        try:
            found = unknown if self._is_heavy else [_fingerprint(value) for value in orjson.loads(text)]
        except orjson.JSONDecodeError:
            return unknown
        return found if len(found) == len(cells) else unknown

    def _read_once(self, cells: Array[Any], index: int, content: bytes, known: Mapping[bytes, Cell]) -> Cell:
        """The cell there; one whose content is as it was at the last time is not read anew."""
        found = known.get(content) or read_cell(_plain(cells[index]))
        if content:
            self._read[content] = found
        return found

    def count(self) -> int:
        """How many cells there are."""
        return len(self._replica.cells)

    def cell_ids(self) -> list[CellId]:
        """The ids of all cells in order; what has none is listed as empty."""
        with self._replica.doc.transaction():
            return [_id_of(cell) for cell in self._replica.cells]

    def index_of(self, cell_id: CellId) -> int | None:
        """Where a cell is now; None if it is gone."""
        cells = self._replica.cells
        guess = self._indices.get(cell_id)
        if guess is not None and guess < len(cells) and _id_of(cells[guess]) == cell_id:
            return guess
        self._indices = {}
        for index, found in enumerate(self.cell_ids()):
            self._indices.setdefault(found, index)
        return self._indices.get(cell_id)

    def guess(self, cell_id: CellId, index: int) -> None:
        """Say where a cell was just put, so that it is not searched for; a wrong guess does no harm."""
        self._indices[cell_id] = index

    def holds(self, cell_id: CellId) -> bool:
        """Whether the cell is there."""
        return self.index_of(cell_id) is not None

    def cell(self, cell_id: CellId) -> Cell:
        """One cell as it is now.

        Raises:
            UnknownCellError
        """
        return read_cell(_plain(self.map_of(cell_id)))

    def cell_source(self, cell_id: CellId) -> str:
        """A cell's text as it is now.

        Raises:
            UnknownCellError
        """
        return str(self.text_of(cell_id))

    def cell_hash(self, cell_id: CellId) -> str:
        """The fingerprint of a cell's text as it is now.

        Raises:
            UnknownCellError
        """
        return source_hash(self.cell_source(cell_id))

    def mark_of(self, cell_id: CellId) -> Mapping[str, Any]:
        """The content of a cell's ``metadata.ltt``, empty if it has none.

        Raises:
            UnknownCellError
        """
        metadata = self.map_of(cell_id).get("metadata")
        mark = metadata.get(OWNERSHIP_KEY) if isinstance(metadata, Map | Mapping) else None
        return _plain(mark)

    def ownership(self, cell_id: CellId) -> Ownership | None:
        """What a cell of ours is for; None for a cell of others.

        Raises:
            UnknownCellError
        """
        return Ownership.from_metadata({OWNERSHIP_KEY: self.mark_of(cell_id)})

    def output_data(self, cell_id: CellId, index: int) -> Mapping[str, Any]:
        """The MIME bundle of one of a cell's outputs; empty if there is no such output, or it has none.

        Raises:
            UnknownCellError
        """
        outputs = self.map_of(cell_id).get("outputs")
        found = outputs[index] if isinstance(outputs, Array) and 0 <= index < len(outputs) else None
        data = _plain(found).get("data")
        return data if isinstance(data, Mapping) else {}

    def map_of(self, cell_id: CellId) -> Map[Any]:
        """The shared type of a cell.

        Raises:
            UnknownCellError
        """
        index = self.index_of(cell_id)
        cell = None if index is None else self._replica.cells[index]
        if not isinstance(cell, Map):
            raise UnknownCellError(cell_id)
        return cell

    def text_of(self, cell_id: CellId) -> Text:
        """The shared text of a cell's source.

        Raises:
            UnknownCellError: there is no such cell, or its source is no shared text.
        """
        text = self.map_of(cell_id).get("source")
        if not isinstance(text, Text):
            raise UnknownCellError(cell_id)
        return text

    def cursor(self, cell_id: CellId, anchor: int, head: int) -> CursorState:
        """A caret or selection in code points, as an entry of awareness ``cursors``.

        Raises:
            UnknownCellError
        """
        return TextMap(self._replica, self.text_of(cell_id)).cursor(anchor, head)

    def selection_of(self, cursors: object) -> Selection | None:
        """Where somebody's awareness ``cursors`` are: the primary one, or else the first that lies in a cell.

        Any content is taken: a state comes from a browser, and what cannot be read is no selection.
        """
        if not isinstance(cursors, list | tuple):
            return None
        entries = [entry for entry in cursors if isinstance(entry, Mapping)]
        entries.sort(key=lambda entry: entry.get("primary") is not True)
        return next((found for entry in entries if (found := self.selection_at(entry)) is not None), None)

    def selection_at(self, entry: Mapping[str, Any]) -> Selection | None:
        """Where one cursor of somebody's awareness is; None if that is in no cell."""
        head, anchor = entry.get("head"), entry.get("anchor")
        owner = ItemId.from_json(head.get("type")) if isinstance(head, Mapping) else None
        cell_id = None if owner is None else self._cell_of_type(owner)
        if cell_id is None:
            return None
        texts = TextMap(self._replica, self.text_of(cell_id))
        head_at, anchor_at = texts.resolve(head), texts.resolve(anchor)
        if head_at is None:
            return None
        return Selection(cell_id=cell_id, anchor=head_at if anchor_at is None else anchor_at, head=head_at)

    def _cell_of_type(self, owner: ItemId) -> CellId | None:
        """The cell whose source is that shared type; looked up anew only when the document grew since."""
        state = self._replica.state()
        if owner not in self._types and state != self._types_state:
            self._types_state = state
            self._types = {type_id(text): cell_id for cell_id, text in self._texts()}
        cell_id = self._types.get(owner)
        # A deletion leaves the state vector as it is: only the document itself says that the cell still stands.
        stands = cell_id is not None and self.holds(cell_id) and type_id(self.text_of(cell_id)) == owner
        return cell_id if stands else None

    def _texts(self) -> Iterator[tuple[CellId, Text]]:
        for cell in self._replica.cells:
            text = cell.get("source") if isinstance(cell, Map) else None
            if isinstance(text, Text):
                yield _id_of(cell), text


def _fingerprint(value: object) -> bytes:
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def _id_of(cell: object) -> CellId:
    found = cell.get("id") if isinstance(cell, Map) else None
    return CellId(found if isinstance(found, str) else "")


def _plain(value: object) -> dict[str, Any]:
    if isinstance(value, Map):
        return value.to_py() or {}
    return dict(value) if isinstance(value, Mapping) else {}
