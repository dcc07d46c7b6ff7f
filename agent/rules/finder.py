"""The findings of a notebook: at most one a cell, the first cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from agent.rules.book import Book, Page
from agent.rules.case import read_case
from agent.rules.cellcode import syntax_error
from agent.rules.kinds import Kind
from agent.rules.silent import definitions, loops, order, statements, values
from agent.rules.table import explain
from agent.rules.wording import Explanation
from ltt_collab.model.cells import Cell, Notebook
from ltt_collab.model.edits import RunError
from ltt_collab.model.findings import Finding
from ltt_collab.model.ids import CellId

IGNORED_ERRORS = frozenset({"KeyboardInterrupt", "SystemExit"})
"""Ends that somebody wanted."""
_NO_STDIN = "StdinNotImplementedError"
MAX_MESSAGE = 2000
"""Characters of an error's value that the rules read."""
_MOST = 50
"""Silent findings of one rule in one cell that are compared; the first is shown."""

SilentRule = Callable[[Book, Page], Iterator[Explanation]]

SILENT_RULES: tuple[SilentRule, ...] = (
    statements.in_place_results,
    statements.lost_statements,
    loops.endless_loops,
    loops.returns_in_loops,
    loops.changed_while_looping,
    definitions.mutable_defaults,
    definitions.hidden_builtins,
    definitions.unreachable,
    definitions.missing_returns,
    values.text_against_number,
    values.always_true,
    values.identity_of_literal,
    values.reversed_operators,
    values.missing_f,
    values.repeated_keys,
    order.undefined_names,
    order.run_order,
)

_UNREADABLE = (RecursionError, MemoryError)
"""What a source nested beyond reason may cost; it is then as if the rule had nothing to say."""


def find(notebook: Notebook) -> tuple[Finding, ...]:
    """All findings, in the order of the cells; never raises, whatever the notebook holds."""
    if notebook.language != "python":
        return ()
    book = Book.read(notebook)
    found = (_of_page(book, page) for page in book.pages)
    return tuple(finding for finding in found if finding is not None)


def find_error(notebook: Notebook, cell_id: CellId, error: RunError) -> Finding | None:
    """The finding about one error in one cell; None when there is nothing to say."""
    cell = notebook.cell(cell_id)
    if cell is None or notebook.language != "python" or error.name in IGNORED_ERRORS:
        return None
    book = Book.read(notebook)
    page = next((p for p in book.pages if p.cell is cell), None)
    if page is None:
        return None
    return _finding(page, _of_error(book, page, error.name, error.value, "\n".join(error.traceback)))


def find_in_cell(notebook: Notebook, cell_id: CellId) -> Finding | None:
    """The finding of one cell, raised or silent; None when there is nothing to say."""
    if notebook.language != "python":
        return None
    book = Book.read(notebook)
    page = next((p for p in book.pages if p.cell.id == cell_id), None)
    if page is None:
        return None
    if page.cell.execution_count is None and not page.cell.outputs and not _is_running(page.cell):
        return _finding(page, _before_run(book, page))
    return _of_page(book, page)


def _of_page(book: Book, page: Page) -> Finding | None:
    error = page.cell.error
    if error is None:
        return _finding(page, _silent(book, page)) if not _is_running(page.cell) else None
    if error.error_name in IGNORED_ERRORS:
        silent = _silent(book, page)
        return _finding(page, silent if silent is not None and silent.kind == Kind.ENDLESS_LOOP else None)
    if error.error_name == _NO_STDIN and (silent := _silent(book, page)) is not None:
        return _finding(page, silent)
    return _finding(page, _of_error(book, page, error.error_name, error.error_value, error.text))


def _before_run(book: Book, page: Page) -> Explanation | None:
    """What would go wrong with a cell that somebody asks about before it ran."""
    error = syntax_error(page.code)
    if error is not None:
        return _of_error(book, page, "SyntaxError", error, "")
    return _silent(book, page, order.names_never_made)


def _is_running(cell: Cell) -> bool:
    """A running cell is judged when it is done; one that seems to run for ever is the triggers' affair."""
    return cell.running


def _of_error(book: Book, page: Page, name: str, value: str, traceback: str) -> Explanation | None:
    name = name.rsplit(".", 1)[-1].strip()
    if not name:
        return None
    try:
        case = read_case(book, page, name, value[:MAX_MESSAGE], traceback)
        found = explain(case)
    except _UNREADABLE:
        return None
    return found if found.line is not None else replace(found, line=case.line)


def _silent(book: Book, page: Page, *more: SilentRule) -> Explanation | None:
    """The first silent error of a cell, by line, then by the order of the rules, ``more`` of them last."""
    if page.code.tree is None or page.code.cell_magic:
        return None
    best: Explanation | None = None
    for rule in (*SILENT_RULES, *more):
        try:
            for found in islice(rule(book, page), _MOST):
                if best is None or (found.line or 0) < (best.line or 0):
                    best = found
        except _UNREADABLE:
            continue
    return best


def _finding(page: Page, found: Explanation | None) -> Finding | None:
    if found is None:
        return None
    line = min(max(found.line or 1, 1), max(len(page.code.lines), 1))
    return Finding(
        cell_id=page.cell.id,
        cell_index=page.index,
        line=line,
        kind=str(found.kind),
        where=found.where,
        what=found.what,
        how=found.how,
    )
