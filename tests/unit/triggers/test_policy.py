"""When help is asked for, told as conversations between a learner, time and the policy."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from ltt_collab.model.causes import cause_key
from ltt_collab.model.cells import CellType
from ltt_collab.model.commands import LeaveLearner, WelcomeLearner
from ltt_collab.model.edits import (
    CellInserted,
    CellRemoved,
    CellTypeChanged,
    DocumentReloaded,
    HelpCause,
    MetadataChanged,
    ReloadCause,
    RoomEvent,
    RoomState,
    RoomStateChanged,
    RunError,
    RunOutcome,
)
from ltt_collab.model.ids import CellId, SuggestionId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.suggestions import EndReason
from ltt_collab.model.text import source_hash
from ltt_collab.ports.store import SuggestionRecord
from ltt_collab.triggers.met import CAUSES_KEPT
from ltt_collab.tutoring.budget import Budget
from tests.support.conversation import (
    ADA,
    BOB,
    DISK,
    NAME_ERROR,
    NOBODY_KNOWN,
    ROOM,
    SOURCE,
    TUTOR,
    TYPE_ERROR,
    A,
    B,
    Helped,
    code,
    note,
)


@pytest.fixture
def room() -> Helped:
    return Helped()


@pytest.mark.proves("trigger:error-asks-once")
def test_a_run_that_raised_asks_the_tutor_once_at_the_first_rung(room: Helped) -> None:
    room.runs(A, NAME_ERROR)
    (ask,) = room.asks
    assert (ask.cell_id, ask.learner, ask.rung, ask.cause) == (A, ADA, 1, HelpCause.ERROR_RAISED)
    assert (ask.error, ask.expected_hash) == (NAME_ERROR, source_hash(SOURCE))
    assert room.because == "the run raised NameError"


def test_a_run_right_after_typing_in_its_cell_asks_at_once_because_a_run_is_a_boundary(room: Helped) -> None:
    room.types(A).later(0.05).runs(A, NAME_ERROR)
    assert len(room.asks) == 1


def test_a_run_that_ended_well_asks_nothing_and_says_nothing(room: Helped) -> None:
    room.runs(A)
    assert (room.asks, room.decisions) == ([], [])


@pytest.mark.proves("trigger:only-learners")
@pytest.mark.parametrize("author", [TUTOR, DISK, NOBODY_KNOWN])
def test_a_run_that_no_learner_started_asks_nothing_and_says_why(room: Helped, author: Author) -> None:
    room.runs(A, NAME_ERROR, by=author)
    assert room.asks == []
    assert room.because == "no learner ran it"


@pytest.mark.parametrize(
    ("outcome", "error", "because"),
    [
        (RunOutcome.INTERRUPTED, None, "the run was interrupted"),
        (RunOutcome.ERROR, RunError(name="KeyboardInterrupt", value=""), "the run was interrupted"),
        (RunOutcome.UNKNOWN, None, "the end of the run was not seen"),
    ],
)
def test_a_run_that_was_stopped_or_lost_from_sight_asks_nothing(
    room: Helped, outcome: RunOutcome, error: RunError | None, because: str
) -> None:
    room.hears(room.events.started(), room.events.finished(A, error, outcome=outcome))
    assert room.asks == []
    assert room.because == because


def test_a_cell_that_changed_while_it_ran_is_not_what_failed(room: Helped) -> None:
    room.hears(room.events.started(), room.events.edited(), room.events.finished(A, NAME_ERROR))
    assert room.asks == []
    assert room.because == "the cell changed while it ran"


def test_an_error_without_details_is_a_cause_too(room: Helped) -> None:
    room.hears(room.events.finished(A, None, outcome=RunOutcome.ERROR))
    assert room.rungs == [1]


@pytest.mark.proves("trigger:never-while-typing")
def test_while_the_learner_types_elsewhere_the_request_waits_for_a_pause(room: Helped) -> None:
    room.hears(room.events.started(A)).types(B).hears(room.events.finished(A, NAME_ERROR))
    assert room.because == "the learner is typing"
    for _ in range(20):
        room.later(0.2).types(B)
    assert room.asks == []
    room.later(1.4)
    assert room.asks == []
    room.later(0.2)
    assert room.rungs == [1]


def test_while_typing_goes_on_one_alarm_at_a_time_is_set(room: Helped) -> None:
    room.hears(room.events.started(A)).types(B).hears(room.events.finished(A, NAME_ERROR))
    for _ in range(50):
        room.later(0.01).types(B)
    assert len([when for when in room.wakes if when < room.events.now + 60]) == 1


def test_an_edit_by_somebody_unknown_counts_as_the_learners_typing(room: Helped) -> None:
    room.types(B, by=NOBODY_KNOWN).runs(A, NAME_ERROR)
    assert room.asks == []
    assert room.later(1.6).rungs == [1]


def test_one_learners_typing_does_not_hold_up_help_for_another(room: Helped) -> None:
    room.types(B, by=BOB).runs(A, NAME_ERROR, by=ADA)
    assert room.rungs == [1]


def test_a_request_that_waited_too_long_is_dropped(room: Helped) -> None:
    room.types(B).runs(A, NAME_ERROR)
    for _ in range(122):
        room.later(1.0).types(B)
    room.later(5.0)
    assert room.asks == []
    assert "waited longer than 120 s" in room.because


@pytest.mark.proves("trigger:drops-what-is-stale")
def test_what_changed_or_was_fixed_while_waiting_is_not_asked_about(room: Helped) -> None:
    head = room.events.head
    changes: dict[str, Callable[[], RoomEvent]] = {
        "the cell's text changed in the meantime": lambda: room.events.edited(A),
        "it was fixed in the meantime": lambda: room.events.finished(A),
        "the cell is being run again": lambda: room.events.started(A),
        "the cell was deleted": lambda: CellRemoved(**head(ADA), cell_id=A, index=0),
        "the cell has another type now": lambda: CellTypeChanged(**head(ADA), cell_id=A, cell_type=CellType.RAW),
        "the notebook was loaded anew and the cell is not the same": lambda: DocumentReloaded(
            **head(DISK), cause=ReloadCause.REJOINED, cells=(code(A, "other"),)
        ),
        "we left the room": lambda: RoomStateChanged(**head(DISK), state=RoomState.LEFT, reason="nobody is here"),
    }
    for because, change in changes.items():
        room.types(B).runs(A, NAME_ERROR).hears(change())
        assert room.decisions[-1].decision == "dropped the request"
        assert room.because == because
    assert room.later(10).asks == []


def test_a_reload_that_left_the_cell_as_it_was_drops_nothing(room: Helped) -> None:
    room.types(B).runs(A, NAME_ERROR)
    room.hears(DocumentReloaded(**room.events.head(DISK), cause=ReloadCause.REJOINED, cells=(code(A),)))
    assert room.later(2).rungs == [1]


@pytest.mark.proves("trigger:same-error-climbs-after-an-act")
def test_the_same_error_after_each_try_climbs_the_ladder_to_the_last_rung_and_no_further(room: Helped) -> None:
    room.runs(A, NAME_ERROR).sees_hint("s1")
    room.types(A).runs(A, NAME_ERROR).sees_hint("s2")
    room.runs(A, NAME_ERROR).sees_hint("s3")
    room.types(A).runs(A, NAME_ERROR)
    assert room.rungs == [1, 2, 3]
    assert [ask.cause for ask in room.asks[1:]] == [HelpCause.SAME_ERROR_AGAIN] * 2
    assert room.because == "NameError again, and the note says all it may for now"


def test_a_run_that_began_before_the_hint_was_seen_is_no_act(room: Helped) -> None:
    room.runs(A, NAME_ERROR).hears(room.events.started(A))
    room.hears(room.events.shown(about=A, cause=room.asks[0].cause_key))
    room.hears(room.events.finished(A, NAME_ERROR))
    assert room.rungs == [1]
    assert "the note says all it may" in room.because


def test_a_run_whose_start_was_not_seen_is_an_act(room: Helped) -> None:
    room.runs(A, NAME_ERROR).sees_hint().hears(room.events.finished(A, NAME_ERROR, duration=None))
    assert room.rungs == [1, 2]


def test_a_hint_that_was_never_shown_does_not_climb(room: Helped) -> None:
    room.runs(A, NAME_ERROR).tutor_answers(None).types(A).runs(A, NAME_ERROR)
    assert room.rungs == [1, 1]


def test_another_error_in_the_cell_is_another_cause_from_the_first_rung(room: Helped) -> None:
    room.runs(A, NAME_ERROR).sees_hint("s1").types(A).runs(A, TYPE_ERROR)
    assert room.rungs == [1, 1]
    assert room.asks[1].cause is HelpCause.ERROR_RAISED


def test_an_error_that_comes_back_after_the_cell_ran_well_starts_at_the_first_rung(room: Helped) -> None:
    room.runs(A, NAME_ERROR).sees_hint("s1").types(A).runs(A).types(A).runs(A, NAME_ERROR)
    assert room.rungs == [1, 1]
    assert room.asks[1].cause is HelpCause.ERROR_RAISED


@pytest.mark.proves("trigger:dismissed-is-not-repeated")
def test_a_cause_whose_hint_was_deleted_is_not_asked_about_again(room: Helped) -> None:
    room.runs(A, NAME_ERROR).sees_hint().deletes_hint()
    for _ in range(3):
        room.types(A).runs(A, NAME_ERROR)
    assert room.rungs == [1]
    assert room.because == "the learner deleted a hint about this"
    assert room.runs(A).runs(A, NAME_ERROR).rungs == [1]
    assert room.later(20).runs(A, TYPE_ERROR).rungs == [1, 1]


def test_what_an_earlier_life_knew_still_holds(room: Helped) -> None:
    dismissed, seen = cause_key(ADA, A, NAME_ERROR), cause_key(ADA, A, TYPE_ERROR)
    room.gate.adopt(
        SuggestionRecord(
            suggestion=SuggestionId(key),
            room=ROOM,
            about=A,
            cause_key=key,
            rung=1,
            at=900.0,
            ended=ended,
            learner="ada",
        )
        for key, ended in ((dismissed, EndReason.DISMISSED), (seen, None))
    )
    assert room.runs(A, NAME_ERROR).asks == []
    assert room.runs(A, TYPE_ERROR).rungs == [2]
    assert room.gate.budget.spent("ada", room.events.now) == 2


@pytest.mark.proves("trigger:one-at-a-time")
def test_while_the_tutor_is_at_work_the_next_request_waits_and_the_newest_counts(room: Helped) -> None:
    room.runs(A, NAME_ERROR).runs(B, NAME_ERROR)
    assert room.because == "the tutor is busy with another request"
    room.runs(CellId("c"), TYPE_ERROR)
    assert [one.because for one in room.decisions[-2:]] == [
        "the learner went on to another problem",
        "the tutor is busy with another request",
    ]
    assert len(room.asks) == 1
    room.sees_hint()
    assert [ask.cell_id for ask in room.asks] == [A, "c"]


def test_a_tutor_with_nothing_to_say_lets_the_next_request_through(room: Helped) -> None:
    assert [ask.cell_id for ask in room.runs(A, NAME_ERROR).runs(B, NAME_ERROR).tutor_answers(None).asks] == [A, B]


def test_a_tutor_that_never_answers_holds_others_up_for_its_patience_only(room: Helped) -> None:
    room.runs(A, NAME_ERROR).runs(B, NAME_ERROR, by=BOB).later(29.0)
    assert len(room.asks) == 1
    assert [ask.learner for ask in room.later(2.0).asks] == [ADA, BOB]


def test_editing_what_the_tutor_is_asked_about_frees_it_for_the_next(room: Helped) -> None:
    assert len(room.runs(A, NAME_ERROR).runs(B, NAME_ERROR).types(A).later(2.0).asks) == 2


@pytest.mark.proves("trigger:per-author")
def test_two_learners_with_the_same_error_in_the_same_cell_have_a_cause_each(room: Helped) -> None:
    room.runs(A, NAME_ERROR, by=ADA).sees_hint().runs(A, NAME_ERROR, by=BOB)
    assert [(ask.learner, ask.rung) for ask in room.asks] == [(ADA, 1), (BOB, 1)]


@pytest.mark.proves("trigger:hourly-budget")
def test_a_learner_gets_no_more_than_the_hours_budget_and_others_keep_theirs() -> None:
    room = Helped(budget=Budget(2))
    for number in range(2):
        room.gate.budget.spend("ada", room.events.now)
        room.later(1.0 + number)
    assert room.runs(A, NAME_ERROR).asks == []
    assert room.because == "the learner had enough unasked hints within the hour"
    assert len(room.runs(A, NAME_ERROR, by=BOB).tutor_answers().asks) == 1
    assert len(room.later(3600).runs(B, TYPE_ERROR).asks) == 2


@pytest.mark.proves("trigger:tutor-leave")
def test_a_learner_who_writes_leave_is_left_and_not_helped_until_calling_back(room: Helped) -> None:
    room.hears(room.events.burst("x = 1\n# @tutor leave\n"))
    assert room.others == [LeaveLearner(username=Username("ada"))]
    assert room.runs(B, NAME_ERROR).asks == []
    assert room.because == "the learner told the tutor to leave"
    room.hears(room.events.burst("@tutor come back", B))
    assert room.others[1:] == [WelcomeLearner(username=Username("ada"))]
    assert room.runs(B, TYPE_ERROR).rungs == [1]


def test_who_says_leave_while_a_request_waits_is_not_asked_about(room: Helped) -> None:
    room.types(B).runs(A, NAME_ERROR).hears(room.events.burst("# @tutor leave", B))
    assert room.later(5).asks == []
    assert room.because == "the learner told the tutor to leave"


def test_a_notebook_that_says_leave_since_long_ago_does_not_send_us_away_again(room: Helped) -> None:
    room.policy.adopt([code(A, "# @tutor leave")])
    room.hears(room.events.burst("# @tutor leave\nx"))
    assert room.others == []


def test_what_our_own_cells_say_is_no_wish_until_they_are_the_learners(room: Helped) -> None:
    inserted, standing, shown, loaded = (CellId(name) for name in ("n1", "n2", "n3", "n4"))
    room.policy.adopt([note(standing)])
    room.hears(CellInserted(**room.events.head(TUTOR), cell=note(inserted), index=0))
    room.hears(room.events.shown(note=shown))
    for cell in (inserted, standing, shown):
        assert room.hears(room.events.burst("@tutor leave", cell)).others == []
    head = room.events.head
    room.hears(DocumentReloaded(**head(DISK), cause=ReloadCause.REJOINED, cells=(note(loaded),)))
    assert room.hears(room.events.burst("@tutor leave", loaded)).others == []
    room.hears(MetadataChanged(**head(TUTOR), cell_id=loaded, keys=("ltt",)))
    assert room.hears(room.events.burst("@tutor leave", loaded)).others == [LeaveLearner(username=Username("ada"))]


def test_an_edit_before_a_run_whose_start_was_not_seen_is_no_change_while_it_ran(room: Helped) -> None:
    room.types(A).later(3).hears(room.events.finished(A, NAME_ERROR, duration=None))
    assert room.rungs == [1]


def test_a_run_that_goes_on_over_a_reconnection_is_watched_from_there(room: Helped) -> None:
    running = replace(code(A), running=True)
    room.hears(DocumentReloaded(**room.events.head(DISK), cause=ReloadCause.REJOINED, cells=(running, code(B))))
    room.types(A).types(B).later(3)
    room.hears(room.events.finished(A, NAME_ERROR))
    assert room.because == "the cell changed while it ran"
    assert room.hears(room.events.finished(B, NAME_ERROR)).rungs == [1]


def test_a_cause_that_was_asked_about_is_the_same_again_though_another_cell_ran_well(room: Helped) -> None:
    room.runs(A, NAME_ERROR).tutor_answers(None).runs(B).runs(A, NAME_ERROR)
    assert [ask.cause for ask in room.asks] == [HelpCause.ERROR_RAISED, HelpCause.SAME_ERROR_AGAIN]


def test_what_is_remembered_of_a_room_is_bounded(room: Helped) -> None:
    for number in range(CAUSES_KEPT + 50):
        cell = CellId(f"c{number}")
        room.types(cell).runs(cell, NAME_ERROR).tutor_answers(None).later(10)
    assert len(room.asks) == CAUSES_KEPT + 50
    assert len(room.policy._met._met) == CAUSES_KEPT
    assert len(room.policy._typing._last) == 0
    for number in range(CAUSES_KEPT):
        room.types(CellId(f"d{number}")).later(1.0)
    assert len(room.policy._typing._last) <= 2


def test_the_same_story_told_twice_ends_the_same() -> None:
    """The decisions depend on the events only, whatever happens: no clock, no chance, no crash."""

    def story(seed: int) -> list[object]:
        dice, room = random.Random(seed), Helped()
        people = (ADA, BOB, TUTOR, DISK, NOBODY_KNOWN, Author(kind=AuthorKind.LEARNER))
        for _ in range(300):
            cell, by = dice.choice((A, B)), dice.choice(people)
            match dice.randrange(6):
                case 0:
                    room.types(cell, by=by)
                case 1:
                    room.runs(cell, dice.choice((NAME_ERROR, TYPE_ERROR)), by=by)
                case 2:
                    room.runs(cell, by=by)
                case 3:
                    room.later(dice.uniform(0.0, 3.0))
                case 4 if room.asks:
                    room.sees_hint(f"s{len(room.decisions)}")
                case _ if room.asks:
                    room.tutor_answers()
                case _:
                    pass
        assert all(ask.learner.kind is AuthorKind.LEARNER and 1 <= ask.rung <= 3 for ask in room.asks)
        return [*room.asks, *room.decisions]

    for seed in range(30):
        assert story(seed) == story(seed)


@pytest.mark.proves("trigger:cut-off-help-is-decided-anew")
def test_help_that_was_cut_off_is_asked_for_again_at_the_same_rung(room: Helped) -> None:
    room.runs(A, NAME_ERROR).is_cut_off()
    assert [ask.cause_key for ask in room.asks] == [cause_key(ADA, A, NAME_ERROR)] * 2
    assert room.rungs == [1, 1]
    assert "connection" in room.because


def test_help_that_was_cut_off_waits_while_the_learner_types(room: Helped) -> None:
    room.runs(A, NAME_ERROR).later(5).types(B).is_cut_off()
    assert len(room.asks) == 1
    room.later(2)
    assert len(room.asks) == 2


def test_help_that_was_cut_off_is_not_asked_for_when_the_cell_changes_meanwhile(room: Helped) -> None:
    room.runs(A, NAME_ERROR).later(5).types(B).is_cut_off().types(A).later(10)
    assert len(room.asks) == 1
