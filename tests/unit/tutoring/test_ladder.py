"""How far help may go."""

from __future__ import annotations

import pytest

from ltt_collab.model.causes import cause_key, check_key
from ltt_collab.model.edits import HelpCause, HelpRequested
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import Author
from ltt_collab.tutoring.ladder import CAUSES_KEPT, Ladder
from tests.support.conversation import ADA, BOB, DISK, NAME_ERROR, NOBODY_KNOWN, TUTOR, A, B, Events

KEY = cause_key(ADA, A, NAME_ERROR)


class Climbing:
    """A ladder on which Ada saw rung 1 about cell A."""

    def __init__(self) -> None:
        self.ladder, self.events = Ladder(), Events()
        self.requested(A, KEY)
        self.ladder.handle(self.events.shown(about=A, cause=KEY))

    def requested(self, cell: CellId, key: str) -> None:
        self.ladder.handle(
            HelpRequested(
                **self.events.head(ADA), cell_id=cell, cause=HelpCause.ERROR_RAISED, cause_key=key, rung=1,
                error=NAME_ERROR, expected_hash="0",
            )
        )  # fmt: skip


@pytest.fixture
def climbing() -> Climbing:
    return Climbing()


@pytest.mark.parametrize(("author", "rung"), [(ADA, 2), (NOBODY_KNOWN, 2), (BOB, None), (TUTOR, None), (DISK, None)])
def test_only_the_learners_own_act_climbs(climbing: Climbing, author: Author, rung: int | None) -> None:
    climbing.ladder.handle(climbing.events.edited(A, by=author))
    assert climbing.ladder.next_rung(KEY) == rung


@pytest.mark.parametrize(("author", "rung"), [(ADA, 2), (BOB, None), (TUTOR, None)])
def test_a_run_is_an_act_like_an_edit(climbing: Climbing, author: Author, rung: int | None) -> None:
    climbing.ladder.handle(climbing.events.started(A, by=author))
    assert climbing.ladder.next_rung(KEY) == rung


def test_an_act_in_another_cell_does_not_climb(climbing: Climbing) -> None:
    climbing.ladder.handle(climbing.events.edited(B))
    assert climbing.ladder.next_rung(KEY) is None


def test_a_lower_rung_shown_again_does_not_lower_what_was_reached(climbing: Climbing) -> None:
    climbing.ladder.handle(climbing.events.shown(about=A, rung=2, cause=KEY))
    climbing.ladder.handle(climbing.events.shown(about=A, rung=1, cause=KEY))
    assert climbing.ladder.shown(KEY) == 2


def test_a_hint_without_a_cause_counts_for_what_the_cell_was_helped_with_last(climbing: Climbing) -> None:
    climbing.ladder.handle(climbing.events.edited(A))
    climbing.ladder.handle(climbing.events.shown(about=A, rung=2))
    assert climbing.ladder.shown(KEY) == 2


def test_a_cause_of_another_cell_opens_no_ladder_here(climbing: Climbing) -> None:
    other = cause_key(ADA, B, NAME_ERROR)
    climbing.requested(B, other)
    assert climbing.ladder.resolve(A, other) == KEY
    assert climbing.ladder.resolve(CellId("c"), other) == "cell c"


def test_the_causes_remembered_are_bounded_and_the_newest_stay(climbing: Climbing) -> None:
    for number in range(CAUSES_KEPT):
        climbing.requested(CellId(f"c{number}"), f"k{number}")
    assert climbing.ladder.shown(KEY) == 0
    assert climbing.ladder.resolve(A, KEY) == "cell a"
    assert climbing.ladder.resolve(CellId("c499"), "") == "k499"


@pytest.mark.parametrize(("author", "rung"), [(BOB, 2), (TUTOR, None), (DISK, None)])
def test_for_a_hint_that_nobody_asked_for_any_humans_act_counts_but_never_ours(
    author: Author, rung: int | None
) -> None:
    ladder, events = Ladder(), Events()
    ladder.handle(events.shown(about=B))
    ladder.handle(events.edited(B, by=author))
    assert ladder.next_rung(ladder.resolve(B, "")) == rung


@pytest.mark.proves("trigger:check-failed")
def test_a_check_that_fails_climbs_over_good_runs_until_it_passes() -> None:
    ladder, events = Ladder(), Events()
    key = check_key(ADA, A, "mean/rounds")
    ladder.handle(events.shown(about=A, cause=key))
    ladder.handle(events.started(A))
    ladder.handle(events.finished(A))
    assert ladder.next_rung(key) == 2
    ladder.handle(events.checked("rounds", passed=False))
    assert ladder.next_rung(key) == 2
    ladder.handle(events.checked("rounds", passed=True))
    assert ladder.next_rung(key) == 1
