"""What the classroom's stores keep, whatever is behind them."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from ltt_collab.adapters.store.stores import Stores
from ltt_collab.model.courses import Check, Compared, Course, Task, TaskKind
from ltt_collab.model.errors import StaleClaimError
from ltt_collab.model.ids import CourseId, RoomId, SubmissionId, SuggestionId, TaskId, Username, ValidationId
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import ValidationRecord
from ltt_collab.ports.learning import (
    WHOLE_TASK,
    CheckProgress,
    Claim,
    CourseRole,
    Enrolment,
    Feedback,
    FeedbackCount,
    Selected,
    SubmissionRecord,
)
from ltt_collab.ports.privacy import AuditEntry

ADA, BOB, EVE = Username("ada"), Username("bob"), Username("eve")
PY, SQL = CourseId("py"), CourseId("sql")
MEAN, SORT = TaskId("mean"), TaskId("sort")
ALL = Selected()


def course(version: str = "v1", *, id: CourseId = PY, title: str = "Python") -> Course:
    check = Check(name="é😀\x00", compared=Compared.EXPRESSION, subject="mean([1])", hidden=True, depends_on=("a",))
    mean = Task(
        id=MEAN, title="Mean", kind=TaskKind.PYTHON, checks=(check,), notebook="{}", data={"a.bin": b"\x00\xff"}
    )
    return Course(id=id, title=title, tasks=(mean, replace(mean, id=SORT)), version=version, description="…")


def verdict(*passed: bool, task: TaskId = MEAN, outcome: Outcome | None = None, skipped: bool = False) -> Verdict:
    """A verdict on checks ``c1``, ``c2`` …, a point each; ``skipped``: the last was not run."""
    checks = tuple(
        CheckResult(
            name=f"c{number}",
            passed=good,
            hidden=False,
            points=float(good),
            max_points=1.0,
            message="\x00",
            skipped=skipped and number == len(passed),
        )
        for number, good in enumerate(passed, start=1)
    )
    done = Outcome.PASSED if all(passed) else Outcome.FAILED
    return Verdict(
        task=task,
        mode=ValidationMode.LIVE,
        outcome=outcome or done,
        passed=all(passed),
        score=float(sum(passed)),
        max_score=float(len(passed)),
        first_cause=None,
        checks=checks,
        duration_ms=1.5,
    )


def asked(
    name: str = "v1", *, at: float = 1.0, learner: Username = ADA, verdict: Verdict | None = None
) -> ValidationRecord:
    return ValidationRecord(
        id=ValidationId(name),
        course=PY,
        task=MEAN,
        learner=learner,
        mode=ValidationMode.CLEAN,
        at=at,
        verdict=verdict,
        submission=SubmissionId("s1"),
    )


async def claimed(stores: Stores, worker: str = "w", *, now: float = 10.0) -> Claim:
    claim = await stores.validations.claim(worker, now=now, lease=5.0)
    assert claim is not None
    return claim


async def progress_of(stores: Stores, learner: Username = ADA) -> dict[str, CheckProgress]:
    return {each.check: each for each in await stores.progress.of_learner(PY, learner)}


@pytest.mark.proves("store:published-versions-stay")
async def test_a_published_version_stays_as_it_was(stores: Stores) -> None:
    assert await stores.courses.publish(course("v1"), 1.0)
    assert not await stores.courses.publish(course("v1"), 2.0)
    assert await stores.courses.publish(course("v2", title="Python 2"), 3.0)
    assert await stores.courses.publish(course("v1", id=SQL), 4.0)
    assert await stores.courses.published_at(PY) == 3.0
    assert await stores.courses.published_at(CourseId("none")) is None
    assert list(await stores.courses.latest()) == [course("v2", title="Python 2"), course("v1", id=SQL)]
    assert await stores.courses.version(PY, "v1") == course("v1")
    assert await stores.courses.version(PY, "v9") is None


async def test_a_withdrawn_course_is_not_published_until_it_is_published_again(stores: Stores) -> None:
    await stores.courses.publish(course(), 1.0)
    assert await stores.courses.withdraw(PY)
    assert not await stores.courses.withdraw(PY)
    assert list(await stores.courses.latest()) == []
    assert await stores.courses.version(PY, "v1") == course()
    assert await stores.courses.publish(course(), 2.0)
    assert list(await stores.courses.latest()) == [course()]


async def test_a_person_has_one_role_in_a_course(stores: Stores) -> None:
    learner = Enrolment(course=PY, username=BOB, role=CourseRole.LEARNER, at=1.0)
    assert await stores.enrolments.enrol(learner)
    assert not await stores.enrolments.enrol(replace(learner, role=CourseRole.INSTRUCTOR, at=2.0))
    ada = Enrolment(course=PY, username=ADA, role=CourseRole.LEARNER, at=3.0)
    elsewhere = replace(learner, course=SQL)
    await stores.enrolments.enrol(ada)
    await stores.enrolments.enrol(elsewhere)
    teaches = replace(learner, role=CourseRole.INSTRUCTOR)
    assert list(await stores.enrolments.of_course(PY)) == [ada, teaches]
    assert list(await stores.enrolments.of_person(BOB)) == [teaches, elsewhere]
    assert await stores.enrolments.leave(PY, BOB)
    assert not await stores.enrolments.leave(PY, BOB)
    assert list(await stores.enrolments.of_course(PY)) == [ada]


@pytest.mark.proves("store:progress-adds-up")
async def test_progress_adds_up_over_attempts(stores: Stores) -> None:
    await stores.progress.start(PY, MEAN, ADA, 1.0)
    await stores.progress.start(PY, MEAN, ADA, 2.0)
    for number, judged in enumerate([verdict(True, False), verdict(True, True), verdict(False, True)], start=3):
        await stores.validations.create(asked(f"v{number}", at=float(number), verdict=judged), key=f"k{number}")
    progress = await progress_of(stores)
    assert progress[WHOLE_TASK] == CheckProgress(
        course=PY, task=MEAN, learner=ADA, check=WHOLE_TASK, attempts=3, first_at=1.0, last_at=5.0, last_passed=False,
        last_outcome=Outcome.FAILED, last_score=1.0, best_score=2.0, max_score=2.0, passed_at=4.0,
    )  # fmt: skip
    assert (progress["c1"].attempts, progress["c1"].passed_at, progress["c1"].last_passed) == (3, 3.0, False)
    assert (progress["c2"].attempts, progress["c2"].passed_at, progress["c2"].last_passed) == (3, 4.0, True)


async def test_a_verdict_that_comes_late_does_not_undo_a_newer_one(stores: Stores) -> None:
    await stores.validations.create(asked("v2", at=9.0, verdict=verdict(True)), key="k2")
    await stores.validations.create(asked("v1", at=2.0, verdict=verdict(False)), key="k1")
    whole = (await progress_of(stores))[WHOLE_TASK]
    assert (whole.attempts, whole.first_at, whole.last_at, whole.last_passed) == (2, 2.0, 9.0, True)


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_KERNEL])
async def test_what_was_not_judged_is_no_attempt(stores: Stores, outcome: Outcome) -> None:
    await stores.validations.create(asked(verdict=verdict(False, outcome=outcome)), key="k")
    assert await progress_of(stores) == {}


async def test_a_skipped_check_is_no_attempt_at_it(stores: Stores) -> None:
    await stores.validations.create(asked(verdict=verdict(False, False, skipped=True)), key="k")
    assert set(await progress_of(stores)) == {WHOLE_TASK, "c1"}


async def test_progress_of_a_course_comes_learner_by_learner(stores: Stores) -> None:
    for name in ("Zoë", "ada", "bob", "eve"):
        await stores.progress.start(PY, MEAN, Username(name), 1.0)
        await stores.progress.start(PY, SORT, Username(name), 1.0)
    first = await stores.progress.of_course(PY, learners=2)
    assert [(each.learner, each.task) for each in first] == [
        ("Zoë", MEAN), ("Zoë", SORT), ("ada", MEAN), ("ada", SORT),
    ]  # fmt: skip
    rest = await stores.progress.of_course(PY, task=SORT, after=Username("ada"))
    assert [each.learner for each in rest] == ["bob", "eve"]
    assert list(await stores.progress.of_course(SQL)) == []


@pytest.mark.proves("store:validation-idempotent")
async def test_a_retry_with_the_same_key_is_the_same_validation(stores: Stores) -> None:
    assert await stores.validations.create(asked("v1"), key="k") == asked("v1")
    assert await stores.validations.create(asked("v2", at=5.0), key="k") == asked("v1")
    assert await stores.validations.create(asked("v3", learner=BOB), key="k") == asked("v3", learner=BOB)
    assert await stores.validations.get(ValidationId("v2")) is None


@pytest.mark.proves("store:validation-idempotent")
async def test_a_verdict_counts_once_however_often_it_is_sent(stores: Stores) -> None:
    done = asked(verdict=verdict(True))
    assert await stores.validations.create(done, key="k") == done
    assert await stores.validations.create(replace(done, id=ValidationId("v2")), key="k") == done
    assert (await progress_of(stores))[WHOLE_TASK].attempts == 1


async def test_the_oldest_validation_is_claimed_first_and_by_one_worker(stores: Stores) -> None:
    await stores.validations.create(asked("new", at=2.0), key="a")
    await stores.validations.create(asked("old", at=1.0), key="b")
    await stores.validations.create(asked("done", at=0.5, verdict=verdict(True)), key="c")
    first, second = await claimed(stores, "w1"), await claimed(stores, "w2")
    assert (first.record.id, first.worker, first.fence, first.until) == ("old", "w1", 1, 15.0)
    assert second.record.id == "new"
    assert await stores.validations.claim("w3", now=11.0, lease=5.0) is None


async def test_of_many_workers_at_once_each_validation_has_one(stores: Stores) -> None:
    for number in range(4):
        await stores.validations.create(asked(f"v{number}"), key=f"k{number}")
    taken: list[str] = []

    async def work(worker: str) -> None:
        claim = await stores.validations.claim(worker, now=1.0, lease=9.0)
        if claim is not None:
            taken.append(claim.record.id)

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(work, f"w{number}")
    assert sorted(taken) == ["v0", "v1", "v2", "v3"]


async def test_a_named_validation_can_be_claimed(stores: Stores) -> None:
    await stores.validations.create(asked("v1"), key="a")
    await stores.validations.create(asked("v2"), key="b")
    claim = await stores.validations.claim("w", now=1.0, lease=5.0, validation=ValidationId("v2"))
    assert claim is not None
    assert claim.record.id == "v2"
    assert await stores.validations.claim("w", now=1.0, lease=5.0, validation=ValidationId("v2")) is None


@pytest.mark.proves("store:stale-claim-refused")
async def test_the_result_of_a_worker_that_was_overtaken_is_refused(stores: Stores) -> None:
    await stores.validations.create(asked(), key="k")
    slow = await claimed(stores, "slow", now=10.0)
    fast = await claimed(stores, "fast", now=15.0)
    assert fast.fence == slow.fence + 1
    with pytest.raises(StaleClaimError):
        await stores.validations.finish(slow, verdict(False), 16.0)
    with pytest.raises(StaleClaimError):
        await stores.validations.renew(slow, 20.0)
    done = await stores.validations.finish(fast, verdict(True), 17.0)
    assert done == asked(verdict=verdict(True))
    assert await stores.validations.get(done.id) == done
    with pytest.raises(StaleClaimError):
        await stores.validations.finish(fast, verdict(False), 18.0)
    whole = (await progress_of(stores))[WHOLE_TASK]
    assert (whole.attempts, whole.last_at, whole.passed_at) == (1, 17.0, 17.0)


async def test_a_renewed_claim_is_not_given_to_another(stores: Stores) -> None:
    await stores.validations.create(asked(), key="k")
    claim = await stores.validations.renew(await claimed(stores), 99.0)
    assert await stores.validations.claim("other", now=50.0, lease=5.0) is None
    await stores.validations.finish(claim, verdict(True), 60.0)


async def test_validations_come_page_by_page_as_selected(stores: Stores) -> None:
    for number, learner in enumerate([ADA, BOB, ADA, ADA]):
        await stores.validations.create(asked(f"v{number}", at=5.0 - number // 2, learner=learner), key=f"k{number}")
    found = await stores.validations.select(ALL, limit=3)
    assert [each.id for each in found] == ["v2", "v3", "v0"]
    rest = await stores.validations.select(ALL, after=found[-1].id)
    assert [each.id for each in rest] == ["v1"]
    adas = await stores.validations.select(Selected(course=PY, task=MEAN, learner=ADA), mode=ValidationMode.CLEAN)
    assert [each.id for each in adas] == ["v2", "v3", "v0"]
    assert list(await stores.validations.select(ALL, mode=ValidationMode.LIVE)) == []
    assert list(await stores.validations.select(ALL, after=ValidationId("gone"))) == []


async def test_a_submission_is_kept_as_it_was_first_sent(stores: Stores) -> None:
    first = SubmissionRecord(
        id=SubmissionId("s1"), course=PY, task=MEAN, learner=ADA, at=2.0, notebook='{"é": "\x00"}', room=RoomId("r")
    )
    older = replace(first, id=SubmissionId("s2"), at=1.0, room=None)
    for each in (first, older, replace(first, notebook="changed")):
        await stores.submissions.save(each)
    assert await stores.submissions.get(first.id) == first
    assert await stores.submissions.get(SubmissionId("s9")) is None
    assert list(await stores.submissions.select(ALL)) == [older, first]
    assert list(await stores.submissions.select(Selected(learner=ADA), after=older.id)) == [first]
    assert list(await stores.submissions.select(Selected(task=SORT))) == []


async def test_a_learner_may_change_their_mind_about_a_hint(stores: Stores) -> None:
    answer = Feedback(suggestion=SuggestionId("s1"), learner=ADA, helpful=False, at=1.0, comment="no\x00")
    changed = replace(answer, helpful=True, at=2.0)
    other = replace(answer, learner=BOB, at=1.5)
    for each in (answer, changed, other):
        await stores.feedback.save(each)
    assert list(await stores.feedback.of_suggestion(SuggestionId("s1"))) == [other, changed]
    assert await stores.feedback.count(since=0.0, until=2.0) == FeedbackCount(helpful=0, unhelpful=1)
    assert await stores.feedback.count(since=0.0, until=9.0) == FeedbackCount(helpful=1, unhelpful=1)


async def test_the_audit_only_grows(stores: Stores) -> None:
    first = AuditEntry(id="a1", at=1.0, actor="eve", action="room.shadowed", subject="ada", detail="r1")
    second = replace(first, id="a2", actor="bob", at=2.0)
    for each in (second, first, replace(first, detail="rewritten")):
        await stores.audit.append(each)
    assert list(await stores.audit.select()) == [first, second]
    assert list(await stores.audit.select(subject="ada", after="a1")) == [second]
    assert list(await stores.audit.select(actor="eve")) == [first]
    assert list(await stores.audit.select(limit=1)) == [first]
    third, fourth = replace(first, id="a3", at=3.0), replace(first, id="a4", at=4.0)
    await stores.audit.append(third, replace(first, detail="rewritten"), fourth)
    await stores.audit.append()
    assert list(await stores.audit.select()) == [first, second, third, fourth]
