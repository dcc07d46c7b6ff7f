"""A course as values: tasks, checks, what is released and what stays with us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ltt_collab.model.ids import CourseId, TaskId

SECONDS_PER_CHECK = 5.0
"""A check's default time limit."""

SECONDS_PER_TASK = 30.0
"""A task's default time limit: all its checks together, the notebook's run included."""

MEMORY_MIB = 512
"""A task's default memory limit."""


class TaskKind(StrEnum):
    """What a learner works with."""

    PYTHON = "python"
    SQL = "sql"
    TERMINAL = "terminal"


class Compared(StrEnum):
    """What a check compares; exactly one per check."""

    EXPRESSION = "expression"
    """The value (or exception) of a Python expression."""
    SQL = "sql"
    """The rows of a query: the learner's, run on a fresh copy of the database."""
    OUTPUT = "output"
    """What a cell or a terminal printed, against a regular expression."""
    FILE = "file"
    """A file's text, against a regular expression."""
    SOURCE = "source"
    """The learner's source, by its syntax tree: names or constructs that must or must not be used."""


class Expected(StrEnum):
    """Where the expected value comes from."""

    VALUE = "value"
    RAISES = "raises"
    APPROX = "approx"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a task.

    ``subject``: the expression, query, pattern or file path, by ``compared``; '' where ``generate`` makes it.
    ``pattern``: the regular expression for OUTPUT and FILE. ``expect``: a Python literal as source text (``"[1, 2]"``),
    an exception's name for RAISES, a number for APPROX with ``tolerance``. ``generate``: ``"generate.py::name"``, a
    function of a ``random.Random`` that yields expressions, fresh ones on every attempt. ``must_use`` and
    ``must_not_use``: for SOURCE. ``ordered``: whether the order of a query's rows counts.
    """

    name: str
    compared: Compared
    subject: str = ""
    expected: Expected = Expected.VALUE
    expect: str = ""
    tolerance: float = 1e-6
    pattern: str = ""
    generate: str = ""
    must_use: tuple[str, ...] = ()
    must_not_use: tuple[str, ...] = ()
    ordered: bool = False
    hidden: bool = False
    points: float = 0.0
    success_message: str = ""
    failure_message: str = ""
    depends_on: tuple[str, ...] = ()
    time_limit: float = SECONDS_PER_CHECK


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task, secrets included: never sent anywhere as a whole; ``released`` parts only.

    ``notebook``: the released notebook as nbformat 4 JSON text. ``reference``: the author's solution, '' if none.
    ``generator``: the source of ``generate.py``. ``data``: files that learner and judge both get, by relative path.
    ``hints``: the author's hint ladder, weakest first. ``reads_terminal``: the task text says that terminals are read.
    """

    id: TaskId
    title: str
    kind: TaskKind
    checks: tuple[Check, ...]
    notebook: str
    reference: str = ""
    generator: str = ""
    data: Mapping[str, bytes] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    points: float = 0.0
    time_limit: float = SECONDS_PER_TASK
    memory_limit: int = MEMORY_MIB
    reads_terminal: bool = False
    database: str = ""
    """For SQL: the relative path, among ``data``, of the SQLite file or of the ``.sql`` script that makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A course, its tasks in order. ``version``: a digest of all its files."""

    id: CourseId
    title: str
    tasks: tuple[Task, ...]
    version: str = ""
    description: str = ""

    def task(self, task: TaskId) -> Task | None:
        """The task of that id, or None."""
        return next((each for each in self.tasks if each.id == task), None)


class TaskRole(StrEnum):
    """What a cell of a delivered notebook is for: ``metadata.ltt_task.role``, or a tag ``ltt-task:<id>`` (work)."""

    TASK = "task"
    """Instructions."""
    WORK = "work"
    """The learner's place to work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMark:
    """Which task a cell belongs to, as its metadata say; survives copy, split and merge with the cell."""

    course: CourseId
    task: TaskId
    role: TaskRole
