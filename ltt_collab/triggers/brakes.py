"""Why a want goes no further: wishes, deleted notes, budgets, a tutor with nothing to say."""

from __future__ import annotations

from ltt_collab.model.causes import learner_key
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import HelpCause
from ltt_collab.triggers.directives import Directives
from ltt_collab.triggers.kinds import Limits, Want
from ltt_collab.triggers.quiet import Quiet


class Brakes:
    """Stops unasked help that nobody needs or wants.

    Invariants:
        1. What was asked for is stopped by nothing but a learner who sent us away.
    """

    def __init__(self, limits: Limits, directives: Directives, *, unasked: bool) -> None:
        self._limits, self._directives, self._unasked = limits, directives, unasked
        self._quiet = Quiet()
        self._fruitless: tuple[str, str] | None = None

    def handle(self, event: Happening) -> None:
        """Learn of deleted notes."""
        self._quiet.handle(event)

    def asked_for(self, want: Want) -> None:
        """The tutor is being asked for this."""
        self._quiet.asked_for(want.cause_key, learner_key(want.learner))

    def had_nothing(self, want: Want) -> None:
        """The tutor had nothing to say about this; a pause alone is no reason to ask it again."""
        self._fruitless = (want.cause_key, want.expected_hash)

    def why_not(self, want: Want, now: float) -> str | None:
        """In words for people, why this help is not given; None: it may be."""
        learner = learner_key(want.learner)
        if self._directives.is_away(learner):
            return "the learner told the tutor to leave"
        return None if want.asked else self._why_not_unasked(want, learner, now)  # invariant 1

    def _why_not_unasked(self, want: Want, learner: str, now: float) -> str | None:
        because: str | None = None
        if not self._unasked:
            because = "a setting or the course allows asked help only"
        elif self._directives.is_muted(learner):
            because = "the learner muted the tutor: asked help only"
        elif self._limits.is_dismissed(want.cause_key):
            because = "the learner deleted a hint about this"
        elif (until := self._quiet.until(learner, now)) is not None:
            because = f"the learner deleted a note; quiet for another {until - now:.0f} s"
        elif not self._limits.within_budget(learner, now):
            because = "the learner had enough unasked hints within the hour"
        elif want.cause is HelpCause.IDLE_AFTER_ERROR and self._fruitless == (want.cause_key, want.expected_hash):
            because = "the tutor has just now had nothing to say about this"
        return because
