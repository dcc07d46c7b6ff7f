"""Drafts that wait for a person, over all rooms."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import UnknownSuggestionError
from ltt_collab.model.ids import RoomId, SuggestionId, Username
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.staleness import why_outdated
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.peer.auditing import Auditing
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.privacy import AuditStore
from ltt_collab.ports.steering import HeldDraft

HELD_MOST = 1_000
"""Drafts that may wait; the oldest gives way: an instructor who has so many before them reads the newest first."""

ProposeApproved = Callable[[RoomId, Draft], Coroutine[Any, Any, Answer]]
"""Shows a draft that a person has approved."""


class HeldDrafts:
    """Implements ``ports.steering.Approvals``.

    Invariants:
        1. A draft ends when the cell that it is about changes, runs again or goes: it would not be true any more.
        2. A draft is decided once.
    """

    def __init__(self, propose: ProposeApproved, audit: AuditStore, clock: Clock) -> None:
        self._propose, self._clock = propose, clock
        self._auditing = Auditing(audit, clock)
        self._held: dict[SuggestionId, HeldDraft] = {}

    def hold(self, draft: Draft, room: RoomId, learner: Username | None) -> SuggestionId:
        """Keep it until a person decides."""
        suggestion = SuggestionId(f"h-{secrets.token_hex(6)}")
        self._held[suggestion] = HeldDraft(
            suggestion=suggestion, room=room, learner=learner, draft=draft, at=self._clock.now()
        )
        while len(self._held) > HELD_MOST:
            del self._held[next(iter(self._held))]
        return suggestion

    def handle(self, event: RoomEvent) -> Sequence[HeldDraft]:
        """Let go of what the event makes void (invariant 1); what went."""
        if not self._held or event.author.kind is AuthorKind.AI:
            return ()
        void = [
            held
            for held in self._held.values()
            if held.room == event.room and why_outdated(event, held.draft.cell_id, held.draft.expected_hash) is not None
        ]
        for held in void:
            del self._held[held.suggestion]
        return void

    # ports.steering.Approvals

    def held(self) -> Sequence[HeldDraft]:
        """Oldest first."""
        return tuple(self._held.values())

    async def approve(self, suggestion: SuggestionId, *, by: Username, text: str | None = None) -> Answer:
        """Show it, with another text if one is given.

        Raises:
            UnknownSuggestionError, UnknownRoomError, UnknownCellError
        """
        held = self._take(suggestion)
        draft = replace(
            held.draft,
            text=held.draft.text if text is None else text,
            idempotency_key=f"{held.draft.idempotency_key}/{suggestion}",
        )
        action = "hint.approved" if text is None else "hint.edited"
        await self._auditing.note(action, held.learner or held.room, by=by)
        return await self._propose(held.room, draft)

    async def reject(self, suggestion: SuggestionId, *, by: Username, reason: str = "") -> None:
        """Show it never.

        Raises:
            UnknownSuggestionError
        """
        held = self._take(suggestion)
        await self._auditing.note("hint.rejected", held.learner or held.room, by=by, detail=reason)

    def _take(self, suggestion: SuggestionId) -> HeldDraft:
        held = self._held.pop(suggestion, None)  # invariant 2
        if held is None:
            raise UnknownSuggestionError(suggestion)
        return held
