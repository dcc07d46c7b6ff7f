"""A learner's run raised something new: help from the first rung."""

from __future__ import annotations

from ltt_collab.model.causes import cause_key
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import HelpCause
from ltt_collab.triggers.kinds import Limits, Want
from ltt_collab.triggers.met import MetCauses
from ltt_collab.triggers.runs import FailedRuns


class ErrorRaised:
    """Wants help once for each cause.

    Invariants:
        1. A cause that was met is not its occasion until the cell ran well.
    """

    def __init__(self, runs: FailedRuns, met: MetCauses, limits: Limits) -> None:
        self._runs, self._met, self._limits = runs, met, limits

    def notice(self, event: Happening) -> Want | None:
        """A want for the first failed run of a cause."""
        run = self._runs.failed(event)
        if run is None:
            return None
        key = cause_key(run.author, run.cell_id, run.error)
        rung = self._limits.next_rung(key)
        if (
            key in self._met or rung != 1
        ):  # invariant 1; a hint of an earlier life of ours makes it no first time either
            return None
        return Want(
            cell_id=run.cell_id,
            learner=run.author,
            cause=HelpCause.ERROR_RAISED,
            cause_key=key,
            rung=rung,
            error=run.error,
            expected_hash=run.source_hash,
            because=f"the run raised {run.error.name if run.error else 'an error'}",
        )
