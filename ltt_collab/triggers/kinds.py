"""What a trigger kind is: one module each, told what happens, deciding about its own cause only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import HelpCause, RunError
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import Author


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A kind wants help for a learner; ``because`` is a sentence for people, without learner text.

    ``settle``: seconds without a change that it waits at least. ``question``, ``chat``, ``reply_to``: as in
    ``HelpRequested``.
    """

    cell_id: CellId
    learner: Author
    cause: HelpCause
    cause_key: str
    rung: int
    error: RunError | None
    expected_hash: str
    because: str
    question: str = ""
    chat: str = ""
    reply_to: str = ""
    settle: float = 0.0

    @property
    def asked(self) -> bool:
        """Whether the learner asked for it."""
        return self.cause is HelpCause.ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A kind saw its occasion and decided not to help."""

    about: CellId | None
    because: str


class Limits(Protocol):
    """What has been said already and how much more may be; the tutoring gate of the same room keeps it.

    The gate is told of each event before the triggers are.
    """

    def next_rung(self, cause_key: str) -> int | None:
        """The rung that help about a cause would have now; None when there is nothing new to say yet."""
        ...

    def highest_rung(self, cause_key: str) -> int:
        """The highest rung that may be said about a cause now, one that was said before included."""
        ...

    def within_budget(self, learner: str, now: float) -> bool:
        """Whether this learner may get one more unasked hint now."""
        ...

    def is_dismissed(self, cause_key: str) -> bool:
        """Whether the learner deleted a hint about this cause."""
        ...


class Kind(Protocol):
    """One kind of trigger, with its own memory of one room.

    Kinds are not told of keystrokes, of carets and of outputs: nothing is decided in their midst.
    """

    @property
    def hears(self) -> tuple[type[Happening], ...]:
        """The events that it is told of."""
        ...

    @property
    def due(self) -> float | None:
        """When it wants to be told the time (Unix time in seconds); None: never."""
        ...

    def notice(self, event: Happening) -> Want | Refusal | None:
        """Learn from what happened; None: it is no occasion of this kind."""
        ...
