"""What an earlier life, or a reload, left in the document: which marked cells are ours to go on with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ltt_collab.model.causes import is_about, is_check_key, is_question_key
from ltt_collab.model.cells import Cell, CellRole, Ownership
from ltt_collab.model.edits import RunError
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.model.suggestions import EndReason


@dataclass(frozen=True, slots=True)
class Marked:
    """A hint cell that carries our mark, and whether it is the one we wrote (and not a learner's copy)."""

    cell: Cell
    mark: Ownership
    original: bool


def marked_cells(cells: Sequence[Cell], known: dict[SuggestionId, CellId]) -> Iterator[Marked]:
    """Every hint cell with our mark, in order; ``known`` says which cell a suggestion was written in.

    Without that the original is the one directly below the cell that it is about, else the first.
    """
    by_suggestion: dict[SuggestionId, list[int]] = {}
    for index, cell in enumerate(cells):
        if cell.ownership is not None and cell.ownership.role is CellRole.HINT:
            by_suggestion.setdefault(cell.ownership.suggestion, []).append(index)
    for suggestion, indexes in by_suggestion.items():
        original = _original(cells, indexes, known.get(suggestion))
        for index in indexes:
            mark = cells[index].ownership
            if mark is not None:
                yield Marked(cells[index], mark, index == original)


def _original(cells: Sequence[Cell], indexes: list[int], known: CellId | None) -> int | None:
    if known is not None and any(cells[index].id == known for index in indexes):
        return next(index for index in indexes if cells[index].id == known)
    for index in indexes:
        mark = cells[index].ownership
        if mark is not None and index > 0 and cells[index - 1].id == mark.about:
            return index
    return indexes[0]


def why_over(marked: Marked, about: Cell | None, cause_key: str | None) -> EndReason | None:
    """Why our note has nothing to do here any more, as far as the document tells; None: it goes on.

    ``cause_key``: '' for a note that names no error, None when its cause is not remembered.
    """
    if marked.mark.is_unfinished(marked.cell.source):
        return EndReason.WITHDRAWN
    if marked.mark.written and marked.mark.written != marked.cell.hash:
        return EndReason.ADOPTED
    if about is None:
        return EndReason.STALE
    if about.running or (cause_key and (is_question_key(cause_key) or is_check_key(cause_key))):
        return None  # the cell's outputs say nothing about a question or a check
    if about.error is None:
        # A count without an error: it ran well while nobody watched. No count: its outputs were cleared, who knows.
        return EndReason.ACTED_ON if about.execution_count is not None and cause_key != "" else None
    error = RunError(name=about.error.error_name, value=about.error.error_value)
    return EndReason.STALE if cause_key and not is_about(cause_key, about.id, error) else None
