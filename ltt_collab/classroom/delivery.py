"""Puts a task's files on its learner's server."""

from __future__ import annotations

from collections.abc import Sequence

from ltt_collab.curriculum.releases import notebook_name, released_files
from ltt_collab.model.courses import Course, Task
from ltt_collab.ports.files import LearnerFiles


def folder_of(course: Course, task: Task) -> str:
    """Where a task lies under the root of its learner's server: a folder of its own, as its files may be changed."""
    return f"{course.id}/{task.id}"


def files_of(course: Course, task: Task) -> Sequence[tuple[str, bytes]]:
    """What a learner gets of a task, by the path under the root of their server; the notebook comes last."""
    folder, notebook = folder_of(course, task), notebook_name(task)
    released = released_files(task)
    return [(f"{folder}/{name}", released[name]) for name in sorted(released, key=lambda name: name == notebook)]


async def deliver(course: Course, task: Task, files: LearnerFiles) -> str:
    """Put what is released of a task there, data first; what exists stays as it is. The notebook's path.

    Raises:
        DeliveryError
    """
    delivered = files_of(course, task)
    for path, content in delivered:  # a notebook that is there has its data
        await files.create(path, content)
    return delivered[-1][0]
