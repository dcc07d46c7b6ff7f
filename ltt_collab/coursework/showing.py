"""Shows a course to its author: tasks, checks, points."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from ltt_collab.curriculum.releases import notebook_name, released_files
from ltt_collab.model.courses import Check, Course, Task


def as_json(course: Course) -> dict[str, Any]:
    """The course for machines: for authors, so hidden checks are named; no expected value, no reference."""
    return {
        "id": course.id,
        "title": course.title,
        "description": course.description,
        "version": course.version,
        "points": sum(task.points for task in course.tasks),
        "tasks": [_task(task) for task in course.tasks],
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "title": task.title,
        "kind": task.kind.value,
        "points": task.points,
        "time_limit": task.time_limit,
        "memory_limit": task.memory_limit,
        "notebook": notebook_name(task),
        "released": sorted(released_files(task)),
        "hints": len(task.hints),
        "checks": [_check(check) for check in task.checks],
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "compares": check.compared.value,
        "hidden": check.hidden,
        "generated": check.generate != "",
        "points": check.points,
        "depends_on": list(check.depends_on),
    }


def show(course: Course, console: Console) -> None:
    """Write a table of the tasks."""
    console.print(f"[bold]{course.title}[/bold]  ({course.id}, version {course.version[:16]})", highlight=False)
    if course.description:
        console.print(course.description, markup=False, highlight=False)
    table = Table("Task", "Title", "Kind", "Checks", "Points", "Learners also get", "Hints", box=None, pad_edge=False)
    for task in course.tasks:
        hidden = sum(check.hidden for check in task.checks)
        generated = sum(check.generate != "" for check in task.checks)
        checks = f"{len(task.checks)} ({hidden} hidden, {generated} generated)"
        data = ", ".join(sorted(task.data)) or "–"
        points = f"{task.points:g}"
        table.add_row(task.id, task.title, task.kind.value, checks, points, data, str(len(task.hints)))
    console.print(table)
    total = sum(task.points for task in course.tasks)
    count = f"{len(course.tasks)} task{'' if len(course.tasks) == 1 else 's'}"
    console.print(f"{count}, {total:g} points", highlight=False)
