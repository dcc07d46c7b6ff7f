"""Puts a draft that passed the gate on the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import anyio

from ltt_collab.documents.writer_agents import AgentCell
from ltt_collab.documents.writer_notes import Note
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import CellOccupiedError, ConflictError, LeakError, NotOursError, UnknownCellError
from ltt_collab.model.ids import CellId, Seq, SuggestionId
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.staleness import why_outdated
from ltt_collab.model.suggestions import Draft, Placement, Rejected, RejectionReason
from ltt_collab.peer.page import Page
from ltt_collab.ports.clock import Clock
from ltt_collab.suggestions.placement import ExtendedNote, NewNote, Place, Wait, place, signed

PATIENCE = 20.0
"""Seconds that a draft waits for a learner's cursor to leave our note; after that the moment is over."""

LOOK_EVERY = 0.25
"""Seconds between two looks whether the cursor has left: a learner does not see the difference."""


Check = Callable[[Draft], None]
"""Refuses a proposal by an error of the writer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPage:
    """It is shown. ``note``: the cell of ours that carries it; ``adopted``: a learner took that over meanwhile."""

    note: CellId | None
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class _Work:
    draft: Draft
    scope: anyio.CancelScope


class Showing:
    """Shows one draft at a time.

    Invariants:
        1. What a draft rests on is checked until its last letter: a change by anybody but us calls it off, and what
           was written of it is taken away.
        2. A note that stands is told of before anything else can happen: a learner's next act is one after it.
    """

    def __init__(self, clock: Clock, name: str, check: Check) -> None:
        """``name``: ours, as learners see it; ``check``: the last look at a proposal, in the turn that writes it."""
        self._clock, self._name, self._check = clock, name, check
        self._work: _Work | None = None
        self._called_off = ""
        self.was_interrupted = False

    def handle(self, event: RoomEvent) -> None:
        """Call off what the event makes void (invariant 1)."""
        if self._work is None or event.author.kind is AuthorKind.AI:
            return
        because = why_outdated(event, self._work.draft.cell_id, self._work.draft.expected_hash)
        if because is not None:
            self.call_off(because)

    def call_off(self, because: str, *, interrupted: bool = False) -> None:
        """Stop what is being shown, if anything is; ``interrupted``: for a reason that has nothing to do with it."""
        if self._work is not None:
            self._called_off, self.was_interrupted = because, interrupted
            self._work.scope.cancel()

    async def show(self, page: Page, draft: Draft, suggestion: SuggestionId, note: CellId | None) -> OnPage | Rejected:
        """Point and write; ``note`` is our note about the same cell, if one lives."""
        self._called_off, self.was_interrupted = "", False
        try:
            with anyio.CancelScope() as scope:
                self._work = _Work(draft, scope)
                return await self._show(page, draft, suggestion, note)
        except ConflictError as error:
            source = page.view.cell_source(draft.cell_id) if page.view.holds(draft.cell_id) else None
            return Rejected(reason=RejectionReason.CONFLICT, detail=str(error), current_source=source)
        except (CellOccupiedError, NotOursError, UnknownCellError) as error:
            return Rejected(reason=RejectionReason.CONFLICT, detail=str(error))
        except LeakError as error:
            return Rejected(reason=RejectionReason.LEAK, detail=str(error))
        finally:
            self._work = None
        return Rejected(reason=RejectionReason.CONFLICT, detail=f"called off: {self._called_off}")

    async def _show(self, page: Page, draft: Draft, suggestion: SuggestionId, note: CellId | None) -> OnPage | Rejected:
        if draft.placement is Placement.PROPOSAL:
            return OnPage(note=await _offer(page, draft, suggestion, self._check))
        where = await self._place(page, draft, note)
        if isinstance(where, Wait):
            return Rejected(reason=RejectionReason.CONFLICT, detail=f"{where.because}; propose it again later")
        await self._point(page, draft, where)
        match where.note:
            case None:
                return OnPage(note=None)
            case NewNote(below=about):
                new = Note(
                    suggestion=suggestion,
                    about=about,
                    expected_hash=draft.expected_hash,
                    text=signed(draft.text, self._name),
                    rung=draft.rung,
                )
                cell = await page.writer.write_note(new)
            case ExtendedNote(note_cell=cell):
                await page.writer.extend_note(cell, draft.text, draft.rung)
        # Invariant 2: nothing is awaited from here on.
        return OnPage(note=cell, adopted=not page.view.holds(cell) or page.view.ownership(cell) is None)

    async def _place(self, page: Page, draft: Draft, note: CellId | None) -> Place | Wait:
        deadline = self._clock.monotonic() + PATIENCE
        while True:
            humans = page.provider.presence.humans() if page.provider is not None else ()
            where = place(draft, page.view.snapshot(Seq(0)), humans, note)
            if isinstance(where, Place) or self._clock.monotonic() >= deadline:
                return where
            await self._clock.sleep(LOOK_EVERY)

    @staticmethod
    async def _point(page: Page, draft: Draft, where: Place) -> None:
        if where.line is not None:
            await page.writer.point(draft.cell_id, where.line, draft.expected_hash)


async def _offer(page: Page, draft: Draft, suggestion: SuggestionId, check: Check) -> CellId:
    """Put the proposed source in a cell of the same type directly below the learner's; the id of that cell."""
    async with page.writer.agents.turn() as turn:  # nothing is awaited in it
        turn.expect(draft.cell_id, draft.expected_hash)
        check(draft)
        return turn.insert(
            AgentCell(
                suggestion=suggestion,
                author=draft.author,
                type=page.view.cell(draft.cell_id).type,
                source=draft.text,
                place=draft.cell_id,
                about=draft.cell_id,
            )
        )
