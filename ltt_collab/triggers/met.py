"""Which causes a room has met, so that the first time and the next can be told apart."""

from __future__ import annotations

from collections import OrderedDict

from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import RunFinished, RunOutcome
from ltt_collab.model.ids import CellId

CAUSES_KEPT = 500
"""Causes remembered per room; one that was forgotten counts as new again."""


class MetCauses:
    """The causes that were met since their cell last ran well."""

    def __init__(self) -> None:
        self._met: OrderedDict[str, CellId] = OrderedDict()

    def __contains__(self, cause_key: str) -> bool:
        return cause_key in self._met

    def add(self, cause_key: str, cell_id: CellId) -> None:
        """Remember that a cause was met."""
        self._met[cause_key] = cell_id
        self._met.move_to_end(cause_key)
        while len(self._met) > CAUSES_KEPT:
            self._met.popitem(last=False)

    def handle(self, event: Happening) -> None:
        """Forget the causes of a cell that ran well."""
        match event:
            case RunFinished(outcome=RunOutcome.OK, cell_id=cell):
                for key in [key for key, about in self._met.items() if about == cell]:
                    del self._met[key]
            case _:
                pass
