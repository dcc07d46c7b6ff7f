"""The strokes of the writer: each on a cell of ours, each done before anything else can happen."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from pycrdt import Map, Text

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.model.cells import OWNERSHIP_KEY, CellType
from ltt_collab.model.errors import NotOursError
from ltt_collab.model.ids import CellId
from ltt_collab.model.text import utf8_offset

NEW_ID_BYTES = 8
"""Random bytes in the id of a new cell: 2^32 cells of ours in one notebook before two are likely to clash."""


class Strokes:
    """Changes cells of ours in one replica; nothing here awaits, so nothing can come between look and change.

    Invariants:
        1. Text changes only by ``Text.insert`` and ``del``, on a local name: an augmented assignment through a
           map's key would put an empty text in the place of the cell's (pycrdt).
        2. A cell without our mark is never changed (``put_back`` only returns a learner's own letters).
    """

    def __init__(self, replica: Replica, view: NotebookView) -> None:
        self._replica = replica
        self._view = view

    def insert_note(self, after: CellId, source: str, mark: Mapping[str, Any]) -> CellId:
        """Put a new Markdown cell of ours directly below a cell; its id.

        Raises:
            UnknownCellError
        """
        self._view.map_of(after)
        cell_id = self._new_id()
        with self._replica.writing():
            self._insert(self._index(after) + 1, cell_id, source, {OWNERSHIP_KEY: dict(mark)})
        return cell_id

    def insert_plain(self, index: int, source: str) -> CellId:
        """Put a new Markdown cell without our mark at an index, or at the end; its id."""
        cell_id = self._new_id()
        with self._replica.writing():
            self._insert(min(index, len(self._replica.cells)), cell_id, source, {})
        return cell_id

    def append(self, cell_id: CellId, text: str) -> None:
        """Write at the end of our cell's text."""
        self._expect_ours(cell_id)
        source = self._view.text_of(cell_id)
        with self._replica.writing():
            source.insert(len(source), text)

    def replace_cell(self, cell_id: CellId, source: str, mark: Mapping[str, Any]) -> None:
        """Delete our cell and insert the same with that source, in two transactions that leave together.

        JupyterLab shows a Markdown cell rendered that arrives with its source, and in source view one that arrives
        empty. In one transaction the two changes move its active cell, and with it the focus, by one when that lies
        below (4.6.6); in two nothing moves, and no frame is painted in between (tests/browser/test_writer_in_lab.py).
        """
        self._expect_ours(cell_id)
        metadata = self._metadata(cell_id) | {OWNERSHIP_KEY: dict(mark)}
        index = self._index(cell_id)
        cells = self._replica.cells
        with self._replica.writing():
            del cells[index]
        with self._replica.writing():
            self._insert(index, cell_id, source, metadata)

    def remove(self, cell_id: CellId) -> None:
        """Delete our cell."""
        self._expect_ours(cell_id)
        with self._replica.writing():
            cells = self._replica.cells
            del cells[self._index(cell_id)]

    def release(self, cell_id: CellId) -> None:
        """Take our mark off a cell and keep every letter: it is the learner's from now on."""
        self._expect_ours(cell_id)
        metadata = self._view.map_of(cell_id)["metadata"]
        with self._replica.writing():
            del metadata[OWNERSHIP_KEY]

    def put_back(self, cell_id: CellId, position: int, letters: str) -> None:
        """Put letters that a learner typed into a deleted note back at a code point offset of what stands there now.

        The one change that is made without our mark: the letters are the learner's, and so may be the cell by now.

        Raises:
            UnknownCellError
        """
        source = self._view.text_of(cell_id)
        with self._replica.writing():
            source.insert(utf8_offset(str(source), position), letters)

    def _insert(self, index: int, cell_id: CellId, source: str, metadata: Mapping[str, Any]) -> None:
        cell: Map[Any] = Map(
            {
                "id": cell_id,
                "cell_type": CellType.MARKDOWN.value,
                "source": Text(source),
                "metadata": Map(dict(metadata)),
            }
        )
        self._replica.cells.insert(index, cell)

    def _index(self, cell_id: CellId) -> int:
        index = self._view.index_of(cell_id)
        assert index is not None, "looked up right before, with no await in between"
        return index

    def _metadata(self, cell_id: CellId) -> dict[str, Any]:
        metadata = self._view.map_of(cell_id).get("metadata")
        return (metadata.to_py() or {}) if isinstance(metadata, Map) else {}

    def _expect_ours(self, cell_id: CellId) -> None:
        if self._view.ownership(cell_id) is None:
            raise NotOursError(cell_id)

    def _new_id(self) -> CellId:
        taken = set(self._view.cell_ids())
        while (cell_id := CellId(secrets.token_hex(NEW_ID_BYTES))) in taken:
            pass
        return cell_id
