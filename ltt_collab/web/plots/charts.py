"""A course's numbers as charts: what is drawn where, and what each says to those who do not see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ltt_collab.classroom.hints import TaskHints
from ltt_collab.model.courses import Course
from ltt_collab.model.ids import Username
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress
from ltt_collab.web.live.cards import TaskState
from ltt_collab.web.live.pupils import state_of
from ltt_collab.web.plots.axes import Scale, Tick, count_ticks, time_ticks

LEFT, RIGHT, TOP, BOTTOM, WIDTH = 46.0, 706.0, 14.0, 214.0, 720.0
"""Of the area between the axes, in the units of the drawing."""

ROW = 26.0
"""Height of a task's bar with its gap."""

LINES = 6
"""Styles that tell lines apart: colours and dashes. Later tasks begin again with the first."""

LEARNERS = 300
"""Rows of the matrix."""

CELL = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One task's line: ``points`` as SVG has them, ``style`` from 0, ``last`` its last number."""

    name: str
    points: str
    style: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressChart:
    """How many learners had passed each task, over time."""

    lines: Sequence[Line]
    times: Sequence[Tick]
    numbers: Sequence[Tick]


def progress_chart(course: Course, rows: Iterable[CheckProgress]) -> ProgressChart | None:
    """The chart; None before anybody has passed anything."""
    passed: dict[str, list[float]] = {}
    for row in rows:
        if row.check == WHOLE_TASK and row.passed_at is not None:
            passed.setdefault(row.task, []).append(row.passed_at)
    moments = [at for each in passed.values() for at in each]
    if not moments:
        return None
    first, last = min(moments), max(moments)
    across = Scale(low=first - 60, high=last + 60, begin=LEFT, end=RIGHT)
    up = Scale(low=0, high=max(len(each) for each in passed.values()), begin=BOTTOM, end=TOP)
    tasks = [task for task in course.tasks if task.id in passed]
    lines = [
        Line(
            name=task.title or task.id,
            points=_steps(sorted(passed[task.id]), across, up),
            style=number % LINES,
            last=len(passed[task.id]),
        )
        for number, task in enumerate(tasks)
    ]
    return ProgressChart(lines=lines, times=time_ticks(across), numbers=count_ticks(up))


def _steps(moments: Sequence[float], across: Scale, up: Scale) -> str:
    points = [(across.at(across.low), up.at(0))]
    for count, at in enumerate(moments):
        points += [(across.at(at), up.at(count)), (across.at(at), up.at(count + 1))]
    points.append((across.at(across.high), up.at(len(moments))))
    return " ".join(f"{x:g},{y:g}" for x, y in points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A task's hints: each part from ``x`` on so ``wide``."""

    name: str
    y: float
    parts: Sequence[tuple[str, int, float, float]]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HintsChart:
    """The hints of each task by what became of them."""

    bars: Sequence[Bar]
    numbers: Sequence[Tick]
    bottom: float


def hints_chart(report: Sequence[TaskHints]) -> HintsChart | None:
    """The chart; None before any hint was shown."""
    totals = [sum(rung.shown for rung in task.rungs) for task in report]
    if not any(totals):
        return None
    across = Scale(low=0, high=max(totals), begin=180.0, end=RIGHT)
    shown = [(task, total) for task, total in zip(report, totals, strict=True) if total]
    bars = []
    for number, (task, total) in enumerate(shown):
        sufficed = sum(rung.sufficed for rung in task.rungs)
        climbed = sum(rung.climbed for rung in task.rungs)
        parts, x = [], 0
        for kind, count in (
            ("sufficed", sufficed),
            ("climbed", climbed),
            ("other", max(0, total - sufficed - climbed)),
        ):
            parts.append((kind, count, across.at(x), round(across.at(x + count) - across.at(x), 1)))
            x += count
        bars.append(Bar(name=task.title or task.task, y=TOP + number * ROW, parts=parts, total=total))
    return HintsChart(bars=bars, numbers=count_ticks(across), bottom=TOP + len(bars) * ROW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One learner's checks, in the order of the columns; ``name``: what they are called."""

    learner: Username
    name: str
    states: Sequence[TaskState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One check; ``first``: whether its task begins with it."""

    task: str
    check: str
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Learners by checks. ``left_out``: learners beyond ``LEARNERS``."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    left_out: int


def check_matrix(course: Course, rows: Iterable[CheckProgress], name_of: Callable[[Username], str]) -> Matrix | None:
    """The matrix, its rows by name; None before anything was checked."""
    found: dict[Username, dict[tuple[str, str], TaskState]] = {}
    for row in rows:
        if row.learner:
            found.setdefault(row.learner, {})[row.task, row.check] = state_of(row)
    if not found:
        return None
    keys = [(task.id, check.name) for task in course.tasks for check in task.checks]
    columns = [
        Column(task=task.title or task.id, check=check.name, first=not index)
        for task in course.tasks
        for index, check in enumerate(task.checks)
    ]
    learners = sorted((name_of(learner).casefold(), learner) for learner in found)
    made = [
        Row(
            learner=learner,
            name=name_of(learner),
            states=[found[learner].get(key, TaskState.NONE) for key in keys],
        )
        for _, learner in learners[:LEARNERS]
    ]
    return Matrix(columns=columns, rows=made, left_out=max(0, len(learners) - LEARNERS))
