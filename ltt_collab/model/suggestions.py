"""What a tutor proposes and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ltt_collab.model.ids import CellId, SuggestionId, Username


class Placement(StrEnum):
    """How a suggestion appears, weakest first."""

    POINTER = "pointer"
    NOTE = "note"
    CHAT = "chat"
    PROPOSAL = "proposal"


class EndReason(StrEnum):
    """Why a suggestion is over."""

    ACTED_ON = "acted_on"
    """The learner fixed it."""
    DISMISSED = "dismissed"
    """The learner deleted it."""
    ADOPTED = "adopted"
    """The learner edited inside our note: it is theirs from then on."""
    STALE = "stale"
    """What it was about changed or went away."""
    WITHDRAWN = "withdrawn"
    """Its author or an operator took it back."""
    SUPERSEDED = "superseded"
    """Another suggestion about the same cell took its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A proposed suggestion.

    ``cell_id``: the learner's cell it is about. ``expected_hash``: that cell's hash when the tutor read it.
    ``line``: 1-based line to point at, None for the whole cell. ``text``: Markdown, empty for a bare pointer.
    ``rung``: 1 where, 2 what, 3 how. ``idempotency_key``: a retry with the same key is answered as the first was.
    ``chat`` and ``reply_to``: for CHAT, the chat room and the message answered; drafts with the same ``reply_to`` are
    pieces of one answer, in order, and ``more`` says that another piece follows.
    """

    cell_id: CellId
    expected_hash: str
    placement: Placement
    text: str
    rung: int = 1
    line: int | None = None
    idempotency_key: str
    cause_key: str = ""
    author: Username = Username("tutor")
    chat: str = ""
    reply_to: str = ""
    more: bool = False


class RejectionReason(StrEnum):
    """Why the gate or the writer said no."""

    CONFLICT = "conflict"
    LADDER = "ladder"
    BUDGET = "budget"
    LEAK = "leak"
    MUTED = "muted"
    DISMISSED_BEFORE = "dismissed_before"
    TOO_LONG = "too_long"
    NOT_A_LEARNER_CELL = "not_a_learner_cell"
    READ_ONLY = "read_only"
    NO_HUMAN_PRESENT = "no_human_present"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The learner sees it."""

    suggestion: SuggestionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """It waits: for an approval, or until the learner is not typing there."""

    suggestion: SuggestionId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """It is not shown; ``detail`` says what to do instead. ``current_source`` comes with a conflict."""

    reason: RejectionReason
    detail: str
    current_source: str | None = None


Answer = Shown | Held | Rejected
