"""Loads a course: a folder with ``course.yaml`` and a folder for each task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ltt_collab.curriculum.folder import Folder
from ltt_collab.curriculum.problems import Problems, did_you_mean
from ltt_collab.curriculum.sections import Section, read_yaml
from ltt_collab.curriculum.tasks import Defaults, TaskFiles, read_task
from ltt_collab.model.courses import ID_PATTERN, MEMORY_MIB, SECONDS_PER_CHECK, SECONDS_PER_TASK, Course, Task, TaskKind
from ltt_collab.model.errors import CourseError
from ltt_collab.model.ids import CourseId

COURSE_FILE = "course.yaml"

TASKS = "tasks"

TASKS_LIMIT = 200
"""Tasks of a course."""

_KNOWN: Final = ("id", "title", "description", "tasks", "defaults")
_DEFAULTS: Final = ("kind", "points", "time_limit", "check_time_limit", "memory_limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A course as far as it can be read, and all that is wrong with it; ``course`` None: nothing can be read of it."""

    course: Course | None
    problems: Problems
    files: tuple[TaskFiles, ...] = field(default_factory=tuple)


def load_course(path: Path) -> Course:
    """The course in a folder (or whose ``course.yaml`` the path names).

    Raises:
        CourseError: the first error of its files, with file and line.
    """
    loaded = examine_course(path)
    loaded.problems.raise_first()
    if loaded.course is None:
        raise CourseError(str(path), 0, "no course can be read there")
    return loaded.course


def load_sent_course(files: Mapping[str, bytes]) -> Course:
    """The course whose files somebody sent, by their path in its folder.

    Raises:
        CourseError: the first error of its files, with file and line.
    """
    loaded = _examined(lambda: Folder(Path("what was sent"), files))
    loaded.problems.raise_first()
    if loaded.course is None:
        raise CourseError(COURSE_FILE, 0, "no course can be read there")
    return loaded.course


def examine_course(path: Path) -> Loaded:
    """The course, and every problem of its files; never raises for what is wrong with them."""
    return _examined(lambda: Folder(path.parent if path.name == COURSE_FILE and path.is_file() else path))


def _examined(opened: Callable[[], Folder]) -> Loaded:
    problems = Problems()
    try:
        folder = opened()
        section = _course_section(folder, problems)
    except CourseError as error:
        problems.error(error.file, error.line, error.reason)
        return Loaded(course=None, problems=problems)
    if section is None:
        return Loaded(course=None, problems=problems)
    return _read_course(section, folder, problems)


def _course_section(folder: Folder, problems: Problems) -> Section | None:
    if not folder.holds(COURSE_FILE):
        near = did_you_mean(COURSE_FILE, [name for name in folder.files if "/" not in name] or ["no file at all"])
        raise CourseError(COURSE_FILE, 0, f"missing in {folder.root}; is this the course's folder?{near}")
    return read_yaml(folder.text(COURSE_FILE), COURSE_FILE, problems)


def _read_course(section: Section, folder: Folder, problems: Problems) -> Loaded:
    section.finish(_KNOWN)
    identifier = section.text("id", None, limit=64)
    if identifier and not ID_PATTERN.fullmatch(identifier):
        section.wrong("id", f"{identifier!r}: {ID_RULE}")
    course_id = CourseId(identifier)
    defaults = _defaults(section)
    title, description = section.text("title", None, limit=200), section.text("description")
    tasks: list[Task] = []
    files: list[TaskFiles] = []
    for name in _task_names(section, folder):
        try:
            read = read_task(course_id, TaskFiles(folder=folder, name=name, at=f"{TASKS}/{name}"), defaults, problems)
        except CourseError as error:
            problems.error(error.file, error.line, error.reason)
            continue
        if read is not None:
            tasks.append(read)
            files.append(TaskFiles(folder=folder, name=name, at=f"{TASKS}/{name}"))
    course = Course(id=course_id, title=title, description=description, tasks=tuple(tasks), version=folder.digest())
    return Loaded(course=course, problems=problems, files=tuple(files))


ID_RULE: Final = "write small letters, digits, '-' and '_' only, at most 64, beginning with a letter or digit"


def _defaults(section: Section) -> Defaults:
    given = section.section("defaults")
    if given is None:
        return Defaults()
    given.finish(_DEFAULTS)
    kind = given.text("kind", TaskKind.PYTHON.value)
    known = [each.value for each in TaskKind]
    if kind not in known:
        given.wrong("kind", f"{kind!r} is no kind of task{did_you_mean(kind, known)}")
    return Defaults(
        kind=TaskKind(kind) if kind in known else TaskKind.PYTHON,
        points=given.number("points", 0.0),
        time_limit=given.number("time_limit", SECONDS_PER_TASK, least=1, most=60),
        check_time_limit=given.number("check_time_limit", SECONDS_PER_CHECK, least=0.1, most=60),
        memory_limit=given.number("memory_limit", MEMORY_MIB, least=64, most=16_384),
    )


def _task_names(section: Section, folder: Folder) -> list[str]:
    """The ids of ``tasks``, each once, each with a folder that is there."""
    there = sorted({path.split("/")[0] for path in folder.below(TASKS) if "/" in path})
    names: dict[str, int] = {}
    for name, line in section.texts("tasks", limit=TASKS_LIMIT):
        if name in names:
            section.problems.error(section.file, line, f"tasks: {name!r} is listed twice (first in line {names[name]})")
        elif not ID_PATTERN.fullmatch(name):
            section.problems.error(section.file, line, f"tasks: {name!r}: {ID_RULE}")
        elif name not in there:
            near = did_you_mean(name, there or ["none"])
            section.problems.error(section.file, line, f"tasks: there is no folder {TASKS}/{name}{near}")
        else:
            names[name] = line
    if "tasks" not in section:
        section.problems.error(section.file, section.line, "'tasks' is missing; list the ids of the tasks, in order")
    elif not names:
        section.wrong("tasks", "no task can be read; list the ids of the tasks, in order")
    for name in there:
        if name not in names:
            where = f"{TASKS}/{name}"
            section.problems.warning(where, 0, f"not listed below 'tasks:' in {COURSE_FILE}: it is not in the course")
    return list(names)
