"""What becomes of a hint, told as what people do in the notebook."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from ltt_collab.model.causes import cause_key, check_key, long_run_key, question_key
from ltt_collab.model.cells import Cell, CellRole, CellType, Notebook
from ltt_collab.model.commands import ClearPointer, Command, EndSuggestion, RecordDecision, ReleaseCell
from ltt_collab.model.edits import (
    CellInserted,
    CellMoved,
    CellRemoved,
    CellTypeChanged,
    DocumentReloaded,
    MetadataChanged,
    ReloadCause,
    RoomEvent,
    RunOutcome,
    SourceEdited,
)
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.model.presence import Author
from ltt_collab.model.suggestions import EndReason
from ltt_collab.ports.store import SuggestionRecord
from ltt_collab.suggestions.lifecycle import ENDED_KEPT, Lifecycle
from tests.support.conversation import (
    ADA,
    BOB,
    DISK,
    NAME_ERROR,
    NOBODY_KNOWN,
    NOTE,
    ROOM,
    TUTOR,
    TYPE_ERROR,
    A,
    B,
    Events,
    code,
    note,
)

KEY = cause_key(ADA, A, NAME_ERROR)
S1, S2 = SuggestionId("s1"), SuggestionId("s2")
HUMANS = [ADA, BOB, NOBODY_KNOWN]


class Shown:
    """A room in which hint s1 about cell A stands in NOTE."""

    def __init__(self) -> None:
        self.events, self.lifecycle = Events(), Lifecycle()
        self.hears(self.events.shown("s1", A, note=NOTE, cause=KEY))

    def hears(self, *events: RoomEvent) -> list[Command]:
        """Everything that is to be done, decisions for the record left out."""
        wanted = [command for event in events for command in self.lifecycle.handle(event)]
        return [command for command in wanted if not isinstance(command, RecordDecision)]

    def removed(self, cell: CellId, *, by: Author = ADA) -> CellRemoved:
        return CellRemoved(**self.events.head(by), cell_id=cell, index=1)

    def inserted(self, cell: Cell, *, by: Author = ADA) -> CellInserted:
        return CellInserted(**self.events.head(by), cell=cell, index=1)

    def reloaded(self, *cells: Cell, cause: ReloadCause = ReloadCause.REJOINED) -> DocumentReloaded:
        return DocumentReloaded(**self.events.head(DISK), cause=cause, cells=cells)


@pytest.fixture
def room() -> Shown:
    return Shown()


def end(
    reason: EndReason, note_cell: CellId | None = NOTE, suggestion: SuggestionId = S1, about: CellId = A
) -> EndSuggestion:
    return EndSuggestion(suggestion=suggestion, about=about, reason=reason, note_cell=note_cell)


@pytest.mark.proves("suggestion:fixed-is-withdrawn")
@pytest.mark.parametrize("by", [*HUMANS, TUTOR])
def test_when_the_cell_runs_well_the_hint_was_acted_on_and_goes(room: Shown, by: Author) -> None:
    assert room.hears(room.events.finished(A, by=by)) == [end(EndReason.ACTED_ON)]
    assert room.hears(room.events.finished(A)) == []


def test_every_end_is_recorded_with_its_reason_in_words(room: Shown) -> None:
    (decision, _) = room.lifecycle.handle(room.events.finished(A))
    assert decision == RecordDecision(about=A, decision="ended a hint: acted_on", because="the cell ran well")


def test_while_the_same_error_stands_the_hint_stays_whoever_runs_the_cell(room: Shown) -> None:
    assert room.hears(*(room.events.finished(A, NAME_ERROR, by=by) for by in HUMANS)) == []


def test_when_the_cell_raises_something_else_the_hint_is_stale(room: Shown) -> None:
    assert room.hears(room.events.finished(A, TYPE_ERROR)) == [end(EndReason.STALE)]


def test_a_hint_that_names_no_error_outlives_errors(room: Shown) -> None:
    room.hears(room.events.shown("s2", B))
    assert room.hears(room.events.finished(B, TYPE_ERROR)) == []


@pytest.mark.parametrize("outcome", [RunOutcome.INTERRUPTED, RunOutcome.UNKNOWN])
def test_a_run_without_a_known_end_says_nothing_about_the_hint(room: Shown, outcome: RunOutcome) -> None:
    assert room.hears(room.events.finished(A, outcome=outcome)) == []


def test_what_happens_in_other_cells_is_no_end(room: Shown) -> None:
    moved = CellMoved(**room.events.head(ADA), cell=note(), from_index=1, to_index=0)
    assert room.hears(room.events.finished(B), room.events.edited(B), room.removed(B), moved) == []
    assert len(room.lifecycle.live()) == 1


@pytest.mark.parametrize("by", HUMANS)
def test_when_the_learner_edits_the_cell_the_note_stays_and_the_pointer_goes_once(room: Shown, by: Author) -> None:
    assert room.hears(room.events.edited(A, by=by), room.events.edited(A, by=by)) == [ClearPointer(suggestion=S1)]
    assert room.lifecycle.about(A) is not None


@pytest.mark.proves("suggestion:deleted-is-dismissed")
@pytest.mark.parametrize("by", [*HUMANS, DISK])
def test_a_note_that_anybody_but_us_deleted_is_dismissed_and_nothing_is_left_to_withdraw(
    room: Shown, by: Author
) -> None:
    assert room.hears(room.removed(NOTE, by=by)) == [end(EndReason.DISMISSED, None)]


def test_what_we_remove_ourselves_is_no_dismissal(room: Shown) -> None:
    assert room.hears(room.removed(NOTE, by=TUTOR)) == []


@pytest.mark.proves("suggestion:edited-is-the-learners")
@pytest.mark.parametrize("by", [*HUMANS, DISK])
def test_a_note_in_which_anybody_but_us_writes_is_adopted(room: Shown, by: Author) -> None:
    assert room.hears(room.events.edited(NOTE, by=by)) == [end(EndReason.ADOPTED)]
    assert room.hears(room.events.edited(NOTE, by=by), room.events.finished(A)) == []


def test_our_own_typing_in_the_note_changes_nothing(room: Shown) -> None:
    assert room.hears(room.events.edited(NOTE, by=TUTOR)) == []


def test_a_note_that_a_learner_turned_into_code_or_unmarked_is_adopted(room: Shown) -> None:
    unmarked = MetadataChanged(**room.events.head(ADA), cell_id=NOTE, keys=("ltt",))
    assert room.hears(unmarked) == [end(EndReason.ADOPTED)]
    room.hears(room.events.shown("s2", A, note=NOTE, cause=KEY))
    turned = CellTypeChanged(**room.events.head(ADA), cell_id=NOTE, cell_type=CellType.CODE)
    assert room.hears(turned) == [end(EndReason.ADOPTED, suggestion=S2)]


def test_a_note_whose_other_metadata_changed_is_still_ours(room: Shown) -> None:
    tagged = MetadataChanged(**room.events.head(ADA), cell_id=NOTE, keys=("tags",), ownership=note().ownership)
    assert room.hears(tagged) == []


def test_a_hint_about_a_cell_that_went_away_or_became_text_is_stale(room: Shown) -> None:
    assert room.hears(room.removed(A)) == [end(EndReason.STALE)]
    room.hears(room.events.shown("s2", A, note=NOTE))
    turned = CellTypeChanged(**room.events.head(ADA), cell_id=A, cell_type=CellType.MARKDOWN)
    assert room.hears(turned) == [end(EndReason.STALE, suggestion=S2)]


def test_a_rung_added_in_place_ends_the_one_before_and_withdraws_nothing(room: Shown) -> None:
    assert room.hears(room.events.shown("s2", A, rung=2, note=NOTE, cause=KEY)) == [end(EndReason.SUPERSEDED, None)]
    assert room.hears(room.events.finished(A)) == [end(EndReason.ACTED_ON, suggestion=S2)]


def test_a_second_note_about_the_same_cell_takes_the_first_ones_place(room: Shown) -> None:
    assert room.hears(room.events.shown("s2", A, note=CellId("n2"), cause=KEY)) == [end(EndReason.SUPERSEDED)]


def test_a_suggestion_shown_again_at_the_next_rung_keeps_its_note(room: Shown) -> None:
    assert room.hears(room.events.shown("s1", A, rung=2, cause=KEY)) == []
    assert room.hears(room.events.finished(A)) == [end(EndReason.ACTED_ON)]


def test_a_suggestion_that_was_ended_elsewhere_is_not_ended_again(room: Shown) -> None:
    assert room.hears(room.events.ended(reason=EndReason.WITHDRAWN), room.events.finished(A)) == []


def test_a_note_that_we_swapped_for_a_rendered_one_is_followed(room: Shown) -> None:
    swapped: list[RoomEvent] = [room.removed(NOTE, by=TUTOR), room.inserted(note(CellId("n2")), by=TUTOR)]
    assert room.hears(*swapped) == []
    assert room.hears(room.events.finished(A)) == [end(EndReason.ACTED_ON, CellId("n2"))]


@pytest.mark.proves("suggestion:copies-are-the-learners")
def test_a_copy_of_our_note_is_the_learners_and_ours_stays_ours(room: Shown) -> None:
    copy = CellId("copy")
    assert room.hears(room.inserted(note(copy))) == [ReleaseCell(cell_id=copy)]
    assert room.hears(room.events.edited(copy), room.removed(copy)) == []
    assert room.hears(room.events.finished(A)) == [end(EndReason.ACTED_ON)]


def test_a_deleted_note_that_undo_brings_back_is_the_learners(room: Shown) -> None:
    assert room.hears(room.removed(NOTE), room.inserted(note())) == [
        end(EndReason.DISMISSED, None),
        ReleaseCell(cell_id=NOTE),
    ]
    assert room.hears(room.events.finished(A)) == []


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ((code(A, error=NAME_ERROR, count=1), note()), []),
        ((code(A, error=NAME_ERROR, count=1),), [end(EndReason.DISMISSED, None)]),
        ((note(),), [end(EndReason.STALE)]),
        ((), [end(EndReason.STALE, None)]),
        ((code(A, count=2), note()), [end(EndReason.ACTED_ON)]),
        ((code(A, error=TYPE_ERROR, count=2), note()), [end(EndReason.STALE)]),
        ((code(A), note()), []),
        ((code(A, error=NAME_ERROR), replace(note(), ownership=None)), [end(EndReason.ADOPTED, None)]),
        ((code(A, error=NAME_ERROR), note(written="another hash")), [end(EndReason.ADOPTED)]),
        ((code(A, count=2), note(written=note().hash)), [end(EndReason.ACTED_ON)]),
    ],
)
def test_after_a_time_away_the_hint_is_judged_by_what_the_notebook_holds_now(
    room: Shown, cells: tuple[Cell, ...], wanted: list[Command]
) -> None:
    assert room.hears(room.reloaded(*cells)) == wanted


def test_a_note_that_a_new_file_lacks_was_not_dismissed(room: Shown) -> None:
    without = room.reloaded(code(A, error=NAME_ERROR, count=1), cause=ReloadCause.OUT_OF_BAND)
    assert room.hears(without) == [end(EndReason.STALE, None)]


def test_a_withdrawal_that_a_lost_connection_undid_is_repeated(room: Shown) -> None:
    room.hears(room.events.finished(A))
    assert room.hears(room.reloaded(code(A, count=1), note())) == [end(EndReason.ACTED_ON)]
    assert room.hears(room.reloaded(code(A, count=1))) == []


def test_a_release_that_a_lost_connection_undid_is_repeated_and_the_note_left(room: Shown) -> None:
    room.hears(room.events.edited(NOTE))
    assert room.hears(room.reloaded(code(A, count=1), note())) == [ReleaseCell(cell_id=NOTE)]


def record(name: str = "s1", *, ended: EndReason | None = None, note_cell: CellId | None = NOTE) -> SuggestionRecord:
    return SuggestionRecord(
        suggestion=SuggestionId(name), room=ROOM, about=A, cause_key=KEY, rung=1, at=1.0, ended=ended,
        note_cell=note_cell,
    )  # fmt: skip


def adopted(cells: tuple[Cell, ...], *records: SuggestionRecord) -> tuple[Lifecycle, list[Command]]:
    lifecycle = Lifecycle()
    wanted = lifecycle.adopt(Notebook(room=ROOM, path="a.ipynb", cells=cells), records)
    return lifecycle, [command for command in wanted if not isinstance(command, RecordDecision)]


ERRED = code(A, error=NAME_ERROR, count=1)


@pytest.mark.proves("suggestion:managed-after-restart")
@pytest.mark.parametrize("records", [(record(),), ()], ids=["remembered", "forgotten"])
def test_after_a_restart_a_note_is_managed_again(records: tuple[SuggestionRecord, ...]) -> None:
    lifecycle, wanted = adopted((ERRED, note()), *records)
    assert wanted == []
    live = lifecycle.about(A)
    assert live is not None
    assert (live.suggestion, live.note_cell, live.pointing) == (S1, NOTE, False)
    (_, ended) = lifecycle.handle(Events().finished(A))
    assert ended == end(EndReason.ACTED_ON)


def test_after_a_restart_a_note_about_a_cell_that_is_gone_or_fixed_is_withdrawn() -> None:
    assert adopted((note(),))[1] == [end(EndReason.STALE)]
    assert adopted((code(A, count=3), note()))[1] == [end(EndReason.ACTED_ON)]


def test_after_a_restart_a_note_that_is_gone_was_dismissed_and_a_pointer_is_over() -> None:
    assert adopted((ERRED,), record())[1] == [end(EndReason.DISMISSED, None)]
    assert adopted((ERRED,), record(note_cell=None))[1] == [end(EndReason.STALE, None)]


def test_after_a_restart_a_note_whose_suggestion_had_ended_is_withdrawn_at_last() -> None:
    assert adopted((ERRED, note()), record(ended=EndReason.WITHDRAWN))[1] == [end(EndReason.WITHDRAWN)]
    assert adopted((ERRED, note()), record(ended=EndReason.ADOPTED))[1] == [ReleaseCell(cell_id=NOTE)]


def test_after_a_restart_a_note_in_which_a_learner_wrote_is_never_withdrawn() -> None:
    edited = note(source="look, and my own words", written=note().hash)
    assert adopted((code(A, count=3), edited), record())[1] == [end(EndReason.ADOPTED)]
    assert adopted((edited,), record(ended=EndReason.WITHDRAWN))[1] == [end(EndReason.ADOPTED)]


@pytest.mark.parametrize("records", [(record(),), ()], ids=["remembered", "forgotten"])
def test_after_a_restart_a_copy_is_told_from_the_note_that_we_wrote(records: tuple[SuggestionRecord, ...]) -> None:
    lifecycle, wanted = adopted((note(CellId("copy")), ERRED, note()), *records)
    assert wanted == [ReleaseCell(cell_id=CellId("copy"))]
    assert [live.note_cell for live in lifecycle.live()] == [NOTE]


def test_after_a_restart_a_rung_that_another_took_over_in_place_is_superseded() -> None:
    lifecycle, wanted = adopted((ERRED, note(suggestion="s2")), record("s1"), record("s2"))
    assert wanted == [end(EndReason.SUPERSEDED, None)]
    assert [live.suggestion for live in lifecycle.live()] == [S2]


def test_after_a_restart_one_note_per_cell_is_kept() -> None:
    lifecycle, wanted = adopted((ERRED, note(), note(CellId("n2"), suggestion="s2")))
    assert wanted == [end(EndReason.SUPERSEDED)]
    assert [live.note_cell for live in lifecycle.live()] == ["n2"]


def test_a_note_about_a_running_cell_waits_for_the_end_of_the_run() -> None:
    assert adopted((replace(ERRED, outputs=(), running=True), note()), record())[1] == []


def test_a_note_that_names_no_error_is_not_judged_by_errors_after_a_restart() -> None:
    silent = replace(record(), cause_key="")
    assert adopted((code(A, count=3), note()), silent)[1] == []
    assert adopted((ERRED, note()), silent)[1] == []


def test_ended_suggestions_are_remembered_in_bounds() -> None:
    room = Shown()
    for number in range(ENDED_KEPT + 10):
        room.hears(room.events.shown(f"t{number}", B), room.events.finished(B))
    assert len(room.lifecycle._ended) == ENDED_KEPT


def test_status_cells_and_proposals_are_none_of_its_business() -> None:
    lifecycle, wanted = adopted((ERRED, note(role=CellRole.STATUS), note(CellId("p"), role=CellRole.PROPOSAL)))
    assert (wanted, lifecycle.live()) == ([], ())
    pasted = CellInserted(**Events().head(ADA), cell=note(role=CellRole.STATUS), index=0)
    assert list(lifecycle.handle(pasted)) == []


def anything(room: Shown, dice: random.Random, number: int) -> RoomEvent:
    """One thing that may happen in a room, sensible or not."""
    cell = dice.choice([A, B, NOTE] + [one.note_cell for one in room.lifecycle.live() if one.note_cell is not None])
    by = dice.choice((ADA, BOB, TUTOR, DISK, NOBODY_KNOWN))
    match dice.randrange(5):
        case 0 | 1:
            return room.events.edited(cell, by=by)
        case 2:
            return room.events.finished(cell, dice.choice((None, NAME_ERROR, TYPE_ERROR)), by=by)
        case 3:
            return room.removed(cell, by=by)
        case _:
            return room.events.shown(f"t{number}", dice.choice((A, B)), note=CellId(f"note-{number}"), cause=KEY)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_a_suggestion_ends_once_and_a_learners_words_are_never_withdrawn(seed: int) -> None:
    dice, room = random.Random(seed), Shown()
    ended: list[SuggestionId] = []
    learners: set[CellId] = set()
    for number in range(200):
        event = anything(room, dice, number)
        if isinstance(event, SourceEdited) and event.author is not TUTOR:
            learners.add(event.cell_id)
        for command in room.hears(event):
            if isinstance(command, EndSuggestion):
                ended.append(command.suggestion)
                assert command.note_cell not in learners or command.reason is EndReason.ADOPTED
        abouts = [one.about for one in room.lifecycle.live()]
        assert len(abouts) == len(set(abouts))
    assert len(ended) == len(set(ended)) > 20


def test_a_hint_about_a_check_stays_while_the_cell_runs_well_and_goes_when_the_check_passes() -> None:
    events, lifecycle = Events(), Lifecycle()
    tuple(lifecycle.handle(events.shown(about=A, note=NOTE, cause=check_key(ADA, A, "mean/rounds"))))
    assert list(lifecycle.handle(events.finished(A))) == []
    assert list(lifecycle.handle(events.checked("rounds", passed=False))) == []
    ends = [c for c in lifecycle.handle(events.checked("rounds", passed=True)) if isinstance(c, EndSuggestion)]
    assert [(end.reason, end.note_cell) for end in ends] == [(EndReason.ACTED_ON, NOTE)]


def test_an_answer_to_a_question_outlives_what_the_cell_does() -> None:
    events, lifecycle = Events(), Lifecycle()
    tuple(lifecycle.handle(events.shown(about=A, note=NOTE, cause=question_key(ADA, A))))
    assert list(lifecycle.handle(events.finished(A))) == []
    assert list(lifecycle.handle(events.finished(A, NAME_ERROR))) == []
    reloaded = DocumentReloaded(**events.head(DISK), cause=ReloadCause.REJOINED, cells=(code(A, count=2), note()))
    assert list(lifecycle.handle(reloaded)) == []
    assert lifecycle.about(A) is not None


@pytest.mark.parametrize("outcome", [RunOutcome.OK, RunOutcome.INTERRUPTED, RunOutcome.ERROR])
def test_an_offer_to_stop_a_run_goes_with_the_run_however_it_ends(outcome: RunOutcome) -> None:
    events, lifecycle = Events(), Lifecycle()
    tuple(lifecycle.handle(events.shown(about=A, note=NOTE, cause=long_run_key(ADA, A))))
    commands = lifecycle.handle(events.finished(A, outcome=outcome))
    assert [c.reason for c in commands if isinstance(c, EndSuggestion)] == [EndReason.ACTED_ON]
