"""Tasks: when they are checked, and what a verdict leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltt_collab.model.cells import Cell
from ltt_collab.model.commands import CheckTask
from ltt_collab.model.courses import TaskMark, TaskRole
from ltt_collab.model.edits import HelpCause, PeerJoined, PeerLeft, TaskChecked
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.model.presence import User
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from tests.support.conversation import ADA, BOB, NAME_ERROR, TUTOR, A, B, Helped, code

MEAN = TaskMark(course=CourseId("c"), task=TaskId("mean"), role=TaskRole.WORK)
USER = User(username=Username("ada"), display_name="Ada")


def task(cell: Cell) -> Cell:
    return replace(cell, task=MEAN)


@pytest.fixture
def room() -> Helped:
    return Helped().opens(task(code(A, "pass")), code(B, "y = 2"))


def verdict(passed: int, *, of: int = 3, outcome: Outcome | None = None) -> Verdict:
    checks = tuple(
        CheckResult(name=f"check {n}", passed=n < passed, hidden=False, points=0, max_points=1, message="")
        for n in range(of)
    )
    return Verdict(
        task=TaskId("mean"),
        mode=ValidationMode.LIVE,
        outcome=outcome or (Outcome.PASSED if passed == of else Outcome.FAILED),
        passed=passed == of,
        score=0,
        max_score=0,
        first_cause=None,
        checks=checks,
        duration_ms=1,
    )


def checked(room: Helped, passed: int, **more: Outcome) -> Helped:
    return room.hears(
        TaskChecked(**room.events.head(ADA), course=CourseId("c"), verdict=verdict(passed, outcome=more.get("outcome")))
    )


def checks(room: Helped) -> list[CheckTask]:
    return [other for other in room.others if isinstance(other, CheckTask)]


@pytest.mark.proves("trigger:checks-at-boundaries")
def test_a_run_of_a_task_has_it_checked_a_moment_later_once_for_run_all(room: Helped) -> None:
    room.runs_it(A).runs_it(A)
    assert checks(room) == []
    room.hears(room.events.started(B)).later(5)
    assert checks(room) == []
    room.hears(room.events.finished(B)).later(2)
    assert [(check.cell_id, check.learner) for check in checks(room)] == [(A, ADA)]
    assert room.later(60).others == checks(room)


def test_a_run_that_failed_of_no_task_or_by_no_learner_has_nothing_checked(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).runs_it(B).runs_it(A, by=TUTOR).later(5)
    assert checks(room) == []


def test_fixing_a_failed_cell_has_the_task_checked_and_says_so(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).writes("x = 1").runs_it(A).later(2)
    assert [check.because for check in checks(room)] == ["the learner fixed a cell of the task"]


def test_nothing_is_checked_while_its_learner_types(room: Helped) -> None:
    room.runs_it(A)
    for _ in range(10):
        room.types(B).later(0.5)
    assert checks(room) == []
    assert len(checks(room.later(2))) == 1


def test_asking_for_a_check_takes_the_place_of_the_one_that_waits(room: Helped) -> None:
    room.runs_it(A).says("@tutor check", B).later(5)
    assert [check.cell_id for check in checks(room)] == [A]


@pytest.mark.proves("trigger:check-failed")
def test_the_same_check_that_fails_again_climbs_and_more_that_pass_are_left_alone(room: Helped) -> None:
    checked(room.writes("x = 1").runs_it(A), 0)
    assert [(ask.cause, ask.task) for ask in room.asks] == [(HelpCause.CHECK_FAILED, "mean")]
    checked(room.sees_hint("s1").writes("x = 2").later(2).runs_it(A), 0)
    assert room.rungs == [1, 2]
    checked(room.sees_hint("s2").writes("x = 3").later(2).runs_it(A), 2)
    assert room.because == "the learner gets on: more checks pass than before"
    checked(room.writes("x = 4").later(2).runs_it(A), 2)
    assert room.rungs == [1, 2, 1]


def test_who_has_not_begun_or_has_an_error_is_not_bothered_with_checks(room: Helped) -> None:
    assert checked(room, 0).because == "the learner has not begun with the task"
    checked(room.runs_it(A, NAME_ERROR).tutor_answers(), 0)
    assert room.because == "the cell raises an error, and that comes first"
    assert [ask.cause for ask in room.asks] == [HelpCause.ERROR_RAISED]


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_KERNEL, Outcome.KERNEL_DIED])
def test_a_verdict_that_says_nothing_about_the_work_leads_to_nothing(room: Helped, outcome: Outcome) -> None:
    checked(room.writes("x = 1"), 0, outcome=outcome)
    assert room.asks == []
    assert outcome in room.because


@pytest.mark.proves("trigger:all-passed")
def test_a_task_that_is_done_gets_one_word(room: Helped) -> None:
    checked(checked(room.writes("x = 1").runs_it(A).later(2), 3).tutor_answers(), 3)
    assert [ask.cause for ask in room.asks] == [HelpCause.ALL_PASSED]


@pytest.mark.proves("trigger:task-opened")
def test_who_opens_a_task_and_looks_at_it_gets_one_word(room: Helped) -> None:
    room.hears(PeerJoined(**room.events.head(ADA), user=USER)).later(20)
    assert [(ask.cause, ask.cell_id) for ask in room.asks] == [(HelpCause.TASK_OPENED, A)]
    room.tutor_answers().hears(PeerLeft(**room.events.head(ADA), user=USER))
    room.hears(PeerJoined(**room.events.head(ADA), user=USER)).later(20)
    assert len(room.asks) == 1


def test_who_begins_at_once_or_opens_no_task_gets_none(room: Helped) -> None:
    room.hears(PeerJoined(**room.events.head(ADA), user=USER)).writes("x = 1").later(20)
    other = Helped().opens(code(A, "x"))
    other.hears(PeerJoined(**other.events.head(BOB), user=USER)).later(20)
    assert (room.asks, other.asks) == ([], [])
