"""What a step of a recorded stream stands for: its author, its cell, its error, its verdict."""

from __future__ import annotations

from ltt_collab.bench.streams.reading import Step
from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.courses import TaskMark, TaskRole
from ltt_collab.model.edits import RunError
from ltt_collab.model.ids import CellId, ClientId, CourseId, TaskId, Username
from ltt_collab.model.presence import SERVER, Author, AuthorKind
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict


def author_named(who: str) -> Author:
    """A learner of that name, or the server for ``disk``."""
    if who == "disk":
        return SERVER
    return Author(kind=AuthorKind.LEARNER, username=Username(who), client=ClientId(sum(who.encode())))


def made_cell(name: str, kind: str, task: str, source: str) -> Cell:
    """A cell, with the mark of its task if it has one."""
    mark = TaskMark(course=CourseId("c"), task=TaskId(task), role=TaskRole.WORK) if task else None
    return Cell(id=CellId(name), type=CellType(kind), source=source, task=mark)


def error_in(step: Step) -> RunError:
    """The error that the step's run raised."""
    name, line = step.rest[2], step.rest[3]
    value = step.text.split(maxsplit=4)[4] if len(step.rest) > 4 else ""
    return RunError(name=name, value=value, traceback=(f"Cell In[1], line {line}",))


def verdict_in(step: Step) -> Verdict:
    """The verdict that the step's check gave."""
    passed, _, every = step.rest[1].partition("/")
    first = " ".join(step.rest[2:]) or "check"
    checks = tuple(
        CheckResult(
            name=first if index == int(passed) else f"check {index}",
            passed=index < int(passed),
            hidden=False,
            points=0,
            max_points=1,
            message="",
        )
        for index in range(int(every))
    )
    done = passed == every
    return Verdict(
        task=TaskId(step.rest[0]),
        mode=ValidationMode.LIVE,
        outcome=Outcome.PASSED if done else Outcome.FAILED,
        passed=done,
        score=float(passed),
        max_score=float(every),
        first_cause=None,
        checks=checks,
        duration_ms=1.0,
    )
