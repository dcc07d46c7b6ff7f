"""The learner's source as cells and as a syntax tree: what a notebook runs, and what its work cells use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ltt_collab.model.cells import Cell, CellType, Notebook
from ltt_collab.model.courses import CONSTRUCTS, Check, Task, TaskRole

_HARMLESS_MAGICS: Final = ("%%time", "%%capture", "%%timeit")
_NOT_PYTHON: Final = re.compile(r"^(\s*)(?:[%!?]|[\w.]+\s*=\s*[%!]|\S+\?{1,2}\s*$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCell:
    """A code cell to run; ``number`` counts the notebook's code cells from 1, as their run numbers do from the top."""

    number: int
    source: str
    is_work: bool
    cell: Cell


def code_cells(notebook: Notebook, task: Task) -> list[CodeCell]:
    """The learner's code cells in order, ours left out; where no cell is marked as the task's work, all are."""
    cells = [cell for cell in notebook.cells if cell.type is CellType.CODE and cell.ownership is None]
    marked = {cell.id for cell in cells if _is_work(cell, task)}
    return [
        CodeCell(number=number, source=cell.source, is_work=not marked or cell.id in marked, cell=cell)
        for number, cell in enumerate(cells, 1)
    ]


def _is_work(cell: Cell, task: Task) -> bool:
    mark = cell.task
    return mark is not None and mark.task == task.id and mark.role is TaskRole.WORK


def python_of(source: str) -> str:
    """A cell's Python with as many lines: magics and shell lines left out; '' for a cell in another language."""
    lines = source.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(_HARMLESS_MAGICS):
        return ""
    return "\n".join(match.group(1) + "pass" if (match := _NOT_PYTHON.match(line)) else line for line in lines)


def trees(cells: Sequence[CodeCell]) -> Iterator[ast.Module]:
    """The syntax trees of the work cells that are valid Python."""
    for cell in cells:
        if cell.is_work:
            try:
                yield ast.parse(python_of(cell.source))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue  # the run says what is wrong with it


def usage_fault(check: Check, cells: Sequence[CodeCell]) -> str | None:
    """What a SOURCE check finds, as a sentence; None when it passes."""
    parsed = list(trees(cells))
    used = {name for name in (*check.must_use, *check.must_not_use) if _is_used(name, parsed)}
    for name in check.must_use:
        if name not in used:
            return f"use '{name}' in your solution"
    for name in check.must_not_use:
        if name in used:
            return f"solve it without '{name}'"
    return None


def _is_used(name: str, parsed: Sequence[ast.Module]) -> bool:
    classes = CONSTRUCTS.get(name)
    for tree in parsed:
        for node in ast.walk(tree):
            if classes is not None:
                if type(node).__name__ in classes:
                    return True
            elif name in _names(node):
                return True
    return False


def _names(node: ast.AST) -> Iterator[str]:
    """The names that a node reads: ``np.mean`` gives ``np.mean`` and ``mean``."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            yield name
        case ast.Attribute(attr=attribute):
            yield attribute
            yield ast.unparse(node)
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=module, names=names):
            yield module or ""
            yield from (alias.name for alias in names)
            yield from (f"{module}.{alias.name}" for alias in names)
        case _:
            return


def operands(expression: str) -> tuple[str, ...]:
    """The expression, and both sides where it compares two."""
    try:
        body = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return (expression,)
    if isinstance(body, ast.Compare) and len(body.ops) == 1:
        return (expression, ast.unparse(body.left), ast.unparse(body.comparators[0]))
    return (expression,)


def defined_names(cells: Sequence[CodeCell]) -> set[str]:
    """The names that the cells bind at top level: for did-you-mean."""
    names: set[str] = set()
    for cell in cells:
        try:
            tree = ast.parse(python_of(cell.source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                    names.add(name)
                case ast.Name(id=name, ctx=ast.Store()):
                    names.add(name)
                case ast.alias(name=name, asname=alias):
                    names.add(alias or name.partition(".")[0])
                case _:
                    pass
    return names
