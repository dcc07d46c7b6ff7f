"""What the pure parts of one room decide together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ltt_collab.edits.bursts import Bursts
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.cells import Notebook
from ltt_collab.model.commands import AskTutor, Command, TimeElapsed, TutorAnswered
from ltt_collab.model.edits import BurstEnded, HelpRequested, RoomEvent
from ltt_collab.model.ids import CellId
from ltt_collab.peer.leak_looks import LeakLooks
from ltt_collab.ports.store import SuggestionRecord
from ltt_collab.suggestions.lifecycle import Lifecycle
from ltt_collab.triggers.policy import Calm, Policy
from ltt_collab.tutoring.budget import Budget
from ltt_collab.tutoring.gate import Gate

Wish = Command | BurstEnded
"""A command, or a fact that only became one by time."""


class Mind:
    """Hands each event to the stages of one room, in the order that they rely on.

    Invariants:
        1. The gate learns of an event before the triggers ask it for limits.
        2. What is over is ended before anything new is asked for.
    """

    def __init__(
        self, stamp: Stamp, source_of: Callable[[CellId], str | None], budget: Budget, *, unasked: bool = True
    ) -> None:
        """``unasked``: False where a setting or the course allows asked help only."""
        self.looks = LeakLooks()
        self.gate = Gate(budget, leaks=self.looks.leaks)
        self.lifecycle = Lifecycle()
        self._policy = Policy(self.gate, Calm(unasked=unasked), source_of)
        self._bursts = Bursts(stamp, source_of)

    def adopt(self, notebook: Notebook, records: Sequence[SuggestionRecord]) -> Iterator[Command]:
        """Begin with a notebook as it stands and what is remembered of an earlier life."""
        self.gate.adopt(records)
        self._policy.adopt(notebook.cells, notebook.language)
        return self.lifecycle.adopt(notebook, records)

    def handle(self, event: RoomEvent) -> Iterator[Wish]:
        """What is to be done now that this happened."""
        self.gate.handle(event)  # invariant 1
        yield from self.lifecycle.handle(event)  # invariant 2
        yield from self._bursts.handle(event)
        yield from self._policy.handle(event)

    def elapse(self, now: float) -> Iterator[Wish]:
        """What is to be done now that it is ``now`` (Unix time in seconds)."""
        elapsed = TimeElapsed(now=now)
        yield from self._bursts.handle(elapsed)
        yield from self._policy.handle(elapsed)

    def ask_again(self, request: HelpRequested, now: float) -> Iterator[Wish]:
        """What is to be done about a request whose help was cut off."""
        yield from self._policy.ask_again(request, now)

    def reconsider(self, ask: AskTutor, now: float) -> Iterator[Command]:
        """What is to be done about a request that waited for its learner's wishes, now that they are known."""
        return self._policy.reconsider(ask, now)

    def mute(self, learner: str, *, muted: bool) -> None:
        """Take over that a learner (``model.causes.learner_key``) wants asked help only, or unasked help again."""
        self._policy.mute(learner, muted=muted)

    def answered(self, answer: TutorAnswered) -> Iterator[Wish]:
        """What is to be done now that the tutor is done with a request."""
        yield from self._policy.handle(answer)
