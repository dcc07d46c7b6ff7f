"""A notebook as the rules read it: each code cell parsed once, with the names it makes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from agent.rules.bindings import LAST, Binding, Bindings, FunctionNode, bindings_of
from agent.rules.cellcode import UNREAD, CellCode, read_cell
from ltt_collab.model.cells import Cell, CellType, Notebook

MAX_CELLS = 500
MAX_CHARACTERS = 150_000
"""Read of one notebook, so that a finding stays quick; what is beyond counts as not understood."""


@dataclass(frozen=True)
class Page:
    """One code cell of the learner's; ``index`` counts over all cells."""

    index: int
    cell: Cell
    code: CellCode

    @cached_property
    def names(self) -> Bindings:
        """What this cell binds and reads."""
        return bindings_of(self.code.tree)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.code.tree)) if self.code.tree is not None else ()

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, '' beyond the end."""
        return self.code.lines[line - 1] if 0 < line <= len(self.code.lines) else ""

    def text_of(self, node: ast.AST) -> str:
        """The source of a node as the learner wrote it, on one line."""
        first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", None) or 0
        if not 0 < first <= last <= len(self._bytes):
            return ""
        # Not ast.get_source_segment: that splits the whole source anew each time.
        lines = self._bytes[first - 1 : last]
        lines[-1] = lines[-1][: getattr(node, "end_col_offset", 0)]
        lines[0] = lines[0][getattr(node, "col_offset", 0) :]
        return b" ".join(lines).decode(errors="replace")

    @cached_property
    def _bytes(self) -> list[bytes]:
        """The lines as the parser counts columns: in UTF-8."""
        return self.code.text.encode(errors="replace").split(b"\n")

    def nodes_at(self, line: int) -> Iterator[ast.AST]:
        """Nodes of the innermost statement that covers a line, on that line if they have one."""
        statement = self.statement_at(line)
        if statement is None:
            return
        for node in _header_nodes(statement):
            first = getattr(node, "lineno", line)
            last = getattr(node, "end_lineno", None) or first
            if first <= line <= last:
                yield node

    def statement_at(self, line: int) -> ast.stmt | None:
        """The innermost statement that covers a line."""
        covering = [s for s in self._statements if s.lineno <= line <= (s.end_lineno or s.lineno)]
        return max(covering, key=lambda s: (s.lineno, s.col_offset), default=None)

    def function_at(self, line: int) -> FunctionNode | None:
        """The innermost function whose body covers a line."""
        covering = [
            f for f in self._functions if f.lineno < line <= (f.end_lineno or f.lineno) or _is_one_line(f, line)
        ]
        return max(covering, key=lambda f: f.lineno, default=None)

    @cached_property
    def _statements(self) -> tuple[ast.stmt, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.stmt))

    @cached_property
    def _functions(self) -> tuple[FunctionNode, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_one_line(function: FunctionNode, line: int) -> bool:
    return function.lineno == line == function.end_lineno


def _header_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """A statement's own nodes, without those of the statements inside it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting.extend(c for c in ast.iter_child_nodes(node) if not isinstance(c, ast.stmt | ast.ExceptHandler))


@dataclass(frozen=True)
class Book:
    """All code cells of the learner's in a notebook."""

    notebook: Notebook
    pages: tuple[Page, ...] = field(default=())

    @classmethod
    def read(cls, notebook: Notebook) -> Book:
        """Parse every code cell that is not ours."""
        pages: list[Page] = []
        room = MAX_CHARACTERS
        for index, cell in enumerate(notebook.cells):
            if cell.type is not CellType.CODE or cell.ownership is not None:
                continue
            if len(pages) == MAX_CELLS:
                break
            room -= len(cell.source)
            pages.append(Page(index, cell, read_cell(cell.source) if room >= 0 else UNREAD))
        return cls(notebook, tuple(pages))

    def page(self, index: int) -> Page | None:
        """The page of that cell index."""
        return next((page for page in self.pages if page.index == index), None)

    def page_run_as(self, number: int | None) -> Page | None:
        """The page whose last run has that number, if exactly one has."""
        if number is None:
            return None
        found = [page for page in self.pages if page.cell.execution_count == number]
        return found[0] if len(found) == 1 else None

    @cached_property
    def global_names(self) -> dict[str, list[tuple[Page, Binding]]]:
        """Names that cells make at their top level (or by ``global``), in the order of the notebook."""
        made: dict[str, list[tuple[Page, Binding]]] = {}
        for page in self.pages:
            for binding in page.names.made:
                if binding.function is None:
                    made.setdefault(binding.name, []).append((page, binding))
        return made

    def function(self, name: str) -> FunctionNode | None:
        """The function of that name, if the notebook makes the name exactly once and by ``def``."""
        made = self.global_names.get(name, [])
        node = made[0][1].node if len(made) == 1 else None
        return node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None

    @cached_property
    def dynamic(self) -> bool:
        """Whether names may exist that cannot be seen in the source."""
        return any(p.code.dynamic or (p.code.tree is None and p.cell.source.strip()) for p in self.pages)

    def latest(self, name: str, page: Page, line: int) -> tuple[Page, Binding] | None:
        """The binding that ``name`` most likely holds when ``line`` of ``page`` runs."""
        function = page.function_at(line)
        if function is not None:
            local = page.names.before(name, function, line) or page.names.before(name, function, LAST)
            top = page.names.before(name, None, LAST)
            if found := local or top:
                return page, found
        else:
            found = page.names.before(name, None, line + 1)
            if found is not None and found.line == line and found.kind not in {"for", "import", "with"}:
                found = page.names.before(name, None, line)
            if found is not None:
                return page, found
        return self._latest_elsewhere(name, page)

    def _latest_elsewhere(self, name: str, page: Page) -> tuple[Page, Binding] | None:
        made = [pair for pair in self.global_names.get(name, []) if pair[0] is not page]
        run = page.cell.execution_count
        if run is not None:
            earlier = [p for p in made if p[0].cell.execution_count is not None and p[0].cell.execution_count < run]
            if earlier:
                return max(earlier, key=lambda pair: (pair[0].cell.execution_count or 0, pair[1].line))
        above = [pair for pair in made if pair[0].index < page.index]
        return above[-1] if above else None
