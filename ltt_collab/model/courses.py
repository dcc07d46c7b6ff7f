"""A course as values: tasks, checks, what is released and what stays with us."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from ltt_collab.model.ids import CourseId, TaskId

SECONDS_PER_CHECK = 5.0
"""A check's default time limit."""

SECONDS_PER_TASK = 30.0
"""A task's default time limit: all its checks together, the notebook's run included."""

MEMORY_MIB = 512
"""A task's default memory limit."""

TASK_KEY = "ltt_task"
"""The key under a cell's metadata that marks the cell as a task's; ``ltt`` itself says who owns a cell (decision 7)."""

TASK_TAG = "ltt-task:"
"""What a tag that marks a cell as a task's begins with: ``ltt-task:mean`` or ``ltt-task:basics/mean``."""

ID_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""What the id of a course or of a task looks like: it stands in URLs, file names and tags."""

CONSTRUCTS: Final[Mapping[str, tuple[str, ...]]] = {
    "for": ("For", "AsyncFor"),
    "while": ("While",),
    "loop": ("For", "AsyncFor", "While"),
    "if": ("If", "IfExp"),
    "with": ("With", "AsyncWith"),
    "try": ("Try", "TryStar"),
    "def": ("FunctionDef", "AsyncFunctionDef"),
    "class": ("ClassDef",),
    "return": ("Return",),
    "lambda": ("Lambda",),
    "import": ("Import", "ImportFrom"),
    "global": ("Global",),
    "comprehension": ("ListComp", "SetComp", "DictComp", "GeneratorExp"),
    "f-string": ("JoinedStr",),
    "slice": ("Slice",),
}
"""What ``must_use`` may name besides names: a construct, and the classes of ``ast`` that it is."""


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

    ``subject``: by ``compared``. EXPRESSION: the expression, '' where ``generate`` makes it. SQL: the Python expression
    that gives the learner's query as text (as a rule a variable's name), '' for the first work cell itself, less its
    ``%%sql`` line. FILE: a path relative to the notebook. OUTPUT and SOURCE: ''.

    ``pattern``: for OUTPUT and FILE, a regular expression that is searched for (``re.MULTILINE``); '' with FILE: the
    file is there. OUTPUT looks at what the task's work cells printed, in a task that ``reads_terminal`` also at its
    terminals.

    ``expect``: a Python literal as source text (``"[1, 2]"``; for SQL a list of rows as tuples), for RAISES an
    exception's name, for APPROX a literal whose numbers may be off by ``tolerance`` (absolute or relative). With
    REFERENCE it is '': the author's solution says it, for SQL its query's rows on a copy of the same database.

    ``generate``: ``"generate.py::name"``, a function of a ``random.Random`` that yields texts, fresh ones on every
    attempt: expressions, for SQL scripts that change the copy of the database before both queries run. Such a check is
    REFERENCE always, and an exception of the reference is expected of the learner by its type.

    ``must_use`` and ``must_not_use``: for SOURCE; keys of ``CONSTRUCTS``, or names that are read or called anywhere in
    the work cells (``sum``, ``append``, ``np.mean``). ``database``: for SQL, a path among the task's ``private`` or
    ``data`` files instead of the task's database. ``ordered``: whether the order of a query's rows counts.
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
    database: str = ""
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

    ``notebook``: the released notebook as nbformat 4 JSON text. ``reference``: the author's solution, '' if none: what
    stands in the work cells then (``model.solving``); for SQL one query, for a terminal task a shell script.
    ``generator``: the source of ``generate.py``. ``data``: files that learner and judge both get, by relative path.
    ``private``: files that only the judge gets, by the path that a check names.
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
    private: Mapping[str, bytes] = field(default_factory=dict)
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
    """Which task a cell belongs to, as its metadata say; survives copy, split and merge with the cell.

    ``course`` is '' where a tag names the task alone: then it is the course that the service serves.
    """

    course: CourseId
    task: TaskId
    role: TaskRole

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Self | None:
        """Read a cell's mark: ``ltt_task``, else ``ltt.task``, else a tag; None when it has none that can be read."""
        ownership = metadata.get("ltt")
        nested = ownership.get("task") if isinstance(ownership, Mapping) else None
        for mark in (metadata.get(TASK_KEY), nested):
            if isinstance(mark, Mapping) and (read := cls._from_mapping(mark)) is not None:
                return read
        tags = metadata.get("tags")
        return cls._from_tags(tags) if isinstance(tags, Sequence) and not isinstance(tags, str) else None

    @classmethod
    def _from_mapping(cls, mark: Mapping[str, Any]) -> Self | None:
        course, task, role = mark.get("course", ""), mark.get("task"), mark.get("role", TaskRole.WORK.value)
        known = next((each for each in TaskRole if each.value == role), None)
        if known is None or not isinstance(course, str) or not isinstance(task, str) or not task:
            return None
        return cls(course=CourseId(course), task=TaskId(task), role=known)

    @classmethod
    def _from_tags(cls, tags: Sequence[object]) -> Self | None:
        for tag in tags:
            if isinstance(tag, str) and tag.startswith(TASK_TAG):
                course, _, task = tag[len(TASK_TAG) :].strip().rpartition("/")
                if task:
                    return cls(course=CourseId(course), task=TaskId(task), role=TaskRole.WORK)
        return None

    def as_metadata(self) -> dict[str, str]:
        """The mark as it is written under ``ltt_task``."""
        return {"course": self.course, "task": self.task, "role": self.role.value}
