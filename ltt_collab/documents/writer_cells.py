"""The strokes of the writer: each on a cell of ours, each done before anything else can happen."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from pycrdt import Array, Map, Text

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.model.cells import OWNERSHIP_KEY, CellType
from ltt_collab.model.errors import NotOursError
from ltt_collab.model.ids import CellId
from ltt_collab.model.tasks import ReleasedCell
from ltt_collab.model.text import utf8_offset

NEW_ID_BYTES = 8
"""Random bytes in the id of a new cell: 2^32 cells of ours in one notebook before two are likely to clash."""


class Strokes:
    """Changes cells of ours in one replica; nothing here awaits, so nothing can come between look and change.

    Invariants:
        1. Text changes only by ``Text.insert`` and ``del``, on a local name: an augmented assignment through a
           map's key would put an empty text in the place of the cell's (pycrdt).
        2. A cell without our mark is never changed, but for ``put_back``, which only returns a learner's own letters,
           ``rewrite_allowed``, which the operator must have allowed, and a task's instructions as they were released
           (``writer_tasks``).
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

    def insert_plain(self, index: int, source: str, type: CellType = CellType.MARKDOWN) -> CellId:
        """Put a new cell without our mark at an index, or at the end; its id."""
        cell_id = self._new_id()
        with self._replica.writing():
            self._insert(min(index, len(self._replica.cells)), cell_id, source, {}, type)
        return cell_id

    def insert_cell(self, index: int, type: CellType, source: str, mark: Mapping[str, Any]) -> CellId:
        """Put a new cell of ours at an index, or at the end; its id."""
        cell_id, at = self._new_id(), min(index, self._view.count())
        with self._replica.writing():
            self._insert(at, cell_id, source, {OWNERSHIP_KEY: dict(mark)}, type)
        self._view.guess(cell_id, at)
        return cell_id

    def rewrite(self, cell_id: CellId, source: str, mark: Mapping[str, Any]) -> None:
        """Change the text of our cell where it differs, and its mark with it."""
        self._expect_ours(cell_id)
        metadata = self._view.map_of(cell_id)["metadata"]
        text = self._view.text_of(cell_id)
        with self._replica.writing():
            change_text(text, source)
            metadata[OWNERSHIP_KEY] = dict(mark)

    def rewrite_allowed(self, cell_id: CellId, source: str) -> None:
        """Change the text of a learner's cell where it differs (invariant 2)."""
        text = self._view.text_of(cell_id)
        with self._replica.writing():
            change_text(text, source)

    def begin_run(self, cell_id: CellId) -> None:
        """Show our code cell as running, without outputs."""
        cell = self._expect_ours_to_run(cell_id)
        outputs = cell["outputs"]
        with self._replica.writing():
            if len(outputs):
                del outputs[0 : len(outputs)]
            cell["execution_count"] = None
            cell["execution_state"] = "running"

    def append_outputs(self, cell_id: CellId, added: Sequence[Mapping[str, Any]]) -> None:
        """Add nbformat outputs to our code cell, in one transaction."""
        outputs = self._expect_ours_to_run(cell_id)["outputs"]
        with self._replica.writing():
            for output in added:
                last = outputs[len(outputs) - 1] if len(outputs) else None
                if output["output_type"] != "stream":
                    outputs.append(Map(dict(output)))
                elif isinstance(last, Map) and last.get("name") == output["name"] and isinstance(last["text"], Text):
                    text = last["text"]
                    text.insert(len(text), output["text"])
                else:
                    outputs.append(Map({**output, "text": Text(output["text"])}))

    def end_run(self, cell_id: CellId, count: int | None) -> None:
        """Show our code cell as idle, with the number of its run."""
        cell = self._expect_ours_to_run(cell_id)
        with self._replica.writing():
            cell["execution_state"] = "idle"
            cell["execution_count"] = None if count is None else float(count)

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

    def insert_delivered(self, index: int, cell_id: CellId, new: ReleasedCell, metadata: Mapping[str, Any]) -> None:
        """Put a task's cell there, within a transaction of the caller's."""
        self._insert(index, cell_id, new.source, metadata, new.type)

    def free_id(self, wanted: CellId) -> CellId:
        """The wanted id, or another if a cell has it."""
        return self._new_id() if self._view.holds(wanted) else wanted

    def _insert(
        self,
        index: int,
        cell_id: CellId,
        source: str,
        metadata: Mapping[str, Any],
        type: CellType = CellType.MARKDOWN,
    ) -> None:
        content: dict[str, Any] = {
            "id": cell_id,
            "cell_type": type.value,
            "source": Text(source),
            "metadata": Map(dict(metadata)),
        }
        if type is CellType.CODE:
            content |= {"outputs": Array([]), "execution_count": None, "execution_state": "idle"}
        self._replica.cells.insert(index, Map(content))

    def _expect_ours_to_run(self, cell_id: CellId) -> Map[Any]:
        """Our code cell.

        Raises:
            NotOursError
        """
        self._expect_ours(cell_id)
        cell = self._view.map_of(cell_id)
        if not isinstance(cell.get("outputs"), Array):
            raise NotOursError(cell_id)
        return cell

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

    @staticmethod
    def _new_id() -> CellId:
        return CellId(secrets.token_hex(NEW_ID_BYTES))


def change_text(text: Text, source: str) -> None:
    """Give a shared text another content; what both begin and end with stays the very same letters."""
    before = str(text)
    start = next((at for at, pair in enumerate(zip(before, source, strict=False)) if pair[0] != pair[1]), None)
    start = min(len(before), len(source)) if start is None else start
    rest = min(len(before), len(source)) - start
    same = next((at for at in range(rest) if before[-1 - at] != source[-1 - at]), rest)
    first, last = utf8_offset(before, start), utf8_offset(before, len(before) - same)
    if last > first:
        del text[first:last]
    if len(source) - same > start:
        text.insert(first, source[start : len(source) - same])
