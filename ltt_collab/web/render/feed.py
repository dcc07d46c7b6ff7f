"""What happened, one line an entry: what a person reads beside the notebook. All of it is plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ltt_collab.model.edits import (
    HelpRequested,
    MessagePosted,
    PeerJoined,
    PeerLeft,
    RoomEvent,
    RoomState,
    RoomStateChanged,
    RunFinished,
    RunOutcome,
    SuggestionEnded,
    SuggestionShown,
    TaskChecked,
)
from ltt_collab.model.presence import AuthorKind
from ltt_collab.ports.directory import Decision
from ltt_collab.web.render.markup import words
from ltt_collab.web.render.text import name, plain
from ltt_collab.web.texts import text

TEXT_LIMIT = 2_000
"""Characters of one entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line; ``kind``: error, hint, ended, asked, passed, failed, chat, decision, people or state.

    ``cell``: '' for none; ``seq``: the event's, 0 for a decision.
    """

    at: float
    kind: str
    title: str
    text: str = ""
    cell: str = ""
    seq: int = 0

    def as_wire(self) -> dict[str, Any]:
        """JSON-ready, with everything of others made visible."""
        return {
            "at": self.at,
            "kind": self.kind,
            "title": plain(self.title, 300),
            "text": plain(self.text, TEXT_LIMIT),
            "cell": self.cell,
            "seq": self.seq,
        }


MOMENTS = frozenset({"error", "hint", "passed", "failed", "asked"})
"""The kinds that one jumps to in a replay."""


def entry_of(event: RoomEvent) -> Entry | None:  # noqa: PLR0911 - one line for each event
    """The line for an event; None for one that is seen in the notebook itself."""
    match event:
        case RunFinished(outcome=RunOutcome.ERROR, error=error, cell_id=cell):
            told = f"{error.name}: {error.value}" if error is not None else ""
            return _entry(event, "error", text("feed.error"), told, cell)
        case HelpRequested(cause=cause, question=question, cell_id=cell, rung=rung):
            title = text("feed.asked", cause=text(f"feed.cause.{cause.value}"), rung=rung)
            return _entry(event, "asked", title, question, cell)
        case SuggestionShown(text=told, about=cell, placement=placement, rung=rung):
            return _entry(event, "hint", text(f"feed.shown.{placement.value}", rung=rung), words(told), cell)
        case SuggestionEnded(reason=reason, about=cell):
            return _entry(event, "ended", text(f"feed.ended.{reason.value}"), "", cell)
        case TaskChecked(verdict=verdict):
            passed = sum(check.passed for check in verdict.checks)
            title = text("feed.checked", task=verdict.task, passed=passed, all=len(verdict.checks))
            return _entry(event, "passed" if verdict.passed else "failed", title, verdict.first_cause or "")
        case MessagePosted(text=told, cell_id=cell):
            return _entry(event, "chat", text("feed.chat", who=_who(event)), _said(event, told), cell or "")
        case PeerJoined(user=user) | PeerLeft(user=user) if event.author.kind is not AuthorKind.AI:
            key = "feed.joined" if isinstance(event, PeerJoined) else "feed.left"
            return _entry(event, "people", text(key, who=name(user.display_name or user.username)))
        case RoomStateChanged(state=state, reason=reason) if state is not RoomState.JOINING:
            return _entry(event, "state", text(f"feed.state.{state.value}"), reason)
        case _:
            return None


def entry_of_decision(decision: Decision) -> Entry:
    """The line for a decision of the tutor's: why it helps, or why not."""
    title = text("feed.decision", decision=decision.decision)
    return Entry(at=decision.at, kind="decision", title=title, text=decision.because, cell=decision.about or "")


def _entry(event: RoomEvent, kind: str, title: str, told: str = "", cell: str = "") -> Entry:
    return Entry(at=event.at, kind=kind, title=title, text=told, cell=cell, seq=event.seq)


def _who(event: RoomEvent) -> str:
    return name(event.author.username or "")


def _said(event: RoomEvent, told: str) -> str:
    """The tutor's Markdown as it reads; what a learner says to the letter."""
    return words(told) if event.author.kind is AuthorKind.AI else told
