"""Lints a course: its files, what they tell learners, and what its checks are worth."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread

from ltt_collab.coursework.trial import TaskJudge, TaskTrial, Told, Trier
from ltt_collab.curriculum.leaks import find_leaks
from ltt_collab.curriculum.loader import Loaded, examine_course
from ltt_collab.curriculum.problems import Problem
from ltt_collab.curriculum.tasks import TaskFiles
from ltt_collab.model.courses import Course, Task
from ltt_collab.model.errors import UnknownTaskError


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a lint found. ``tried``: what a judge tried, empty if the files were looked at only."""

    course: Course | None
    problems: tuple[Problem, ...]
    tried: tuple[TaskTrial, ...] = ()

    @property
    def errors(self) -> int:
        """How many problems keep the course from being published."""
        return sum(problem.severity == "error" for problem in self.problems)

    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "course": self.course.id if self.course else None,
            "version": self.course.version if self.course else None,
            "ok": self.errors == 0,
            "errors": self.errors,
            "warnings": len(self.problems) - self.errors,
            "problems": [asdict(problem) for problem in self.problems],
            "tasks": [asdict(trial) for trial in self.tried],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LintOptions:
    """``tasks``: only these, empty for all. ``judged``: try the checks on a judge, with mutants unless told not to."""

    tasks: tuple[str, ...] = ()
    judged: bool = True
    with_mutants: bool = True


async def lint(
    path: Path, options: LintOptions, judge: AbstractAsyncContextManager[TaskJudge], told: Told = lambda _: None
) -> Report:
    """Look at a course's files; if they are sound, try its checks on the judge.

    Raises:
        UnknownTaskError: ``options`` names a task that the course has not.
        SandboxUnavailableError
    """
    loaded = await anyio.to_thread.run_sync(examine_course, path)
    problems = loaded.problems
    for task, files in _chosen(loaded, options.tasks):
        find_leaks(task, files, problems)
    tried: list[TaskTrial] = []
    if options.judged and not problems.errors and loaded.course is not None:
        async with judge as judging:
            trier = Trier(judging, problems, with_mutants=options.with_mutants, told=told)
            for task, files in _chosen(loaded, options.tasks):
                tried.append(await trier.try_task(task, files))
    return Report(course=loaded.course, problems=tuple(problems.found), tried=tuple(tried))


def _chosen(loaded: Loaded, names: Collection[str]) -> list[tuple[Task, TaskFiles]]:
    if loaded.course is None:
        return []
    pairs = list(zip(loaded.course.tasks, loaded.files, strict=True))
    for name in names:
        if name not in {task.id for task, _ in pairs} and not loaded.problems.errors:
            raise UnknownTaskError(loaded.course.id, name)
    return [(task, files) for task, files in pairs if not names or task.id in names]
