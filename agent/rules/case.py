"""One raised error with all that the rules may look at."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from agent.rules.book import Book, Page
from agent.rules.infer import Reader
from agent.rules.trace import Trace, line_in_message, message_without_place, read_trace
from agent.rules.wording import Explanation, which_cell

MAX_LINE = 500
"""Characters of a line that the rules search with patterns."""

N = TypeVar("N", bound=ast.AST)

SYNTAX_ERRORS = frozenset({"SyntaxError", "IndentationError", "TabError"})


@dataclass(frozen=True)
class Case:
    """``error``: the exception's class name. ``message``: its value. ``line``: the learner's line in ``page``.

    ``frame_page`` and ``frame_line`` are where the raise was seen innermost in the learner's code: the same place
    unless it happened in a function that another cell defines. ``unread``: Python could not read the cell at all.
    """

    book: Book
    page: Page
    error: str
    message: str
    trace: Trace
    line: int
    frame_page: Page
    frame_line: int
    unread: bool = False

    @cached_property
    def reader(self) -> Reader:
        """What can be told about values at the place of the raise."""
        return Reader(self.book, self.frame_page, self.frame_line)

    def nodes(self, of: type[N]) -> Iterator[N]:
        """Nodes of that class at the place of the raise, outermost first."""
        return (node for node in self.frame_page.nodes_at(self.frame_line) if isinstance(node, of))

    def text(self, node: ast.AST) -> str:
        """The source of a node at the place of the raise."""
        return self.frame_page.text_of(node)

    @property
    def line_text(self) -> str:
        """The line that raised; a line of endless length is cut."""
        return self.frame_page.line_text(self.frame_line)[:MAX_LINE]

    @property
    def elsewhere(self) -> str:
        """A sentence about where the raising function stands, '' when it stands in this cell."""
        if self.frame_page is self.page:
            return ""
        name = next((f.function for f in reversed(self.trace.frames) if f.function), "")
        what = f"the function `{name}`" if name.isidentifier() else "a function"
        return f" It happened inside {what}, at line {self.frame_line} of {which_cell(self.frame_page.cell)}."


Rule = Callable[[Case], Explanation | None]


def read_case(book: Book, page: Page, error: str, message: str, traceback: str) -> Case:
    """Find the place of an error from its traceback."""
    trace = read_trace(traceback)
    if error in SYNTAX_ERRORS and not _in_other_code(trace):
        line = line_in_message(message) or (trace.own[-1].line if trace.own else 1)
        line = _settle(page, line, "")
        return Case(book, page, error, message_without_place(message), trace, line, page, line, unread=True)
    if page.code.cell_magic and trace.timed_line is not None:
        line = _settle(page, trace.timed_line + 1, "")
        return Case(book, page, error, message, trace, line, page, line)
    own = trace.own
    line = _settle(page, own[-1].line, own[-1].shown) if own else _first_line(page)
    frame_page, frame_line = page, line
    last = trace.frames[-1] if trace.frames else None
    if last is not None and last.number != trace.number:
        other = book.page_run_as(last.number)
        if other is not None and other is not page:
            frame_page, frame_line = other, _settle(other, last.line, last.shown)
    return Case(book, page, error, message, trace, line, frame_page, frame_line)


def _in_other_code(trace: Trace) -> bool:
    """Whether a line of the cell was run, and what could not be read is a text or a file that it handed on."""
    return trace.in_library and bool(trace.frames)


def _first_line(page: Page) -> int:
    return next((i for i, text in enumerate(page.code.lines, 1) if text.strip()), 1)


def _settle(page: Page, line: int, shown: str) -> int:
    """The cell's own number of a line that the kernel counted after IPython's changes to the source."""
    count = max(len(page.code.lines), 1)
    guess = min(max(line + page.code.skipped, 1), count)
    if not shown or page.line_text(guess).strip() == shown:
        return guess
    same = [i for i, text in enumerate(page.code.lines, 1) if text.strip() == shown]
    return min(same, key=lambda i: abs(i - guess)) if same else guess
