"""SQL checks: the learner's query on a fresh copy of the database, in a kernel that no learner's Python runs in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ltt_collab.model.courses import Check, Compared, Task
from ltt_collab.ports.kernels import Kernel
from ltt_collab.validation import asking
from ltt_collab.validation.causes import near
from ltt_collab.validation.sources import CodeCell
from ltt_collab.validation.values import Tree

PRISTINE: Final = ".ltt-untouched/"
"""Where a judge's kernel finds the databases as the author made them, whatever the notebook does to its own."""

_NO_TABLE: Final = re.compile(r"no such table: (?:\w+\.)?(\w+)")
_NO_COLUMN: Final = re.compile(r"no such column: (?:(\w+)\.)?(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A query's rows (a list of tuples), or why there are none; ``tables``: each table's columns."""

    rows: Tree | None = None
    error: str = ""
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict)


def databases(task: Task) -> set[str]:
    """The database files that the task's checks query."""
    named = {check.database or task.database for check in task.checks if check.compared is Compared.SQL}
    return {path for path in named if path}


def pristine(task: Task) -> dict[str, bytes]:
    """The databases as files for a judge's kernel."""
    files = dict(task.data) | dict(task.private)
    return {PRISTINE + path: files[path] for path in databases(task) if path in files}


def query_in_cells(cells: Sequence[CodeCell]) -> str:
    """The query that is the first work cell itself, less its ``%%sql`` line."""
    source = next((cell.source for cell in cells if cell.is_work), "")
    lines = source.strip().splitlines()
    if lines and lines[0].startswith("%%"):
        lines = lines[1:]
    return re.sub(r"^%sql\s+(?:sqlite:\S+\s*)?", "", "\n".join(lines)).strip()


async def rows_of(kernel: Kernel, task: Task, check: Check, script: str, query: str) -> Rows:
    """The rows of a query on a fresh copy of the check's database.

    Raises:
        KernelError, NoAnswerError
    """
    path = check.database or task.database
    database = PRISTINE + path if path else ""
    nonce = asking.new_nonce()
    subject = f"ltt_rows({database!r}, {script!r}, {query!r})"
    given = await kernel.evaluate({"rows": asking.question("ltt_ask", nonce, [(subject,)])}, seconds=check.time_limit)
    [told] = asking.read(given["rows"], nonce, 1)
    match told.value:
        case ["tuple", _, [["str", "rows"], _, rows]]:
            return Rows(rows=rows)
        case ["tuple", _, [["str", "error"], ["str", error], ["dict", _, tables]]]:
            named = {name[1]: tuple(column[1] for column in columns[2]) for name, columns in tables}
            return Rows(error=str(error), tables=named)
        case _:
            return Rows(error=f"{told.error_name}: {told.said}" if told.error_name else "no rows came back")


def query_fault(rows: Rows) -> str:
    """Why a query did not run, with the nearest table or column."""
    if match := _NO_TABLE.search(rows.error):
        hint = near(match.group(1), sorted(rows.tables))
        return f"there is no table '{match.group(1)}'. {hint or 'Tables: ' + ', '.join(sorted(rows.tables))}"
    if match := _NO_COLUMN.search(rows.error):
        columns = sorted({column for names in rows.tables.values() for column in names})
        hint = near(match.group(2), columns)
        return f"there is no column '{match.group(2)}'. {hint or 'Columns: ' + ', '.join(columns)}"
    if rows.error == "interrupted":
        return "the query did not end in time; look for a join without a condition"
    if "one statement at a time" in rows.error:
        return "write one query only, without a second one after the semicolon"
    if not rows.error:
        return "the query is empty"
    return f"SQL: {rows.error}"
