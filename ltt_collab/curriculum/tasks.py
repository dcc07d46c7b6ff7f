"""Reads the folder of one task."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ltt_collab.curriculum.checks import GENERATOR_FILE, CheckSurroundings, read_checks
from ltt_collab.curriculum.folder import Folder
from ltt_collab.curriculum.notebooks import SUFFIXES, AuthoredCell, as_notebook, read_authored, with_ids
from ltt_collab.curriculum.problems import Problems, did_you_mean
from ltt_collab.curriculum.sections import Section, read_yaml
from ltt_collab.model.cells import CellType
from ltt_collab.model.courses import (
    MEMORY_MIB,
    SECONDS_PER_CHECK,
    SECONDS_PER_TASK,
    Check,
    Task,
    TaskKind,
    TaskMark,
    TaskRole,
)
from ltt_collab.model.errors import InvalidNotebookError
from ltt_collab.model.ids import CourseId, TaskId

TASK_FILE = "task.yaml"
HINTS_FILE = "hints.yaml"
PRIVATE = "private"
"""The folder, in a task's folder, of files that only the judge gets."""

REFERENCES: Final[Mapping[TaskKind, str]] = {
    TaskKind.PYTHON: "reference.py",
    TaskKind.SQL: "reference.sql",
    TaskKind.TERMINAL: "reference.sh",
}

HINTS_LIMIT = 5
"""Rungs of an author's ladder; more would be the solution in slices."""

_KNOWN: Final = ("id", "title", "kind", "points", "time_limit", "memory_limit", "checks", "hints", "reads_terminal",
                 "database")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a course says for all its tasks. ``points``: a check's; ``memory_limit`` in MiB, times in seconds."""

    kind: TaskKind = TaskKind.PYTHON
    points: float = 0.0
    time_limit: float = SECONDS_PER_TASK
    check_time_limit: float = SECONDS_PER_CHECK
    memory_limit: float = MEMORY_MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFiles:
    """Where a task lies: ``at`` is its folder's path in the course's ``folder``, ``name`` its id."""

    folder: Folder
    name: str
    at: str

    def path(self, name: str) -> str:
        """A file of the task, by its path in the course."""
        return f"{self.at}/{name}"

    def holds(self, name: str) -> bool:
        """Whether the task has that file."""
        return self.folder.holds(self.path(name))

    def text(self, name: str) -> str:
        """A file's text, '' if there is none.

        Raises:
            CourseError: it is no text, or too long to be one.
        """
        return self.folder.text(self.path(name)) if self.holds(name) else ""

    @property
    def notebooks(self) -> list[str]:
        """The notebook's file name; several, or none, are the author's mistake."""
        return [f"notebook{suffix}" for suffix in SUFFIXES if self.holds(f"notebook{suffix}")]

    @property
    def private(self) -> dict[str, bytes]:
        """Files that only the judge gets."""
        return self.folder.below(self.path(PRIVATE))

    @property
    def data(self) -> dict[str, bytes]:
        """Files that learners get too: all that is not part of the task's description."""
        own = {TASK_FILE, HINTS_FILE, GENERATOR_FILE, *REFERENCES.values(), *(f"notebook{end}" for end in SUFFIXES)}
        below = self.folder.below(self.at)
        return {path: content for path, content in below.items() if path not in own and not _is_private(path)}


def _is_private(path: str) -> bool:
    return path.startswith(f"{PRIVATE}/")


def read_task(course: CourseId, files: TaskFiles, defaults: Defaults, problems: Problems) -> Task | None:
    """The task; None if its description cannot be read at all. What is wrong becomes problems.

    Raises:
        CourseError: a file of it is no text, or too long to be one.
    """
    if not files.holds(TASK_FILE):
        problems.error(files.path(TASK_FILE), 0, "missing; every task needs one: see docs/howto/write-a-course.md")
        return None
    section = read_yaml(files.text(TASK_FILE), files.path(TASK_FILE), problems)
    if section is None:
        return None
    section.finish(_KNOWN)
    if section.text("id", files.name) != files.name:
        section.wrong("id", f"{section.text('id')!r} is not the name of its folder; write {files.name!r}, or rename it")
    kind = _kind(section, defaults)
    reference = _reference(section, files, kind)
    checks = read_checks(section, _around(files, kind, defaults, problems))
    mark = TaskMark(course=course, task=TaskId(files.name), role=TaskRole.TASK)
    return Task(
        id=TaskId(files.name),
        title=section.text("title", None, limit=200),
        kind=kind,
        checks=checks,
        notebook=json.dumps(as_notebook(_cells(section, files, kind), mark), ensure_ascii=False),
        reference=reference,
        generator=files.text(GENERATOR_FILE),
        data=files.data,
        private=files.private,
        hints=_hints(section, files, problems),
        points=_points(section, checks),
        time_limit=section.number("time_limit", defaults.time_limit, least=1, most=60),
        memory_limit=int(section.number("memory_limit", defaults.memory_limit, least=64, most=16_384)),
        reads_terminal=section.flag("reads_terminal"),
        database=_database(section, files, kind),
    )


