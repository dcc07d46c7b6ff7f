"""What our pure parts wish to have done: frozen, named verb + noun."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.model.edits import HelpCause, RunError
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.model.presence import Author
from ltt_collab.model.suggestions import EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeElapsed:
    """Time as an event: ``now`` is Unix time in seconds."""

    now: float


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSuggestion:
    """End a suggestion: withdraw what is visible of it and record the reason."""

    suggestion: SuggestionId
    reason: EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecision:
    """Remember why help was or was not given, for ``ltt why``; ``about`` is None for the whole room."""

    about: CellId | None
    decision: str
    because: str


Command = WakeAt | AskTutor | EndSuggestion | RecordDecision
