"""Which cells run, and since when."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.model.ids import CellId


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run whose end was not seen yet; ``since`` is None when its start was not seen either.

    ``carried``: the cell was moved meanwhile, and its clone does not say that it runs yet.
    """

    since: float | None
    source_hash: str
    carried: bool = False

    def duration(self, now: float) -> float | None:
        """Seconds it took, if its start was seen."""
        return None if self.since is None else max(0.0, now - self.since)


OpenRuns = dict[CellId, OpenRun]
"""The running cells of one notebook; small, and kept while a room hibernates."""
