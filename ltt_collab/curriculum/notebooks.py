"""Reads an author's notebook, in any of three forms, into the cells that learners get.

``notebook.ipynb``; ``notebook.md``, where fences of ``python``, ``sql`` or ``bash`` are code cells and the text between
them Markdown; ``notebook.py`` in the percent format (``# %%``, ``# %% [markdown]``). A cell is the learner's place to
work if it says ``work``: as a tag in ``.ipynb``, after the fence's language, after ``# %%``. ``id=…`` there names it.
A cell that says ``author`` is for authors only, and not released.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ltt_collab.model.cells import CellType
from ltt_collab.model.courses import TaskMark, TaskRole
from ltt_collab.model.errors import InvalidNotebookError
from ltt_collab.model.nbformat import read_notebook

WORK, AUTHOR = "work", "author"

CELL_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""nbformat 4.5's rule for a cell's id."""

SUFFIXES: Final = (".ipynb", ".md", ".py")

_FENCE: Final = re.compile(r"^(?P<fence>`{3,}|~{3,})[ \t]*\{?(?P<language>[\w.+-]*)\}?(?P<words>[^`\n]*)$")
_CODE: Final = {"python": "", "py": "", "code-cell": "", "ipython3": "", "sql": "%%sql\n", "bash": "%%bash\n"}
_MARKER: Final = re.compile(r"^# ?%%(?P<words>.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoredCell:
    """One cell as the author wrote it: ``line`` is where its source begins in the file, 0 in ``.ipynb``."""

    type: CellType
    source: str
    role: TaskRole
    id: str = ""
    line: int = 0


def read_authored(text: str, file: str) -> list[AuthoredCell]:
    """The cells that are released, in order, with ids that nobody shares.

    Raises:
        InvalidNotebookError
    """
    if file.endswith(".ipynb"):
        cells = list(_from_ipynb(text, file))
    else:
        read = _from_markdown(text) if file.endswith(".md") else _from_percent(text)
        cells = [cell for words, cell in read if AUTHOR not in words]
    return [replace(cell, source=cell.source.rstrip("\n")) for cell in cells]


def with_ids(cells: Sequence[AuthoredCell], task: str) -> list[AuthoredCell]:
    """The cells, each with an id of its own: the author's, else one that stays as long as its kind's order does."""
    taken = {cell.id for cell in cells if cell.id}
    seen: set[str] = set()
    counts: dict[str, int] = {}
    named = []
    for cell in cells:
        identifier = cell.id
        if not CELL_ID.fullmatch(identifier) or identifier in seen:
            kind = "text" if cell.type is not CellType.CODE else WORK if cell.role is TaskRole.WORK else "code"
            identifier = ""
            while not identifier or identifier in taken:
                counts[kind] = counts.get(kind, 0) + 1
                identifier = f"{task[:50]}-{kind}-{counts[kind]}"
        taken.add(identifier)
        seen.add(identifier)
        named.append(replace(cell, id=identifier))
    return named


def _from_ipynb(text: str, file: str) -> Iterator[AuthoredCell]:
    for cell in read_notebook(text, file).cells:
        if AUTHOR in cell.tags:
            continue
        is_work = WORK in cell.tags or (cell.task is not None and cell.task.role is TaskRole.WORK)
        role = TaskRole.WORK if is_work and cell.type is CellType.CODE else TaskRole.TASK
        yield AuthoredCell(type=cell.type, source=cell.source, role=role, id=cell.id)


def _from_markdown(text: str) -> Iterator[tuple[set[str], AuthoredCell]]:
    prose: list[str] = []
    prose_line = 1
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        magic = _CODE.get(fence["language"].lower()) if fence is not None else None
        end = _closing(lines, at, fence["fence"]) if fence is not None else at
        if fence is None or magic is None:
            # A fence of another language is prose: an output that is shown, say.
            prose += lines[at : end + 1]
            at = end + 1
            continue
        yield from _prose(prose, prose_line)
        yield _code(magic + "\n".join(lines[at + 1 : end]), fence["words"], at + 2)
        prose, prose_line, at = [], end + 2, end + 1
    yield from _prose(prose, prose_line)


def _closing(lines: Sequence[str], start: int, fence: str) -> int:
    for number in range(start + 1, len(lines)):
        line = lines[number].rstrip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return number
    raise InvalidNotebookError("notebook.md", f"the fence of line {start + 1} is never closed; close it with {fence}")


def _prose(lines: Sequence[str], line: int) -> Iterator[tuple[set[str], AuthoredCell]]:
    source = "\n".join(lines).strip("\n")
    if source.strip():
        yield set(), AuthoredCell(type=CellType.MARKDOWN, source=source, role=TaskRole.TASK, line=line)


def _from_percent(text: str) -> Iterator[tuple[set[str], AuthoredCell]]:
    words: str | None = None
    begun, gathered = 1, list[str]()
    for number, line in enumerate([*text.split("\n"), "# %% end"], start=1):
        marker = _MARKER.match(line)
        if marker is None:
            gathered.append(line)
            continue
        source = "\n".join(gathered).strip("\n")
        if source.strip() or words is not None:
            yield _percent_cell(source, words or "", begun)
        words, begun, gathered = marker["words"], number + 1, []


def _percent_cell(source: str, words: str, line: int) -> tuple[set[str], AuthoredCell]:
    if "[markdown]" not in words and "[md]" not in words:
        return _code(source, words, line)
    uncommented = "\n".join(re.sub(r"^# ?", "", each) for each in source.split("\n"))
    cell = AuthoredCell(type=CellType.MARKDOWN, source=uncommented, role=TaskRole.TASK, line=line)
    return set(words.split()), replace(cell, id=_named(words.split()))


def _code(source: str, words: str, line: int) -> tuple[set[str], AuthoredCell]:
    said = words.replace("{", " ").replace("}", " ").replace(".", " ").split()
    role = TaskRole.WORK if WORK in said else TaskRole.TASK
    return set(said), AuthoredCell(type=CellType.CODE, source=source, role=role, line=line, id=_named(said))


def _named(words: Sequence[str]) -> str:
    return next((word[3:] for word in words if word.startswith("id=")), "")


def as_notebook(cells: Sequence[AuthoredCell], mark: TaskMark) -> dict[str, Any]:
    """The cells as a released notebook (nbformat 4.5): no outputs, no metadata but what marks the task."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "ltt_task": {"course": mark.course, "task": mark.task},
        },
        "cells": [_as_cell(cell, replace(mark, role=cell.role)) for cell in cells],
    }


def _as_cell(cell: AuthoredCell, mark: TaskMark) -> Mapping[str, Any]:
    read = {
        "id": cell.id,
        "cell_type": cell.type.value,
        "metadata": {"ltt_task": mark.as_metadata()},
        "source": cell.source,
    }
    return read | ({"outputs": [], "execution_count": None} if cell.type is CellType.CODE else {})
