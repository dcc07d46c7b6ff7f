"""What became of the hints of a course, task by task: whether one sufficed, how soon, and what came of it later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from statistics import median

from ltt_collab.model.courses import Course, Task
from ltt_collab.model.ids import CellId, TaskId, Username
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.suggestions import EndReason
from ltt_collab.ports.classroom import ValidationRecord
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress, ProgressStore, Selected, ValidationStore
from ltt_collab.ports.store import SuggestionRecord, SuggestionStore

PAGE = 500
"""Learners, or records, read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RungOutcome:
    """What became of the hints of one rung about one task.

    ``sufficed``: the learner succeeded without the next rung. ``climbed``: they got the next rung. The others were
    deleted, became void, or nothing has come of them yet. ``seconds``: the median from the hint to the success.
    """

    rung: int
    shown: int
    sufficed: int
    climbed: int
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHints:
    """The hints about one task. ``learners``: who got one.

    ``tried_later``: of them, who went on to a later task of the same kind; ``passed_later``: who passed the next such;
    ``passed_later_alone``: who did so without any hint about it.
    """

    task: TaskId
    title: str
    learners: int
    rungs: tuple[RungOutcome, ...]
    tried_later: int
    passed_later: int
    passed_later_alone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One learner in one course: the hints about its tasks, the verdicts, and how far they are with each task."""

    hints: Sequence[tuple[TaskId, SuggestionRecord]]
    verdicts: Sequence[ValidationRecord]
    tasks: Mapping[TaskId, CheckProgress]


@dataclass(slots=True)
class _Tally:
    shown: int = 0
    sufficed: int = 0
    climbed: int = 0
    seconds: list[float] = field(default_factory=list)


async def hints_report(
    course: Course, suggestions: SuggestionStore, validations: ValidationStore, progress: ProgressStore
) -> Sequence[TaskHints]:
    """The report of a course, tasks in its order; a task without hints has no rungs.

    A hint belongs to the task in whose released notebook its cell is; one about a cell that a learner added does not
    count.

    Raises:
        StoreUnavailableError
    """
    cells = _cells(course)
    works = []
    async for learner, records in _helped(cells, suggestions):
        hints = [(cells[each.about], each) for each in records]
        verdicts = [each async for each in _verdicts(course, learner, validations)]
        rows = await progress.of_learner(course.id, learner)
        tasks = {each.task: each for each in rows if each.check == WHOLE_TASK}
        works.append(Work(hints=hints, verdicts=verdicts, tasks=tasks))
    return told(course, works)


def told(course: Course, works: Iterable[Work]) -> Sequence[TaskHints]:
    """The report from what each learner who got a hint did."""
    works = list(works)
    return [_of_task(course, task, [work for work in works if task.id in _tasks(work)]) for task in course.tasks]


def _of_task(course: Course, task: Task, works: Sequence[Work]) -> TaskHints:
    tallies: dict[int, _Tally] = {}
    for work in works:
        for record in (each for of, each in work.hints if of == task.id):
            _count(tallies, record, _success(record, task.id, work))
    later = [each for work in works if (each := _later(course, task, work)) is not None]
    return TaskHints(
        task=task.id,
        title=task.title,
        learners=len(works),
        rungs=tuple(_rung(rung, tally) for rung, tally in sorted(tallies.items())),
        tried_later=len(later),
        passed_later=sum(passed for passed, _ in later),
        passed_later_alone=sum(passed and alone for passed, alone in later),
    )


def _count(tallies: dict[int, _Tally], record: SuggestionRecord, success: float | None) -> None:
    """Further rungs are added to the same suggestion: all below its last were not enough."""
    for rung in range(1, record.rung + 1):
        tally = tallies.setdefault(rung, _Tally())
        tally.shown += 1
        tally.climbed += rung < record.rung
    if success is not None:
        tallies[record.rung].sufficed += 1
        tallies[record.rung].seconds.append(success - record.at)


def _success(record: SuggestionRecord, task: TaskId, work: Work) -> float | None:
    """When the learner got it right after the hint: the cell ran well, or the task passed, whichever came first."""
    times = [
        each.at
        for each in work.verdicts
        if each.task == task and each.at >= record.at and each.verdict is not None and each.verdict.passed
    ]
    if record.ended is EndReason.ACTED_ON and record.ended_at is not None:
        times.append(record.ended_at)
    return min(times, default=None)


def _later(course: Course, task: Task, work: Work) -> tuple[bool, bool] | None:
    """Whether the next task of this kind that the learner tried was passed, and without a hint; None: none tried."""
    last = max(each.at for of, each in work.hints if of == task.id)
    after = course.tasks[course.tasks.index(task) + 1 :]
    for each in (other for other in after if other.kind is task.kind):
        progress = work.tasks.get(each.id)
        if progress is not None and progress.attempts and progress.last_at > last:
            return progress.passed_at is not None, each.id not in _tasks(work)
    return None


def _rung(rung: int, tally: _Tally) -> RungOutcome:
    seconds = round(median(tally.seconds), 1) if tally.seconds else None
    return RungOutcome(
        rung=rung, shown=tally.shown, sufficed=tally.sufficed, climbed=tally.climbed, seconds=seconds
    )  # fmt: skip


def _tasks(work: Work) -> frozenset[TaskId]:
    return frozenset(task for task, _ in work.hints)


def _cells(course: Course) -> Mapping[CellId, TaskId]:
    return {cell.id: task.id for task in course.tasks for cell in read_notebook(task.notebook, task.id).cells}


async def _helped(
    cells: Mapping[CellId, TaskId], suggestions: SuggestionStore
) -> AsyncIterator[tuple[Username, Sequence[SuggestionRecord]]]:
    """Everybody who got a hint about one of the cells, with these hints, oldest first.

    Hints are asked for, not progress: who got a hint may not have had anything checked yet.
    """
    after: Username | None = None
    while page := await suggestions.about(cells, after=after, learners=PAGE):
        for learner, records in groupby(page, key=lambda each: each.learner):
            yield Username(learner), list(records)
        after = Username(page[-1].learner)


async def _verdicts(course: Course, learner: Username, validations: ValidationStore) -> AsyncIterator[ValidationRecord]:
    selected, after = Selected(course=course.id, learner=learner), None
    while page := await validations.select(selected, after=after, limit=PAGE):
        for each in page:
            yield each
        after = page[-1].id
