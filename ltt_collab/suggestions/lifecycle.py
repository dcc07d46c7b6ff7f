"""What becomes of the suggestions that a room shows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ltt_collab.model.causes import is_about, is_check_key, is_long_run_key, is_question_key, passed_keys
from ltt_collab.model.cells import Cell, CellRole, Notebook
from ltt_collab.model.commands import ClearPointer, Command, EndSuggestion, RecordDecision, ReleaseCell
from ltt_collab.model.edits import (
    CellInserted,
    CellRemoved,
    CellTypeChanged,
    DocumentReloaded,
    MetadataChanged,
    ReloadCause,
    RoomEvent,
    RunFinished,
    RunOutcome,
    SourceEdited,
    SuggestionEnded,
    SuggestionShown,
    TaskChecked,
)
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.suggestions import EndReason, Placement
from ltt_collab.ports.store import SuggestionRecord
from ltt_collab.suggestions.stock import marked_cells, why_over

ENDED_KEPT = 500
"""Ended suggestions remembered per room, to end again what a lost connection kept in the document."""

_BECAUSE: Mapping[EndReason, str] = MappingProxyType(
    {
        EndReason.ACTED_ON: "the cell ran well",
        EndReason.DISMISSED: "the learner deleted the note",
        EndReason.ADOPTED: "a learner edited inside the note: it is theirs now",
        EndReason.STALE: "what it was about changed or went away",
        EndReason.WITHDRAWN: "it was taken back",
        EndReason.SUPERSEDED: "another suggestion took its place",
    }
)


@dataclass(slots=True, kw_only=True)
class Live:
    """A suggestion that a learner can see. ``pointing``: a line is still selected for it.

    ``cause_key``: '' when its author named none, None when it was written in an earlier life that nobody remembers.
    """

    suggestion: SuggestionId
    about: CellId
    cause_key: str | None
    rung: int
    note_cell: CellId | None
    pointing: bool


class Lifecycle:
    """Manages the suggestions of one room from shown to ended.

    Invariants:
        1. A suggestion is ended once; only a lost connection that kept its note makes us withdraw that again.
        2. At most one suggestion lives per learner cell.
        3. Only the cell that we wrote is ever withdrawn, and never one in which a learner wrote.
        4. A note goes when it is no longer true: the cell ran well (or its check passes), raised something else, or is
           gone.
        5. A copy of our note is the learner's.
    """

    def __init__(self) -> None:
        self._live: dict[SuggestionId, Live] = {}
        self._ended: OrderedDict[SuggestionId, EndReason] = OrderedDict()

    def about(self, cell_id: CellId) -> Live | None:
        """The suggestion that lives about a learner's cell."""
        return next((live for live in self._live.values() if live.about == cell_id), None)

    def live(self) -> Sequence[Live]:
        """Every suggestion that lives, oldest first."""
        return tuple(self._live.values())

    def adopt(self, notebook: Notebook, records: Iterable[SuggestionRecord]) -> Iterator[Command]:
        """Go on with the notes that an earlier life of ours left in the document, ``records`` oldest first."""
        for record in records:
            if record.ended is not None:
                self._remember_end(record.suggestion, record.ended)
                continue
            self._live[record.suggestion] = Live(
                suggestion=record.suggestion,
                about=record.about,
                cause_key=record.cause_key,
                rung=record.rung,
                note_cell=record.note_cell,
                pointing=False,  # a pointer lives in awareness only and went with its process
            )
        return iter(tuple(self._take_stock(notebook.cells, EndReason.DISMISSED)))

    def handle(self, event: RoomEvent) -> Iterator[Command]:
        """What is to be done now that this happened; decided at once, whether or not the result is read."""
        if isinstance(event, SourceEdited) and not self._live:
            return iter(())  # nearly every event is a keystroke while nothing of ours is shown
        return iter(tuple(self._decide(event)))

    def _decide(self, event: RoomEvent) -> Iterator[Command]:
        match event:
            case SuggestionShown(placement=Placement.CHAT):
                pass  # what was said in a chat stands there for good, beside any note about the same cell
            case SuggestionShown():
                yield from self._show(event)
            case SuggestionEnded():
                if self._live.pop(event.suggestion, None) is not None:
                    self._remember_end(event.suggestion, event.reason)
            case RunFinished():
                yield from self._ran(event)
            case TaskChecked():
                for live in self.live():
                    if live.cause_key in passed_keys(event.author, live.about, event.verdict):
                        yield from self._end(live, EndReason.ACTED_ON, "the check passes now")  # invariant 4
            case DocumentReloaded():
                # A note that went while we were away was deleted by somebody; one that a new file lacks was not.
                left = EndReason.DISMISSED if event.cause is ReloadCause.REJOINED else EndReason.STALE
                yield from self._take_stock(event.cells, left)
            case _:
                yield from self._changed(event)

    def _changed(self, event: RoomEvent) -> Iterator[Command]:
        match event:
            case SourceEdited():
                yield from self._edited(event)
            case CellInserted():
                yield from self._inserted(event)
            case CellRemoved():
                yield from self._removed(event)
            case CellTypeChanged():
                yield from self._retyped(event)
            case MetadataChanged(ownership=None) if event.author.kind is not AuthorKind.AI:
                for live in self._with_note(event.cell_id):  # the mark is gone, so the cell is not ours
                    yield from self._end(live, EndReason.ADOPTED)
            case _:
                pass

    def _show(self, event: SuggestionShown) -> Iterator[Command]:
        known = self._live.pop(event.suggestion, None)
        for live in [live for live in self._live.values() if live.about == event.about]:  # invariant 2
            if live.note_cell == event.note_cell:
                live.note_cell = None  # the rung was added in place: the cell is the newcomer's (invariant 3)
            yield from self._end(live, EndReason.SUPERSEDED)
        note = event.note_cell if event.note_cell is not None or known is None else known.note_cell
        self._live[event.suggestion] = Live(
            suggestion=event.suggestion,
            about=event.about,
            cause_key=event.cause_key,
            rung=event.rung,
            note_cell=note,
            pointing=True,
        )

    def _ran(self, event: RunFinished) -> Iterator[Command]:
        live = self.about(event.cell_id)
        if live is None or (live.cause_key and is_question_key(live.cause_key)):
            return
        match event.outcome:
            case _ if live.cause_key and is_long_run_key(live.cause_key):
                yield from self._end(live, EndReason.ACTED_ON, "the long run ended")  # invariant 4
            case RunOutcome.OK if live.cause_key is None or not is_check_key(live.cause_key):
                yield from self._end(live, EndReason.ACTED_ON)  # invariant 4
            case RunOutcome.ERROR if live.cause_key and not is_about(live.cause_key, event.cell_id, event.error):
                yield from self._end(live, EndReason.STALE, "the cell raises something else now")
            case _:
                pass

    def _edited(self, event: SourceEdited) -> Iterator[Command]:
        if event.author.kind is AuthorKind.AI:
            return
        for live in self._with_note(event.cell_id):
            yield from self._end(live, EndReason.ADOPTED)  # invariant 3
        live_about = self.about(event.cell_id)
        if live_about is not None and live_about.pointing:
            live_about.pointing = False  # the learner is at work: the note may stay, the selection is in the way
            yield ClearPointer(suggestion=live_about.suggestion)

    def _inserted(self, event: CellInserted) -> Iterator[Command]:
        mark = event.cell.ownership
        if mark is None or mark.role is not CellRole.HINT:
            return
        live = self._live.get(mark.suggestion)
        if event.author.kind in {AuthorKind.AI, AuthorKind.SERVER}:
            if live is not None:
                live.note_cell = event.cell.id  # shown rendered: the same note in a new cell
            return
        # Pasted, or brought back by undo: who puts a note there by hand owns it (invariant 5).
        because = "a learner copied the note or brought it back: it is theirs"
        yield RecordDecision(about=event.cell.id, decision="released a cell", because=because)
        yield ReleaseCell(cell_id=event.cell.id)

    def _removed(self, event: CellRemoved) -> Iterator[Command]:
        if event.author.kind is not AuthorKind.AI:
            for live in self._with_note(event.cell_id):
                live.note_cell = None
                yield from self._end(live, EndReason.DISMISSED)
        about = self.about(event.cell_id)
        if about is not None:
            yield from self._end(about, EndReason.STALE, "the cell was deleted")

    def _retyped(self, event: CellTypeChanged) -> Iterator[Command]:
        if event.author.kind is not AuthorKind.AI:
            for live in self._with_note(event.cell_id):
                yield from self._end(live, EndReason.ADOPTED)
        about = self.about(event.cell_id)
        if about is not None:
            yield from self._end(about, EndReason.STALE, "the cell has another type now")

    def _take_stock(self, cells: Sequence[Cell], reason_if_gone: EndReason) -> Iterator[Command]:
        by_id = {cell.id: cell for cell in cells}
        known = {live.suggestion: live.note_cell for live in self._live.values() if live.note_cell is not None}
        present: set[SuggestionId] = set()
        for marked in marked_cells(cells, known):
            suggestion, note = marked.mark.suggestion, marked.cell.id
            ended = self._ended.get(suggestion)
            if not marked.original or ended is EndReason.ADOPTED:
                yield ReleaseCell(cell_id=note)  # invariant 5
                continue
            present.add(suggestion)
            live = self._live.get(suggestion)
            if live is None:
                live = Live(
                    suggestion=suggestion,
                    about=marked.mark.about,
                    cause_key=None,
                    rung=marked.mark.rung,
                    note_cell=note,
                    pointing=False,
                )
                self._live[suggestion] = live
            live.note_cell = note
            over = why_over(marked, by_id.get(live.about), live.cause_key)
            if ended is not None and over is not EndReason.ADOPTED:
                over = ended  # invariant 1: our withdrawal was lost
            if over is not None:
                yield from self._end(live, over)
        for live in [live for live in self._live.values() if live.suggestion not in present]:
            yield from self._end_missing(live, by_id, reason_if_gone)
        yield from self._end_doubles()

    def _end_missing(self, live: Live, by_id: Mapping[CellId, Cell], reason_if_gone: EndReason) -> Iterator[Command]:
        note = None if live.note_cell is None else by_id.get(live.note_cell)
        had_note, live.note_cell = live.note_cell is not None, None
        if note is not None:  # the cell is there, under another suggestion's mark or under none
            yield from self._end(live, EndReason.ADOPTED if note.ownership is None else EndReason.SUPERSEDED)
        elif live.about in by_id and had_note:
            yield from self._end(live, reason_if_gone)
        elif live.about not in by_id or not live.pointing:
            yield from self._end(live, EndReason.STALE)

    def _end_doubles(self) -> Iterator[Command]:
        for live in tuple(self._live.values()):
            newest = [other for other in self._live.values() if other.about == live.about][-1]
            if newest is not live:
                yield from self._end(live, EndReason.SUPERSEDED)  # invariant 2

    def _with_note(self, cell_id: CellId | None) -> list[Live]:
        return [live for live in self._live.values() if cell_id is not None and live.note_cell == cell_id]

    def _end(self, live: Live, reason: EndReason, because: str | None = None) -> Iterator[Command]:
        self._live.pop(live.suggestion, None)  # invariant 1
        self._remember_end(live.suggestion, reason)
        yield RecordDecision(about=live.about, decision=f"ended a hint: {reason}", because=because or _BECAUSE[reason])
        yield EndSuggestion(suggestion=live.suggestion, about=live.about, reason=reason, note_cell=live.note_cell)

    def _remember_end(self, suggestion: SuggestionId, reason: EndReason) -> None:
        self._ended[suggestion] = reason
        self._ended.move_to_end(suggestion)
        while len(self._ended) > ENDED_KEPT:
            self._ended.popitem(last=False)
