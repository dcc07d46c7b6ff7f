"""Plots say what the records say, in numbers as in drawing."""

from __future__ import annotations

import pytest

from ltt_collab.classroom.hints import RungOutcome, TaskHints
from ltt_collab.model.courses import Check, Compared, Course, Task, TaskKind
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress
from ltt_collab.web.live.cards import TaskState
from ltt_collab.web.plots.axes import Scale, count_ticks, time_ticks
from ltt_collab.web.plots.charts import check_matrix, hints_chart, progress_chart

MEAN, SUM = TaskId("mean"), TaskId("sum")
NOON = 1_700_000_000.0 - 1_700_000_000.0 % 86_400 + 43_200


def task(name: TaskId) -> Task:
    checks = tuple(Check(name=each, compared=Compared.EXPRESSION) for each in ("value", "type"))
    return Task(id=name, title=name.title(), kind=TaskKind.PYTHON, checks=checks, notebook="")


COURSE = Course(id=CourseId("basics"), title="Basics", version="1", tasks=(task(MEAN), task(SUM)))


def row(learner: str, at: TaskId, check: str = WHOLE_TASK, *, passed_at: float | None = None) -> CheckProgress:
    return CheckProgress(
        course=COURSE.id,
        task=at,
        learner=Username(learner),
        check=check,
        attempts=1,
        first_at=NOON,
        last_at=NOON,
        last_passed=passed_at is not None,
        passed_at=passed_at,
    )


@pytest.mark.proves("pages:plots")
def test_a_line_climbs_by_one_for_each_learner_who_passes() -> None:
    rows = [row("ada", MEAN, passed_at=NOON), row("bob", MEAN, passed_at=NOON + 600), row("bob", SUM)]
    chart = progress_chart(COURSE, rows)
    assert chart is not None
    assert [(line.name, line.last) for line in chart.lines] == [("Mean", 2)]
    heights = [float(point.split(",")[1]) for point in chart.lines[0].points.split()]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] - heights[-1] == chart.numbers[0].at - chart.numbers[-1].at
    assert chart.times[0].label == "12:00"
    assert [tick.label for tick in chart.numbers] == ["0", "1", "2"]
    assert progress_chart(COURSE, rows[2:]) is None


@pytest.mark.proves("pages:plots")
def test_a_task_s_bar_is_as_long_as_its_hints_are_many() -> None:
    rungs = (
        RungOutcome(rung=1, shown=6, sufficed=3, climbed=2, seconds=None),
        RungOutcome(rung=2, shown=2, sufficed=1, climbed=0, seconds=None),
    )
    none = {"tried_later": 0, "passed_later": 0, "passed_later_alone": 0}
    chart = hints_chart(
        [
            TaskHints(task=MEAN, title="Mean", learners=3, rungs=rungs, **none),
            TaskHints(task=SUM, title="Sum", learners=0, rungs=(), **none),
        ]
    )
    assert chart is not None
    (bar,) = chart.bars
    assert [(kind, count) for kind, count, _, _ in bar.parts] == [("sufficed", 4), ("climbed", 2), ("other", 2)]
    ends = [x + wide for _, _, x, wide in bar.parts]
    assert [x for _, _, x, _ in bar.parts][1:] == ends[:-1]
    assert bar.parts[0][3] == 2 * bar.parts[1][3]
    assert hints_chart([]) is None


@pytest.mark.proves("pages:plots")
def test_the_matrix_has_a_row_a_learner_and_a_column_a_check() -> None:
    rows = [row("bob", MEAN, "type"), row("7f3a", SUM, "value", passed_at=NOON)]
    matrix = check_matrix(COURSE, rows, {"bob": "Bob", "7f3a": "Ada"}.__getitem__)
    assert matrix is not None
    assert [each.name for each in matrix.rows] == ["Ada", "Bob"]
    assert [(column.task, column.check, column.first) for column in matrix.columns][:3] == [
        ("Mean", "value", True),
        ("Mean", "type", False),
        ("Sum", "value", True),
    ]
    states = {each.learner: list(each.states) for each in matrix.rows}
    none, failing, passed = TaskState.NONE, TaskState.FAILING, TaskState.PASSED
    assert states == {"7f3a": [none, none, passed, none], "bob": [none, failing, none, none]}


def test_ticks_are_round_and_few() -> None:
    assert [tick.label for tick in count_ticks(Scale(low=0, high=300, begin=0, end=1))] == ["0", "100", "200", "300"]
    days = time_ticks(Scale(low=NOON, high=NOON + 20 * 86_400, begin=0, end=1))
    assert 1 < len(days) <= 6
