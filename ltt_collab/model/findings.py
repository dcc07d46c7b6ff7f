"""What the rules found wrong in one cell."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.model.ids import CellId


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem, the first cause, in words for a learner.

    ``line`` is 1-based in the cell; ``cell_index`` 0-based over all cells. ``where``, ``what`` and ``how`` are the
    three rungs: where to look, what is wrong there, how such a thing is mended (on a different example).
    """

    cell_id: CellId
    cell_index: int
    line: int
    kind: str
    where: str
    what: str
    how: str
