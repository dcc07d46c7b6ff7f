"""Validations are never lost: who ends gives them back, who dies loses them after a while."""

from __future__ import annotations

import anyio
import pytest

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.memory_classroom import MemoryProgress, MemorySubmissions, MemoryValidations
from ltt_collab.classroom import examiner
from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.classroom.examiner import LEASE, Examiner
from ltt_collab.classroom.verdicts import unjudged
from ltt_collab.model.courses import Task
from ltt_collab.model.errors import DeliveryError
from ltt_collab.model.ids import SubmissionId, Username, ValidationId
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import ValidationRecord
from ltt_collab.ports.learning import SubmissionRecord
from tests.support.deadlines import eventually
from tests.unit.classroom.courses import BASICS, MEAN, course

ADA = Username("ada")


class Judge:
    """Takes as long as it is told to."""

    def __init__(self, *, error: DeliveryError | None = None) -> None:
        self.begun, self.error = 0, error
        self.may_end = anyio.Event()

    async def check_clean(self, task: Task, handed: SubmissionRecord) -> Verdict:
        self.begun += 1
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return unjudged(task, ValidationMode.CLEAN, Outcome.FAILED, "", 0.0)


class Scene:
    """Stores with one validation that waits."""

    def __init__(self) -> None:
        self.validations = MemoryValidations(MemoryProgress())
        self.submissions = MemorySubmissions()
        self.clock = SystemClock()

    def examiner(self, judge: Judge) -> Examiner:
        return Examiner(Catalogue([course()]), judge, self.validations, self.submissions, self.clock)

    async def hand_in(self, name: str) -> None:
        at = self.clock.now()
        submission = SubmissionRecord(
            id=SubmissionId(name), course=BASICS, task=MEAN, learner=ADA, at=at, notebook="{}"
        )  # fmt: skip
        await self.submissions.save(submission)
        record = ValidationRecord(
            id=ValidationId(name), course=BASICS, task=MEAN, learner=ADA, mode=ValidationMode.CLEAN, at=at
        )
        await self.validations.create(record, key=name)

    async def outcome(self, name: str) -> Outcome | None:
        record = await self.validations.get(ValidationId(name))
        return record.verdict.outcome if record is not None and record.verdict is not None else None


@pytest.mark.proves("submission:survives-a-restart")
async def test_who_ends_in_the_midst_gives_the_validation_back_at_once() -> None:
    scene, first, second = Scene(), Judge(), Judge()
    await scene.hand_in("v-1")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.examiner(first).run)
        await eventually(lambda: first.begun)
        tasks.cancel_scope.cancel()
    second.may_end.set()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.examiner(second).run)
        await eventually(lambda: scene.outcome("v-1"), within=LEASE / 4)
        tasks.cancel_scope.cancel()
    assert await scene.outcome("v-1") is Outcome.FAILED


async def test_a_claim_is_held_for_as_long_as_the_judge_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examiner, "RENEW_EVERY", 0.01)
    monkeypatch.setattr(examiner, "LEASE", 0.2)
    scene, judge = Scene(), Judge()
    await scene.hand_in("v-1")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.examiner(judge).run)
        await eventually(lambda: judge.begun)
        began = scene.clock.now()
        await eventually(lambda: scene.clock.now() > began + 0.5)
        assert await scene.validations.claim("another", now=scene.clock.now(), lease=1.0) is None
        judge.may_end.set()
        await eventually(lambda: scene.outcome("v-1"))
        tasks.cancel_scope.cancel()
    assert judge.begun == 1


async def test_one_that_takes_long_holds_up_no_other_and_a_fault_of_ours_is_a_verdict() -> None:
    scene, judge = Scene(), Judge(error=DeliveryError("a", "gone"))
    await scene.hand_in("v-1")
    await scene.hand_in("v-2")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.examiner(judge).run)
        await eventually(lambda: judge.begun == 2)
        judge.may_end.set()
        await eventually(lambda: scene.outcome("v-2"))
        await eventually(lambda: scene.outcome("v-1"))
        tasks.cancel_scope.cancel()
    assert await scene.outcome("v-1") is Outcome.ERROR
