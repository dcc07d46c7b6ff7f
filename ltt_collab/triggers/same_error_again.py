"""The same error came back after the learner tried: help from the next rung at most."""

from __future__ import annotations

from ltt_collab.model.causes import cause_key
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import HelpCause, RunFinished
from ltt_collab.triggers.kinds import Limits, Refusal, Want
from ltt_collab.triggers.met import MetCauses
from ltt_collab.triggers.progress import Progress
from ltt_collab.triggers.runs import FailedRuns


class SameErrorAgain:
    """Wants help again for a cause that was met, as far as the ladder has something new to say.

    Invariants:
        1. The rung is the ladder's: it climbs only after an act of the learner, never beyond the last one.
        2. The same error in a later line is progress: the learner is left alone.
    """

    hears: tuple[type[Happening], ...] = (RunFinished,)
    due: float | None = None

    def __init__(self, runs: FailedRuns, met: MetCauses, limits: Limits, progress: Progress) -> None:
        self._runs, self._met, self._limits, self._progress = runs, met, limits, progress

    def notice(self, event: Happening) -> Want | Refusal | None:
        """A want for a failed run of a cause that was met, a refusal when all is said for now."""
        run = self._runs.failed(event)
        if run is None:
            return None
        key = cause_key(run.author, run.cell_id, run.error)
        rung = self._limits.next_rung(key)
        if key not in self._met and rung == 1:
            return None
        name = run.error.name if run.error else "an error"
        left_alone = self._progress.why_left_alone(run)
        if left_alone is not None:  # invariant 2
            return Refusal(about=run.cell_id, because=left_alone)
        if rung is None:
            return Refusal(about=run.cell_id, because=f"{name} again, and the note says all it may for now")
        return Want(
            cell_id=run.cell_id,
            learner=run.author,
            cause=HelpCause.SAME_ERROR_AGAIN,
            cause_key=key,
            rung=rung,
            error=run.error,
            expected_hash=run.source_hash,
            because=f"the run raised the same {name} again",
        )
