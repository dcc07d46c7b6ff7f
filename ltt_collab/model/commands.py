"""What our pure parts wish to have done: frozen, named verb + noun."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.model.edits import HelpCause, RoomEvent, RunError
from ltt_collab.model.ids import CellId, SuggestionId, Username
from ltt_collab.model.presence import Author
from ltt_collab.model.suggestions import Answer, EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeElapsed:
    """Time as an event: ``now`` is Unix time in seconds."""

    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorAnswered:
    """The tutor is done with a request: ``answer`` None when it had nothing to propose, failed or was cancelled.

    ``reply_to``: the chat message that the request came with, '' for none.
    """

    cause_key: str
    answer: Answer | None
    now: float
    reply_to: str = ""


Happening = RoomEvent | TimeElapsed | TutorAnswered
"""What a trigger may learn from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeAt:
    """Send a ``TimeElapsed`` at or soon after ``when`` (Unix time in seconds)."""

    when: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTutor:
    """Ask the tutor for help about a cell, up to ``rung``."""

    cell_id: CellId
    learner: Author
    cause: HelpCause
    cause_key: str
    rung: int
    error: RunError | None
    expected_hash: str
    question: str = ""
    chat: str = ""
    reply_to: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTask:
    """Have the task that a cell belongs to checked live, for a learner whose act it was.

    ``asked``: the learner said so; a run of the cell is an occasion, but no wish.
    """

    cell_id: CellId
    learner: Author
    because: str
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlKernel:
    """Interrupt (or restart) the learner's kernel: the learner said yes to our offer."""

    cell_id: CellId
    learner: Author
    restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteLearner:
    """Give this learner no unasked help (``muted``), or again; remembered over restarts."""

    username: Username
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSuggestion:
    """End a suggestion: withdraw what is visible of it and record the reason.

    ``note_cell`` is the one cell to withdraw; None when nothing is left to withdraw (the learner deleted it, or its
    successor stands in the same cell). With ``ADOPTED`` it is the learner's: only our mark comes off.
    """

    suggestion: SuggestionId
    about: CellId
    reason: EndReason
    note_cell: CellId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearPointer:
    """Stop pointing at the line that a suggestion is about; its note stays."""

    suggestion: SuggestionId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCell:
    """Take our ownership mark off a cell that is a learner's, and change nothing else of it."""

    cell_id: CellId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveLearner:
    """Leave this learner's notebooks and stay away, also after a restart."""

    username: Username


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeLearner:
    """Come back to this learner, who asked for it."""

    username: Username


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecision:
    """Remember why help was or was not given, for ``ltt why``; ``about`` is None for the whole room."""

    about: CellId | None
    decision: str
    because: str


Command = (
    WakeAt
    | AskTutor
    | CheckTask
    | ControlKernel
    | MuteLearner
    | EndSuggestion
    | ClearPointer
    | ReleaseCell
    | LeaveLearner
    | WelcomeLearner
    | RecordDecision
)
