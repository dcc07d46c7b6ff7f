"""Who wants less: the muted, and those who deleted our notes."""

from __future__ import annotations

from collections import OrderedDict, deque

from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import SuggestionEnded, SuggestionShown
from ltt_collab.model.ids import SuggestionId
from ltt_collab.model.suggestions import EndReason

FIRST = 20.0
"""Seconds without unasked help after a deleted note; the note's own cause stays closed, the gate sees to that."""

FACTOR = 3.0
"""By how much each further deletion within the hour prolongs it: 20 s, 1, 3, 9, 27 min."""

LONGEST = 1800.0
"""Seconds that it lasts at most: by then it is another exercise."""

WINDOW = 3600.0
_KEPT = 200


class Quiet:
    """Backs off from a learner who deletes our notes, exponentially.

    Invariants:
        1. Each deletion within an hour makes the quiet after it longer, up to ``LONGEST``.
    """

    def __init__(self) -> None:
        self._learners: OrderedDict[str, str] = OrderedDict()
        self._shown: OrderedDict[SuggestionId, str] = OrderedDict()
        self._deleted: dict[str, deque[float]] = {}

    def asked_for(self, cause_key: str, learner: str) -> None:
        """Help about this cause is for that learner."""
        self._learners[cause_key] = learner
        if len(self._learners) > _KEPT:
            self._learners.popitem(last=False)

    def handle(self, event: Happening) -> None:
        """Learn of notes that were shown and deleted."""
        match event:
            case SuggestionShown(cause_key=key) if key in self._learners:
                self._shown[event.suggestion] = self._learners[key]
                if len(self._shown) > _KEPT:
                    self._shown.popitem(last=False)
            case SuggestionEnded(reason=EndReason.DISMISSED):
                learner = self._shown.pop(event.suggestion, None)
                if learner is not None:
                    self._deleted.setdefault(learner, deque(maxlen=10)).append(event.at)
            case _:
                pass

    def until(self, learner: str, now: float) -> float | None:
        """When the learner may be helped unasked again; None: now."""
        deleted = [at for at in self._deleted.get(learner, ()) if at > now - WINDOW]
        if not deleted:
            return None
        end = deleted[-1] + min(FIRST * FACTOR ** (len(deleted) - 1), LONGEST)  # invariant 1
        return end if end > now else None
