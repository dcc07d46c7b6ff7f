"""What is told about the hints of a course."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.classroom.hints import RungOutcome, TaskHints, hints_report
from ltt_collab.model.courses import TaskKind
from ltt_collab.model.ids import CellId, RoomId, SuggestionId, TaskId, Username, ValidationId
from ltt_collab.model.suggestions import EndReason
from ltt_collab.model.validations import ValidationMode
from ltt_collab.ports.classroom import ValidationRecord
from ltt_collab.ports.store import SuggestionRecord
from tests.unit.api.school import verdict
from tests.unit.classroom.courses import BASICS, MEAN, WORDS, course, task

ADA, BOB = Username("ada"), Username("bob")
SHELL = TaskId("shell")
COURSE = course(task(MEAN), task(SHELL, kind=TaskKind.TERMINAL), task(WORDS))
ZERO = TaskHints(
    task=WORDS, title="The words", learners=0, rungs=(), tried_later=0, passed_later=0, passed_later_alone=0
)


async def hint(
    stores: Stores, learner: Username, cell: str, rung: int, at: float, *, solved: float | None = None
) -> None:
    await stores.suggestions.save(
        SuggestionRecord(
            suggestion=SuggestionId(f"{learner}-{cell}-{at}"),
            room=RoomId(f"r-{learner}"),
            about=CellId(cell),
            cause_key=f"{learner}/{cell}",
            rung=rung,
            at=at,
            learner=learner,
            ended=EndReason.ACTED_ON if solved is not None else EndReason.DISMISSED,
            ended_at=solved,
        )
    )


async def check(stores: Stores, learner: Username, of: TaskId, at: float, *, passed: bool) -> None:
    record = ValidationRecord(
        id=ValidationId(f"{learner}-{of}-{at}"),
        course=BASICS,
        task=of,
        learner=learner,
        mode=ValidationMode.LIVE,
        at=at,
        verdict=replace(verdict(task(of), passed=passed), task=of),
    )
    await stores.validations.create(record, key=str(at))


async def report(stores: Stores) -> dict[TaskId, TaskHints]:
    told = await hints_report(COURSE, stores.suggestions, stores.validations, stores.progress)
    assert [each.task for each in told] == [MEAN, SHELL, WORDS]
    return {each.task: each for each in told}


@pytest.mark.proves("report:hints")
async def test_a_hint_suffices_if_success_comes_before_the_next_rung() -> None:
    stores = memory_stores()
    await hint(stores, ADA, "mean-work", 1, 10.0, solved=40.0)
    await hint(stores, BOB, "mean-work", 2, 20.0, solved=120.0)
    await hint(stores, ADA, "her own cell", 3, 20.0, solved=30.0)
    for learner in (ADA, BOB):
        await check(stores, learner, MEAN, 5.0, passed=False)
    found = (await report(stores))[MEAN]
    assert (found.learners, found.tried_later) == (2, 0)
    assert found.rungs == (
        RungOutcome(rung=1, shown=2, sufficed=1, climbed=1, seconds=30.0),
        RungOutcome(rung=2, shown=1, sufficed=1, climbed=0, seconds=100.0),
    )


@pytest.mark.proves("report:hints")
async def test_a_hint_counts_before_anything_of_the_learners_was_checked() -> None:
    stores = memory_stores()
    await hint(stores, ADA, "mean-work", 1, 10.0)
    found = (await report(stores))[MEAN]
    assert (found.learners, found.rungs) == (1, (RungOutcome(rung=1, shown=1, sufficed=0, climbed=0, seconds=None),))


@pytest.mark.proves("report:hints")
async def test_a_passed_check_is_success_too_and_a_deleted_hint_is_none() -> None:
    stores = memory_stores()
    await hint(stores, ADA, "mean-work", 1, 10.0)
    await check(stores, ADA, MEAN, 5.0, passed=True)  # before the hint
    await check(stores, ADA, MEAN, 60.0, passed=True)
    await hint(stores, BOB, "mean-work", 1, 10.0)
    await check(stores, BOB, MEAN, 60.0, passed=False)
    (rung,) = (await report(stores))[MEAN].rungs
    assert rung == RungOutcome(rung=1, shown=2, sufficed=1, climbed=0, seconds=50.0)


@pytest.mark.proves("report:hints")
async def test_of_the_next_task_of_the_kind_it_is_told_who_passed_it_and_who_alone() -> None:
    stores = memory_stores()
    for learner in (ADA, BOB):
        await hint(stores, learner, "mean-work", 1, 10.0, solved=20.0)
        await check(stores, learner, MEAN, 20.0, passed=True)
        await check(stores, learner, SHELL, 30.0, passed=False)  # another kind
        await check(stores, learner, WORDS, 50.0, passed=True)
    await hint(stores, BOB, "words-work", 1, 40.0, solved=50.0)
    found = await report(stores)
    mean = found[MEAN]
    assert (mean.tried_later, mean.passed_later, mean.passed_later_alone) == (2, 2, 1)
    assert replace(found[WORDS], learners=0, rungs=()) == ZERO
    assert found[SHELL].rungs == ()
