"""Tries a task's checks on solutions whose worth is known: the reference, the starter, broken references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import anyio

from ltt_collab.curriculum.mutants import mutants
from ltt_collab.curriculum.problems import Problems
from ltt_collab.curriculum.python_mutants import Mutant
from ltt_collab.curriculum.tasks import REFERENCES, TASK_FILE, TaskFiles
from ltt_collab.model.courses import Task
from ltt_collab.model.solving import solved
from ltt_collab.model.validations import CheckResult, Outcome, Verdict

REFERENCE, STARTER, MUTANT = "reference", "starter", "mutant"

AT_ONCE = 2
"""Kernels that work for one lint at a time: each is a process."""

MUTANT_SECONDS: Final = 3.0
"""The least that a broken solution may take; an endless loop ends at that, or at four times the reference's time."""

NO_ANSWER: Final = frozenset({Outcome.NO_KERNEL, Outcome.BUSY})
"""Outcomes that say nothing about the solution."""

Told = Callable[[str], None]
"""Hears what is being done."""


class TaskJudge(Protocol):
    """Checks a notebook (nbformat 4 JSON text) from the top, in a fresh kernel of a sandbox."""

    async def check_clean(self, task: Task, notebook: str) -> Verdict:
        """The verdict; every fault has one."""
        ...


ATTEMPTS = 3
"""Times that a mutant has to pass before it counts as one that no check notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTrial:
    """What was tried for a task: how many mutants there were, and how many the checks caught."""

    task: str
    seconds: float
    mutants: int = 0
    caught: int = 0


class Trier:
    """Lets a judge try tasks.

    Invariants:
        1. A judge that cannot work is said once as an error, and never taken for a verdict on the course.
    """

    def __init__(self, judge: TaskJudge, problems: Problems, *, with_mutants: bool, told: Told) -> None:
        self._judge, self._problems = judge, problems
        self._with_mutants, self._told = with_mutants, told
        self._limit = anyio.CapacityLimiter(AT_ONCE)

    async def try_task(self, task: Task, files: TaskFiles) -> TaskTrial:
        """Try one task; what is wrong with it becomes problems."""
        began = anyio.current_time()
        self._told(f"{task.id}: the reference and the starter")
        verdict = await self._judge.check_clean(task, solved(task))
        right = self._reference(task, files, verdict)
        took = anyio.current_time() - began
        caught = tried = 0
        if right:
            await self._starter(task, files)
            if self._with_mutants:
                found = mutants(task)
                self._told(f"{task.id}: {len(found)} mutants of the reference")
                tried, caught = len(found), await self._try_mutants(task, files, found, took)
        return TaskTrial(task=task.id, seconds=anyio.current_time() - began, mutants=tried, caught=caught)

    def _reference(self, task: Task, files: TaskFiles, verdict: Verdict) -> bool:
        if verdict.outcome in NO_ANSWER:  # invariant 1
            reason = verdict.first_cause or verdict.outcome
            self._problems.error(files.at, 0, f"cannot be tried: {reason}", kind="judge")
            return False
        if verdict.passed:
            return True
        failed = [check for check in verdict.checks if not check.passed]
        for check in failed:
            if not check.skipped or check is failed[0]:
                line = _line_of(files, check.name)
                self._problems.error(files.path(TASK_FILE), line, _why(check, verdict), kind=REFERENCE)
        if not failed:
            name = REFERENCES[task.kind]
            reason = verdict.first_cause or verdict.outcome
            self._problems.error(files.path(name), 0, f"the reference does not pass: {reason}", kind=REFERENCE)
        return False

    async def _starter(self, task: Task, files: TaskFiles) -> None:
        verdict = await self._judge.check_clean(task, task.notebook)
        if verdict.passed:
            notebook = files.notebooks[0] if files.notebooks else TASK_FILE
            self._problems.error(
                files.path(notebook), 0, "passes every check as it is released; nothing is left to do", kind=STARTER
            )

    async def _try_mutants(self, task: Task, files: TaskFiles, found: list[Mutant], took: float) -> int:
        """How many are caught; the others become warnings, in the order of their lines."""
        quick = replace(task, time_limit=min(task.time_limit, max(MUTANT_SECONDS, 4 * took)))
        survivors: list[Mutant] = []
        untried: list[str] = []

        async def attempt(mutant: Mutant) -> None:
            for _ in range(
                ATTEMPTS
            ):  # each with inputs drawn anew: one that slips through once is not one that survives
                async with self._limit:
                    verdict = await self._judge.check_clean(quick, solved(quick, mutant.source))
                if not verdict.passed:
                    break
            if verdict.outcome in NO_ANSWER:
                untried.append(verdict.first_cause or verdict.outcome)
            elif verdict.passed:
                survivors.append(mutant)

        async with anyio.create_task_group() as tasks:
            for number, mutant in enumerate(found):
                tasks.start_soon(attempt, mutant, name=f"mutant {number} of {task.id}")
        for mutant in sorted(survivors, key=lambda each: (each.line, each.after)):
            self._problems.warning(
                files.path(REFERENCES[task.kind]),
                mutant.line,
                f"no check notices {mutant}; add one, or say '# no mutants' on that line if both are right",
                kind=MUTANT,
            )
        if untried:  # invariant 1
            reason = f"{len(untried)} of {len(found)} mutants could not be tried: {untried[0]}"
            self._problems.error(files.at, 0, reason, kind="judge")
        return len(found) - len(survivors) - len(untried)


def _why(check: CheckResult, verdict: Verdict) -> str:
    said = f"expected {check.expected}, got {check.got}" if check.expected or check.got else check.message
    cause = f" ({verdict.first_cause})" if verdict.first_cause and verdict.first_cause not in said else ""
    return f"the reference fails check {check.name!r}: {said}{cause}"


def _line_of(files: TaskFiles, name: str) -> int:
    lines = files.text(TASK_FILE).split("\n")
    return next((number for number, line in enumerate(lines, start=1) if "name:" in line and name in line), 0)