def _kind(section: Section, defaults: Defaults) -> TaskKind:
    kind = section.text("kind", defaults.kind.value)
    known = [each.value for each in TaskKind]
    if kind not in known:
        section.wrong("kind", f"{kind!r} is no kind of task{did_you_mean(kind, known)}")
        return TaskKind.PYTHON
    return TaskKind(kind)


def _around(files: TaskFiles, kind: TaskKind, defaults: Defaults, problems: Problems) -> CheckSurroundings:
    source = files.text(GENERATOR_FILE)
    tree = parsed(source, files.path(GENERATOR_FILE), problems) if source else None
    names = None if tree is None else frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef))
    return CheckSurroundings(
        kind=kind,
        points=defaults.points,
        time_limit=defaults.check_time_limit,
        generators=names,
        files=frozenset(files.data) | frozenset(files.private),
    )


def parsed(source: str, file: str, problems: Problems) -> ast.Module | None:
    """The syntax tree; None, and a problem with its line, if it is not Python."""
    try:
        return ast.parse(source)
    except SyntaxError as error:
        problems.error(file, error.lineno or 0, f"not Python: {error.msg}")
    except (ValueError, RecursionError) as error:
        problems.error(file, 0, f"not Python: {error}")
    return None


def _reference(section: Section, files: TaskFiles, kind: TaskKind) -> str:
    wanted = REFERENCES[kind]
    for other in REFERENCES.values():
        if other != wanted and files.holds(other):
            section.problems.error(
                files.path(other), 0, f"the reference of a task of kind {kind} is {wanted}; rename it, or mend 'kind:'"
            )
    text = files.text(wanted)
    if not text.strip():
        what = "empty" if files.holds(wanted) else "missing"
        section.problems.error(
            files.path(wanted), 0, f"{what}; write the solution, so that the checks can be tried on it"
        )
    elif kind is TaskKind.PYTHON:
        parsed(text, files.path(wanted), section.problems)
    return text


def _cells(section: Section, files: TaskFiles, kind: TaskKind) -> list[AuthoredCell]:
    names = files.notebooks
    problems = section.problems
    if len(names) != 1:
        what = f"{' and '.join(names)} are both there; keep one" if names else "missing; or write notebook.md or .py"
        problems.error(files.path(names[1] if names else "notebook.ipynb"), 0, what)
    if not names:
        return []
    file = files.path(names[0])
    try:
        cells = with_ids(read_authored(files.text(names[0]), file), files.name)
    except InvalidNotebookError as error:
        problems.error(file, 0, error.reason)
        return []
    if not any(cell.type is CellType.MARKDOWN for cell in cells):
        problems.warning(file, 0, "has no text; tell learners what to do")
    if kind is not TaskKind.TERMINAL and not any(cell.role is TaskRole.WORK for cell in cells):
        problems.error(
            file, 0, "no cell is the learner's place to work; mark one with 'work' (a tag in .ipynb, '```python work')"
        )
    return cells


def _hints(section: Section, files: TaskFiles, problems: Problems) -> tuple[str, ...]:
    file = files.path(HINTS_FILE)
    source = section
    if files.holds(HINTS_FILE):
        if "hints" in section:
            section.wrong("hints", f"they are in {HINTS_FILE} already; keep one of the two")
        read = read_yaml(files.text(HINTS_FILE), file, problems)
        if read is None:
            return ()
        read.finish(("hints",))
        source = read
    return tuple(text.strip() for text, _ in source.texts("hints", limit=HINTS_LIMIT))


def _points(section: Section, checks: tuple[Check, ...]) -> float:
    total = sum(check.points for check in checks)
    points = section.number("points", total)
    if points != total:
        section.problems.warning(
            section.file,
            section.line_at("points"),
            f"points: {points:g}, but the checks have {total:g} together; nobody can earn the task's points exactly",
        )
    return points


def _database(section: Section, files: TaskFiles, kind: TaskKind) -> str:
    named = section.text("database")
    if kind is not TaskKind.SQL:
        if named:
            section.wrong("database", "only a task of 'kind: sql' has one")
        return ""
    candidates = [path for path in files.data if path.endswith((".sql", ".sqlite", ".db"))]
    if named and named not in files.data:
        section.wrong("database", f"there is no file {named!r}{did_you_mean(named, candidates or ['none'])}")
    elif not named and len(candidates) != 1:
        section.wrong("database", "say which file the queries run on, as in 'database: shop.sql'")
    return named or (candidates[0] if len(candidates) == 1 else "")
