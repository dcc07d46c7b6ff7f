"""What a newer release of a task changes in a notebook that an older one was delivered to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ltt_collab.model.courses import TASK_KEY, TaskRole
from ltt_collab.model.ids import CourseId, TaskId
from ltt_collab.model.tasks import DeliveredCell, ReleasedCell


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The task that a notebook was delivered with, and the cells that it brought, in order."""

    course: CourseId
    task: TaskId
    cells: tuple[DeliveredCell, ...]

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Delivered | None:
        """Read it from a notebook's metadata; None for a notebook that no task was delivered with."""
        mark = metadata.get(TASK_KEY)
        if not isinstance(mark, Mapping) or not isinstance(mark.get("cells"), Sequence):
            return None
        cells = [DeliveredCell.from_metadata(entry) for entry in mark["cells"]]
        course, task = mark.get("course"), mark.get("task")
        if not isinstance(course, str) or not isinstance(task, str):
            return None
        return cls(course=CourseId(course), task=TaskId(task), cells=tuple(cell for cell in cells if cell is not None))

    def as_metadata(self) -> dict[str, Any]:
        """The content of ``metadata.ltt_task`` of the notebook."""
        return {"course": self.course, "task": self.task, "cells": [cell.as_metadata() for cell in self.cells]}

    def is_current(self, release: Sequence[ReleasedCell]) -> bool:
        """Whether the release says nothing new."""
        return [cell.content for cell in self.cells] == [DeliveredCell.of(cell).content for cell in release]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One cell on the way to the new release: kept (both, and the same), changed (both), gone, or new."""

    old: DeliveredCell | None
    new: ReleasedCell | None

    @property
    def is_change(self) -> bool:
        """Whether instructions say something else now; what a work cell began with is of no matter any more."""
        if self.old is None or self.new is None or self.new.role is not TaskRole.TASK:
            return False
        return DeliveredCell.of(self.new).content != self.old.content


def steps(old: Sequence[DeliveredCell], new: Sequence[ReleasedCell]) -> Iterator[Step]:
    """Every cell of both releases, in the order of the new one; the same text is the same cell, whatever its id.

    Between those, cells of one kind are taken for each other in their order: a changed text for the text that it was.
    """
    known = [_known(cell) for cell in old], [_known(DeliveredCell.of(cell)) for cell in new]
    for same, before, after in _aligned(old, new, *known):
        if same:
            yield Step(old=before[0], new=after[0])
            continue
        kinds = [(cell.role, cell.type) for cell in before], [(cell.role, cell.type) for cell in after]
        for alike, gone, come in _aligned(before, after, *kinds):
            if alike:
                yield Step(old=gone[0], new=come[0])
            else:
                yield from (Step(old=cell, new=None) for cell in gone)
                yield from (Step(old=None, new=cell) for cell in come)


def _aligned(
    old: Sequence[DeliveredCell], new: Sequence[ReleasedCell], old_keys: Sequence[Any], new_keys: Sequence[Any]
) -> Iterator[tuple[bool, Sequence[DeliveredCell], Sequence[ReleasedCell]]]:
    """Pairs of cells with equal keys, and between them, as (False, …), what has no equal on the other side."""
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from ((True, [old[i1 + at]], [new[j1 + at]]) for at in range(i2 - i1))
        else:
            yield False, old[i1:i2], new[j1:j2]


def _known(cell: DeliveredCell) -> tuple[Any, ...]:
    # Instructions are known by what they say, the learner's places to work by their names.
    return cell.content if cell.role is TaskRole.TASK else (cell.role, cell.type, cell.id)
