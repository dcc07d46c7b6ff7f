"""What is taught now, for rooms: the notebooks that learners get, and who has opened one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.model.courses import Task
from ltt_collab.model.tasks import ReleasedCell
from ltt_collab.ports.classroom import TaskAt


class TaughtReleases:
    """Implements ``ports.classroom.Releases``."""

    def __init__(self, catalogue: Catalogue, prepare: Callable[[Task], None]) -> None:
        """``prepare``: gets ready what a task's checks need."""
        self._catalogue, self._prepare = catalogue, prepare

    def released(self, at: TaskAt) -> Sequence[ReleasedCell]:
        """The cells of a task's notebook, in order; none for a task that is not taught."""
        return self._catalogue.released(at)

    def opened(self, at: TaskAt) -> None:
        """Somebody has a notebook of that task open: soon it is checked."""
        task = self._catalogue.find(at)
        if task is not None:
            self._prepare(task)
