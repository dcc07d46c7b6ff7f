"""``ltt validate``: judge a notebook file against a task, in a sandbox on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, NoReturn

import anyio
import typer

from ltt_collab.adapters.sandbox.pool import SandboxOptions, running_sandbox
from ltt_collab.command_line import INTERRUPTED, WRONG_USE, AsJson
from ltt_collab.curriculum.loader import load_course
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Compared, Task
from ltt_collab.model.errors import CourseError, InvalidNotebookError, LttError, UnknownTaskError, UsageError
from ltt_collab.model.ids import TaskId
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.validations import CheckResult, Outcome, Verdict
from ltt_collab.validation.judge import Judge

NOT_PASSED: Final = 1

LONGEST: Final = 57.0
"""Seconds after which there is an answer even if our own process hangs."""

FILE_BYTES: Final = 10 << 20
"""Of a learner's file beside the notebook, the most that is taken into the sandbox."""

_INTERRUPTS: Final = (KeyboardInterrupt, asyncio.CancelledError)
"""What Ctrl-C becomes, by where it meets us: nobody else cancels the only thing that we run."""

PRELOADED: Final = ("numpy", "pandas", "matplotlib.pyplot")


def validate(
    notebook: Annotated[Path, typer.Argument(help="A notebook file (.ipynb).")],
    course: Annotated[Path, typer.Option(help="The course's folder: the one with course.yaml in it.")],
    task: Annotated[str, typer.Option(help="The task's id, as 'ltt course show' lists it.")],
    as_json: AsJson = False,
) -> None:
    """Run a notebook in a fresh sandbox and say which of a task's checks pass; exit 0 if all do, 1 if not."""
    try:
        wanted = _task(course, task)
        read = _notebook(notebook)
    except UsageError as error:
        _refuse(task, error, as_json=as_json)
    with _answer_in_time(wanted, as_json=as_json):
        try:
            verdict = anyio.run(_judge, wanted, read, _own_files(wanted, notebook.parent))
        except _INTERRUPTS:
            raise typer.Exit(INTERRUPTED) from None
        except BaseExceptionGroup as group:
            interrupted, others = group.split(_INTERRUPTS)
            if interrupted is not None and others is None:
                raise typer.Exit(INTERRUPTED) from None
            raise
    if as_json:
        typer.echo(json.dumps(as_dict(verdict), ensure_ascii=False))
    else:
        _print(verdict)
    raise typer.Exit(0 if verdict.passed else NOT_PASSED)


def _task(path: Path, task: str) -> Task:
    if not path.is_dir():
        raise CourseError(str(path), 0, "there is no such folder; --course takes the folder with course.yaml in it")
    course = load_course(path)
    found = course.task(TaskId(task))
    if found is None:
        raise UnknownTaskError(course.id, task)
    return found


def _notebook(path: Path) -> Notebook:
    try:
        return read_notebook(path.read_bytes(), str(path))
    except OSError as error:
        raise InvalidNotebookError(str(path), error.strerror or str(error)) from error


def _own_files(task: Task, folder: Path) -> dict[str, bytes]:
    """The learner's files that the task's checks look at; nothing else of their folder enters the sandbox."""
    files: dict[str, bytes] = {}
    for check in task.checks:
        named = PurePosixPath(check.subject)
        if check.compared is not Compared.FILE or named.is_absolute() or ".." in named.parts:
            continue
        path = folder / named
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()) and path.stat().st_size <= FILE_BYTES:
            files[str(named)] = path.read_bytes()
    return files


async def _judge(task: Task, notebook: Notebook, files: Mapping[str, bytes]) -> Verdict:
    texts = [task.reference, task.generator, *(cell.source for cell in notebook.cells)]
    used = [name for name in PRELOADED if any(re.search(rf"\b{name.partition('.')[0]}\b", text) for text in texts)]
    async with running_sandbox(SandboxOptions(warm=1, preload=used)) as sandbox:
        verdict = await Judge(sandbox).check_clean(task, notebook, files=files)
        for missing in sandbox.missing:
            sys.stderr.write(f"ltt: the sandbox has {missing}\n")
        return verdict


@contextmanager
def _answer_in_time(task: Task, *, as_json: bool) -> Iterator[None]:
    """An answer, and an end, even if our own process hangs: a thread sees to it, and the sandbox ends with us."""

    def end() -> NoReturn:
        cause = f"There was no result after {LONGEST:g} s. Run it again; perhaps the machine is busy."
        if as_json:
            sys.stdout.write(json.dumps(_no_verdict(task.id, cause, Outcome.TIMEOUT, task.points)) + "\n")
            sys.stdout.flush()
        sys.stderr.write(f"ltt: {cause}\n")
        os._exit(NOT_PASSED)

    timer = threading.Timer(LONGEST, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _refuse(task: str, error: LttError, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(json.dumps(_no_verdict(task, str(error), Outcome.ERROR), ensure_ascii=False))
    typer.echo(f"ltt: {error}", err=True)
    raise typer.Exit(WRONG_USE)


def _no_verdict(task: str, cause: str, outcome: Outcome, points: float = 0.0) -> dict[str, Any]:
    return {
        "task": task,
        "outcome": outcome.value,
        "passed": False,
        "score": 0.0,
        "max_score": points,
        "first_cause": cause,
        "checks": [],
        "duration_ms": 0.0,
    }


def as_dict(verdict: Verdict) -> dict[str, Any]:
    """The verdict as ``ltt validate --json`` writes it."""
    return {
        "task": verdict.task,
        "outcome": verdict.outcome.value,
        "passed": verdict.passed,
        "score": verdict.score,
        "max_score": verdict.max_score,
        "first_cause": verdict.first_cause,
        "checks": [_check(check) for check in verdict.checks],
        "duration_ms": verdict.duration_ms,
    }


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "passed": check.passed,
        "hidden": check.hidden,
        "points": check.points,
        "message": check.message,
        "expected": check.expected,
        "got": check.got,
    }


def _print(verdict: Verdict) -> None:
    for check in verdict.checks:
        mark = "passed " if check.passed else "skipped" if check.skipped else "failed "
        typer.echo(f"{mark}  {check.name}{'' if check.passed else ': ' + check.message}")
    typer.echo(f"{verdict.outcome.value}: {verdict.score:g} of {verdict.max_score:g} points")
    if verdict.first_cause:
        typer.echo(verdict.first_cause)
