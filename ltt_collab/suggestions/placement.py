"""Where a suggestion goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ltt_collab.model.cells import Cell, Notebook
from ltt_collab.model.courses import TaskRole
from ltt_collab.model.ids import CellId, CourseId, TaskId
from ltt_collab.model.presence import Participant
from ltt_collab.model.suggestions import Draft, Placement

_BLOCK = re.compile(r"(```|~~~|#{1,6} |[-*+] |\d+[.)] |>|\||    )")
"""How Markdown blocks begin that are none behind other words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """Insert a note directly below ``below``."""

    below: CellId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedNote:
    """Add to the note that stands about the same cell already."""

    note_cell: CellId


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Point at ``line`` (1-based; None: at nothing) and write ``note`` (None: nothing)."""

    line: int | None
    note: NewNote | ExtendedNote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Not now; ``because`` is a sentence for people."""

    because: str


def place(draft: Draft, notebook: Notebook, humans: Sequence[Participant], note: CellId | None) -> Place | Wait:
    """Where the draft goes; ``note`` is our note about the same cell, if one lives.

    A pointer and a note by default; a draft without text, or that asks for no more, only points. A cell has one note
    at most: later rungs are added to it. Nobody of ours writes in a cell where a human's cursor is.
    """
    about = notebook.cell(draft.cell_id)
    line = None if about is None else line_in(about, draft.line)
    if draft.placement is Placement.POINTER or not draft.text.strip():
        return Place(line=line, note=None)
    if note is None or notebook.cell(note) is None:
        return Place(line=line, note=NewNote(below=draft.cell_id))
    if any(human.selection is not None and human.selection.cell_id == note for human in humans):
        return Wait(because="somebody's cursor is in the note")
    return Place(line=line, note=ExtendedNote(note_cell=note))


def below_task(notebook: Notebook, course: CourseId, task: TaskId) -> CellId | None:
    """The cell below which a task's status stands: its last place to work, else its last cell; None: it has none."""
    cells = [cell for cell in notebook.cells if cell.ownership is None and _is_of(cell, course, task)]
    work = [cell for cell in cells if cell.task is not None and cell.task.role is TaskRole.WORK]
    last = next(reversed(work or cells), None)
    return None if last is None else last.id


def _is_of(cell: Cell, course: CourseId, task: TaskId) -> bool:
    mark = cell.task
    return mark is not None and mark.task == task and mark.course in {course, ""}


def line_in(cell: Cell, line: int | None) -> int | None:
    """The line if the cell has it, else None."""
    return line if line is not None and 1 <= line <= cell.source.count("\n") + 1 else None


def signed(text: str, name: str) -> str:
    """The text of a new note as it is written: with who says it in front, as the flag with the name soon fades.

    What begins a Markdown block (a list, a fence, a table) keeps its own line.
    """
    gap = "\n\n" if _BLOCK.match(text) else " "
    return f"**{name}:**{gap}{text}"
