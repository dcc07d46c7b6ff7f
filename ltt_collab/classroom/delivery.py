"""Puts a task's files on its learner's server."""

from __future__ import annotations

from ltt_collab.curriculum.releases import notebook_name, released_files
from ltt_collab.model.courses import Course, Task
from ltt_collab.ports.files import LearnerFiles


def folder_of(course: Course, task: Task) -> str:
    """Where a task lies under the root of its learner's server: a folder of its own, as its files may be changed."""
    return f"{course.id}/{task.id}"


async def deliver(course: Course, task: Task, files: LearnerFiles) -> str:
    """Put what is released of a task there, data first; what exists stays as it is. The notebook's path.

    Raises:
        DeliveryError
    """
    folder = folder_of(course, task)
    notebook = notebook_name(task)
    released = released_files(task)
    for name in sorted(released, key=lambda name: name == notebook):  # a notebook that is there has its data
        await files.create(f"{folder}/{name}", released[name])
    return f"{folder}/{notebook}"
