"""A learner's run raised something new: help from the first rung."""

from __future__ import annotations

from ltt_collab.model.causes import cause_key
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import HelpCause, RunFinished
from ltt_collab.triggers.kinds import Limits, Refusal, Want
from ltt_collab.triggers.met import MetCauses
from ltt_collab.triggers.progress import Progress
from ltt_collab.triggers.runs import FailedRuns


class ErrorRaised:
    """Wants help once for each cause.

    Invariants:
        1. A cause that was met is not its occasion until the cell ran well.
        2. Who gets from one error to the next is left alone; ``IdleAfterError`` sees to it if that comes to a halt.
    """

    hears: tuple[type[Happening], ...] = (RunFinished,)
    due: float | None = None

    def __init__(self, runs: FailedRuns, met: MetCauses, limits: Limits, progress: Progress) -> None:
        self._runs, self._met, self._limits, self._progress = runs, met, limits, progress

    def notice(self, event: Happening) -> Want | Refusal | None:
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
        left_alone = self._progress.why_left_alone(run)
        if left_alone is not None:  # invariant 2
            return Refusal(about=run.cell_id, because=left_alone)
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
