"""The wall's model: what an instructor sees follows from what learners do."""

from __future__ import annotations

import pytest

from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.edits import CellInserted, CellRemoved
from ltt_collab.model.ids import CellId, Username
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.suggestions import EndReason
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress
from ltt_collab.web.live.cards import Card, Need, TaskState, by_need, clusters, totals
from tests.support.wall_class import COURSE, MEAN, TASK, MadeUpClass, Pupil


def card_of(made: MadeUpClass, pupil: Pupil) -> Card:
    return made.wall.card(pupil.username, made.now)


@pytest.mark.proves("wall:live-card")
def test_an_edit_shows_task_cell_and_that_somebody_types() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    assert ada.types("work") == {"ada"}
    card = card_of(made, ada)
    assert (card.name, card.task, card.cell_number, card.typing, card.present) == ("Ada", MEAN, 2, True, True)
    assert ada.types("work") == frozenset(), "the next letter changes nothing that the card shows"
    made.passes(10)
    assert not card_of(made, ada).typing


def test_a_cell_without_a_mark_belongs_to_the_task_above_it() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    ada.types("below")
    assert (card_of(made, ada).task, card_of(made, ada).cell_number) == (MEAN, 3)


def test_what_the_tutor_writes_does_not_move_the_learner() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    ada.types("work")
    note = Cell(id=CellId("note"), type=CellType.MARKDOWN, source="hint")
    ada.tell(CellInserted(**ada.head(AuthorKind.AI), cell=note, index=1))
    assert card_of(made, ada).cell_number == 3, "the cell is the same, one further down"
    assert not made.wall.card(ada.username, made.now + 60).typing


def test_an_error_stands_until_its_cell_runs_well_and_counts_its_repeats() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    ada.runs("KeyError: 'price'")
    made.passes(20)
    ada.runs("KeyError: 'price'", source="h2")
    error = card_of(made, ada).error
    assert error is not None
    assert (error.line, error.repeats, made.now - error.since) == ("KeyError: 'price'", 2, 20)
    assert card_of(made, ada).need is Need.ERROR
    ada.runs(cell="below", source="h3")
    assert card_of(made, ada).error is not None, "another cell says nothing about it"
    ada.runs(source="h4")
    assert (card_of(made, ada).error, card_of(made, ada).need) == (None, Need.WELL)


def test_an_error_goes_with_its_cell() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    ada.runs("NameError: x")
    ada.tell(CellRemoved(**ada.head(), cell_id=CellId("work"), index=1))
    assert card_of(made, ada).error is None


def test_somebody_is_stuck_after_the_third_same_error_or_after_minutes_with_one() -> None:
    made = MadeUpClass()
    ada, ben = made.pupil("ada"), made.pupil("ben")
    for _ in range(3):
        ada.runs("NameError: x")
    ben.runs("NameError: y")
    assert (card_of(made, ada).need, card_of(made, ben).need) == (Need.STUCK, Need.ERROR)
    made.passes(400)
    assert card_of(made, ben).need is Need.STUCK


def test_running_the_same_source_again_is_no_progress() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    ada.runs(source="h1")
    first = card_of(made, ada).progress_at
    made.passes(300)
    ada.runs(source="h1")
    assert card_of(made, ada).progress_at == first
    ada.runs(source="h2")
    assert card_of(made, ada).progress_at == made.now


def test_a_call_for_help_stands_until_it_is_answered() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    ada.asks("what is a key?")
    asked = card_of(made, ada).asked
    assert asked is not None
    assert (asked.question, card_of(made, ada).need) == ("what is a key?", Need.ASKS)
    ada.is_shown("s0", cause="something else")
    assert card_of(made, ada).need is Need.ASKS
    ada.is_shown("s1", cause="key-ada")
    assert card_of(made, ada).asked is None


def test_hints_are_counted_with_what_became_of_them() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    for number, reason in enumerate((EndReason.ACTED_ON, EndReason.DISMISSED, EndReason.STALE)):
        ada.is_shown(f"s{number}")
        ada.ends(reason, f"s{number}")
    ada.is_shown("s9")
    hints = card_of(made, ada).hints
    assert (hints.shown, hints.helped, hints.dismissed, hints.standing) == (4, 1, 1, 1)


def test_a_verdict_shows_each_check_and_a_new_pass_is_progress() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    ada.types()
    made.passes(200)
    ada.is_checked(empty=True, long=False)
    card = card_of(made, ada)
    assert card.checks == {"empty": TaskState.PASSED, "long": TaskState.FAILING}
    assert (card.tasks[MEAN], card.progress_at) == (TaskState.FAILING, made.now)
    made.passes(200)
    ada.is_checked(empty=True, long=False)
    assert card_of(made, ada).progress_at == made.now - 200


def test_progress_of_the_records_is_shown_for_somebody_who_is_not_here() -> None:
    made = MadeUpClass()
    rows = [
        CheckProgress(
            course=COURSE,
            task=TASK,
            learner=Username("zoe"),
            check=check,
            attempts=2,
            first_at=1.0,
            last_at=2.0,
            last_passed=True,
            passed_at=2.0,
        )
        for check in (WHOLE_TASK, "empty")
    ]
    assert made.wall.load(rows) == {"zoe"}
    assert made.wall.load(rows) == frozenset(), "nothing new"
    card = made.wall.card(Username("zoe"), made.now)
    assert (card.need, card.tasks[MEAN]) == (Need.AWAY, TaskState.PASSED)


def test_somebody_is_called_by_their_own_name_once_seen_and_asking_for_it_puts_nobody_on_the_wall() -> None:
    made = MadeUpClass()
    assert made.wall.name_of(Username("zoe")) == "zoe"
    assert made.wall.learners() == []
    made.pupil("ada")
    assert made.wall.name_of(Username("ada")) == "Ada"


def test_whoever_closes_the_tab_is_away() -> None:
    made = MadeUpClass()
    ada = made.pupil("ada")
    assert ada.goes() == {"ada"}
    assert card_of(made, ada).need is Need.AWAY
    made.wall.leave(ada.room)
    assert card_of(made, ada).room is None


@pytest.mark.proves("wall:sorted-by-need")
def test_whoever_needs_a_person_most_stands_first() -> None:
    made = MadeUpClass()
    well, error, stuck, asks, gone = (made.pupil(name) for name in ("well", "error", "stuck", "asks", "gone"))
    for pupil in (well, error, stuck, asks, gone):
        pupil.types()
    error.runs("NameError: x")
    for _ in range(3):
        stuck.runs("NameError: y")
    asks.asks()
    gone.goes()
    cards = by_need(card_of(made, pupil) for pupil in (gone, well, error, stuck, asks))
    assert [card.learner for card in cards] == ["asks", "stuck", "error", "well", "gone"]


@pytest.mark.proves("wall:same-error-clusters")
def test_learners_with_the_same_error_are_one_cluster() -> None:
    made = MadeUpClass()
    pupils = [made.pupil(f"p{number}") for number in range(10)]
    for pupil in pupils[:9]:
        pupil.runs("KeyError: 'price'")
    pupils[9].runs("NameError: x")
    cards = [card_of(made, pupil) for pupil in pupils]
    found = clusters(cards)
    assert [(cluster.error, len(cluster.learners)) for cluster in found] == [("KeyError: 'price'", 9)]
    summed = totals(cards)
    assert (summed.learners, summed.present, summed.stuck) == (10, 10, 0)
