"""Whose turn it is: one thing at a time, the rest waits or is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ltt_collab.model.causes import learner_key
from ltt_collab.model.commands import AskTutor, Command, Happening, RecordDecision, TimeElapsed, TutorAnswered
from ltt_collab.model.edits import (
    CellRemoved,
    DocumentReloaded,
    RoomState,
    RoomStateChanged,
    SuggestionShown,
)
from ltt_collab.model.staleness import why_outdated
from ltt_collab.triggers.kinds import Want


@dataclass(frozen=True, slots=True)
class Waiting:
    """A want that waits since then."""

    want: Want
    since: float


@dataclass(frozen=True, slots=True)
class AtTutor:
    """A want that the tutor works on; it holds nobody up longer than ``until``."""

    want: Want
    until: float


class Turns:
    """What waits and what is at the tutor.

    Invariants:
        1. Of each learner at most one want waits, the newest (one that was asked for gives way to nothing unasked), and
           at most one is at the tutor.
        2. While anything is at the tutor nothing unasked follows it; what was asked for takes its own learner's place.
        3. A request whose cell changed, ran again or went away meanwhile is dropped.
    """

    def __init__(self) -> None:
        self.waiting: dict[str, Waiting] = {}
        self.at_tutor: dict[str, AtTutor] = {}

    def __bool__(self) -> bool:
        return bool(self.waiting or self.at_tutor)

    def is_about(self, cause_key: str) -> bool:
        """Whether the tutor works on this cause."""
        return any(turn.want.cause_key == cause_key for turn in self.at_tutor.values())

    def want_of(self, ask: AskTutor) -> Want | None:
        """What that request is for; None when it is with the tutor no more."""
        turn = self.at_tutor.get(learner_key(ask.learner))
        is_it = turn is not None and (turn.want.cause_key, turn.want.reply_to) == (ask.cause_key, ask.reply_to)
        return turn.want if turn is not None and is_it else None

    def take_back(self, want: Want) -> None:
        """Let the tutor have nothing of that learner."""
        self.at_tutor.pop(learner_key(want.learner), None)

    def put(self, want: Want, now: float) -> Iterator[Command]:
        """Let a want wait."""
        learner = learner_key(want.learner)
        older = self.waiting.get(learner)
        if older is not None and older.want.asked and not want.asked:  # invariant 1
            yield dropped(want, "what the learner asked comes first")
            return
        if older is not None and not (want.asked and older.want.question == want.question):
            yield dropped(older.want, "the learner went on to another problem")
        self.waiting[learner] = Waiting(want, now)

    def why_not_yet(self, want: Want) -> str | None:
        """What keeps a want from the tutor; None: nothing (invariant 2)."""
        return None if want.asked or not self.at_tutor else "the tutor is busy with another request"

    def free_at(self, want: Want) -> float | None:
        """When the tutor takes this want at the latest; None: now."""
        return None if self.why_not_yet(want) is None else max(turn.until for turn in self.at_tutor.values())

    def give(self, want: Want, until: float) -> Iterator[Command]:
        """Let the tutor work on a want."""
        learner = learner_key(want.learner)
        self.waiting.pop(learner, None)
        older = self.at_tutor.get(learner)
        if older is not None:
            yield dropped(older.want, "the learner asked for something else")
        self.at_tutor[learner] = AtTutor(want, until)

    def free(self, event: Happening, now: float, patience: float) -> Iterator[Command]:
        """End what the tutor is done with, or has had for too long."""
        for learner, turn in tuple(self.at_tutor.items()):
            request = (turn.want.cause_key, turn.want.reply_to)
            match event:
                case TutorAnswered(cause_key=key, reply_to=to) if (key, to) == request:
                    del self.at_tutor[learner]
                case SuggestionShown(about=about) if about == turn.want.cell_id:
                    del self.at_tutor[learner]
                case _ if now >= turn.until:
                    del self.at_tutor[learner]
                    because = f"the tutor has not answered within {patience:.0f} s; others are not held up"
                    yield RecordDecision(about=turn.want.cell_id, decision="stopped waiting", because=because)

    def drop_outdated(self, event: Happening) -> Iterator[Command]:
        """Drop what this event makes void (invariant 3)."""
        if isinstance(event, TimeElapsed | TutorAnswered):
            return
        for learner, turn in tuple(self.at_tutor.items()):
            if _why_void(event, turn.want) is not None:
                del self.at_tutor[learner]  # whoever works on it hears the same event
        yield from self.drop(lambda waiting: _why_void(event, waiting.want))

    def drop(self, why: Callable[[Waiting], str | None]) -> Iterator[Command]:
        """Drop what waits for nothing."""
        for learner, waiting in tuple(self.waiting.items()):
            because = why(waiting)
            if because is not None:
                del self.waiting[learner]
                yield dropped(waiting.want, because)


def dropped(want: Want, because: str) -> RecordDecision:
    """The decision to let a want go."""
    return RecordDecision(about=want.cell_id, decision="dropped the request", because=because)


def _why_void(event: Happening, want: Want) -> str | None:
    if isinstance(event, TimeElapsed | TutorAnswered):
        return None
    if want.chat and not isinstance(event, CellRemoved | DocumentReloaded) and not _is_left(event):
        return None  # a question in the chat stands, whatever its author types meanwhile
    return why_outdated(event, want.cell_id, want.expected_hash)


def _is_left(event: Happening) -> bool:
    return isinstance(event, RoomStateChanged) and event.state is RoomState.LEFT
