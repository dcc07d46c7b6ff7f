"""What the learner's kernel knows that the notebook does not show: columns, schemas, names, types and shapes.

A finding of the rules is made more exact by it. Asked is only about an error of a run of the learner's, by expressions
that only read (``TutorContext.facts``), once a finding; without an answer the finding stays as it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace

from agent.friendly import cause_in_words
from agent.rules.cellcode import parse, read_cell
from agent.rules.kinds import Kind, kind_of_error
from agent.rules.similar import closest
from agent.rules.wording import code, one_of
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import HelpRequested, RunError
from ltt_collab.model.errors import LttError
from ltt_collab.model.findings import Finding
from ltt_collab.ports.insight import FRIENDLY_CAUSE
from ltt_collab.ports.tutor import TutorContext

SAYS_WHAT = 2
"""The rung from which a hint says what is wrong: where to look is told without the kernel."""

MOST_HOLDERS = 4
"""Values of one line that are asked about."""

MOST_TABLES = 8
"""Tables of a data base whose columns are asked for."""

LONGEST = 80
"""Characters of an expression of the learner's that is asked for: a longer one is no name for anything."""

TABLES = "select name from sqlite_master where type = 'table'"

_MISSING = re.compile(r"no such (?:table|column): (?:\w+\.)?([\w]+)|has no column named (\w+)")
_SHAPES = re.compile(r"shape|broadcast|dimension|Length of values|same length|All arrays", re.IGNORECASE)
_MIXED = re.compile(r"unsupported operand|can only concatenate|not supported between|can't multiply sequence")
_MEANT = re.compile(r" ?Did you mean `[^`]*`\?")

Ask = Callable[[Mapping[str, str]], Awaitable[Mapping[str, str]]]
"""Expressions by name to what they gave, as text; those that gave nothing are left out."""


async def refined(
    event: HelpRequested, notebook: Notebook, finding: Finding | None, context: TutorContext
) -> Finding | None:
    """The finding with what the kernel says about it; the same one when it says nothing."""
    error, cell = event.error, notebook.cell(event.cell_id)
    if finding is None or error is None or cell is None or finding.cell_id != cell.id or cell.running:
        return finding
    if event.rung < SAYS_WHAT:
        return finding
    look = _look_for(finding, error)
    line = None if look is None else _line(cell.source, finding.line)
    if (look is None or line is None) and finding.kind != kind_of_error(error.name):
        return finding

    async def ask(expressions: Mapping[str, str]) -> Mapping[str, str]:
        facts = await context.facts(event.cell_id, expressions) if expressions else {}
        return {name: fact.text for name, fact in facts.items() if not fact.error and fact.text}

    try:
        told = await look(error, line, ask) if look is not None and line is not None else await _in_words(error, ask)
    except LttError:
        return finding
    if not told:
        return finding
    what = _MEANT.sub("", finding.what) if "Did you mean" in told else finding.what
    return replace(finding, what=f"{what.rstrip()} {told}")


async def _in_words(error: RunError, ask: Ask) -> str:
    """What another's rules say where ours know nothing."""
    return cause_in_words(_text((await ask({"cause": FRIENDLY_CAUSE})).get("cause", "")), error)


def _text(told: str) -> str:
    """The text that a kernel's answer stands for; '' for one that was cut off."""
    try:
        value = ast.literal_eval(told)
    except (ValueError, SyntaxError):
        return ""
    return value if isinstance(value, str) else ""


Look = Callable[[RunError, ast.stmt, Ask], Awaitable[str]]


def _look_for(finding: Finding, error: RunError) -> Look | None:
    """Which question this finding leaves open."""
    look = _BY_KIND.get(finding.kind)
    if look is None and error.name == "ValueError" and _SHAPES.search(error.value):
        return _shapes
    if look is None and error.name == "TypeError" and _MIXED.search(error.value):
        return _types
    return look


async def _columns(error: RunError, line: ast.stmt, ask: Ask) -> str:
    key = error.value.strip().strip("'\"")
    holders = dict(_readable(node.value for node in ast.walk(line) if isinstance(node, ast.Subscript)))
    asked = {f"c{number}": f"list({each}.columns)" for number, each in enumerate(holders)}
    asked |= {f"k{number}": f"list({each}.keys())" for number, each in enumerate(holders)}
    told = await ask(asked)
    for number, holder in enumerate(holders):
        kind = "columns" if f"c{number}" in told else "keys"
        known = _texts(told.get(f"c{number}") or told.get(f"k{number}") or "")
        if not known or key in known:
            continue
        meant = closest(key, known)
        if meant is not None:
            return f"Did you mean {code(meant)}?"
        return f"The {kind} of {code(holder)} are {one_of(known, 8)}."
    return ""


async def _schema(error: RunError, line: ast.stmt, ask: Ask) -> str:
    found = _MISSING.search(error.value)
    if found is None:
        return ""
    missing = found[1] or found[2]
    holders = dict(_readable(node for node in ast.walk(line) if isinstance(node, ast.Name | ast.Attribute)))
    connections = [each for name in holders for each in (name, f"{name}.connection")]
    asked = {each: f'{each}.execute("{TABLES}").fetchall()' for each in connections}
    told = await ask(asked)
    connection = next((each for each in connections if _texts(told.get(each, ""))), None)
    if connection is None:
        return ""
    tables = [table for table in _texts(told[connection]) if table.isidentifier()]
    if "table" in error.value and "column" not in error.value:
        return _near(missing, tables, "tables")
    pragmas = {each: f'{connection}.execute("pragma table_info({each})").fetchall()' for each in tables[:MOST_TABLES]}
    columns = [column for text in (await ask(pragmas)).values() for column in _second(text)]
    return _near(missing, list(dict.fromkeys(columns)), "columns")


def _near(missing: str, known: list[str], noun: str) -> str:
    meant = closest(missing, known)
    if meant is not None:
        return f"Did you mean {code(meant)}?"
    return f"Its {noun} are {one_of(known, 8)}." if known else ""


async def _names(error: RunError, line: ast.stmt, ask: Ask) -> str:
    """A name that no cell makes any more, and that the kernel still has."""
    del line
    found = re.search(r"name '(\w+)' is not defined", error.value)
    if found is None:
        return ""
    known = [name for name in _texts((await ask({"names": "dir()"})).get("names", "")) if not name.startswith("_")]
    meant = closest(found[1], known)
    return f"Did you mean {code(meant)}? The kernel knows that name, from a cell that was run before." if meant else ""


async def _asserted(error: RunError, line: ast.stmt, ask: Ask) -> str:
    """What the sides of a check are now, of those that can be told without running anything of the learner's."""
    del error
    test = line.test if isinstance(line, ast.Assert) else None
    sides = (test.left, *test.comparators) if isinstance(test, ast.Compare) else () if test is None else (test,)
    texts = [ast.unparse(side) for side in sides if not isinstance(side, ast.Constant)]
    told = await ask({text: text for text in texts if len(text) <= LONGEST})
    return " ".join(f"{code(text)} is {code(value, 40)}." for text, value in told.items())


async def _shapes(error: RunError, line: ast.stmt, ask: Ask) -> str:
    del error
    operands = dict(_readable(_operands(line)))
    asked = {f"s{number}": f"{each}.shape" for number, each in enumerate(operands)}
    asked |= {f"n{number}": f"len({each})" for number, each in enumerate(operands)}
    told = await ask(asked)
    parts = []
    for number, operand in enumerate(operands):
        if shape := told.get(f"s{number}"):
            parts.append(f"{code(operand)} has the shape {code(shape)}")
        elif length := told.get(f"n{number}"):
            parts.append(f"{code(operand)} has the length {code(length)}")
    return f"{', '.join(parts)}." if parts else ""


async def _types(error: RunError, line: ast.stmt, ask: Ask) -> str:
    del error
    operands = dict(_readable(_operands(line)))
    told = await ask({each: f"type({each})" for each in operands})
    parts = [f"{code(each)} is of type {code(kind)}" for each, text in told.items() if (kind := _class(text))]
    return f"{', '.join(parts)}." if parts else ""


def _class(text: str) -> str:
    found = re.search(r"'(?:[\w.]+\.)?(\w+)'", text)
    return found[1] if found else ""


def _operands(line: ast.stmt) -> Iterator[ast.expr]:
    """What the operations and calls of a line work with."""
    for node in ast.walk(line):
        match node:
            case ast.BinOp(left=left, right=right):
                yield from (left, right)
            case ast.AugAssign(target=target, value=value):
                yield from (target, value)
            case ast.Assign(targets=[ast.Subscript(value=holder)], value=value):
                yield from (holder, value)
            case ast.Call(args=arguments):
                yield from arguments
            case _:
                continue


def _readable(nodes: Iterator[ast.expr | ast.AST]) -> Iterator[tuple[str, None]]:
    """The names and parts of values among these, as text, each once and not too many."""
    found: dict[str, None] = {}
    for node in nodes:
        if not all(isinstance(part, _NAMING) for part in ast.walk(node)):
            continue
        text = ast.unparse(node)
        if not isinstance(node, ast.Constant) and len(text) <= LONGEST:
            found[text] = None
    yield from ((text, None) for text in list(found)[:MOST_HOLDERS])


_NAMING = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.expr_context)


def _line(source: str, number: int) -> ast.stmt | None:
    """The innermost statement at a line that runs in the notebook's own names: not one inside a function."""
    tree = parse(read_cell(source).text)
    found: ast.stmt | None = None
    waiting: list[ast.AST] = [] if tree is None else list(tree.body)
    while waiting:
        node = waiting.pop()
        if not (getattr(node, "lineno", 0) <= number <= (getattr(node, "end_lineno", 0) or 0)):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            return None
        if isinstance(node, ast.stmt):
            found = node
        waiting += [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt | ast.ExceptHandler)]
    return found


def _texts(told: str) -> list[str]:
    """The texts in a list, also in one that was cut off, and in a list of rows with one text each."""
    return list(dict.fromkeys(match[2] for match in re.finditer(r"(['\"])(.*?)\1(?=[,)\]])", told)))


def _second(told: str) -> list[str]:
    """The second of each row: in ``table_info`` the column's name."""
    return re.findall(r"\(\d+, '([^']+)'", told)


_BY_KIND: dict[str, Look] = {
    Kind.MISSING_COLUMN: _columns,
    Kind.MISSING_KEY: _columns,
    Kind.SQL_UNKNOWN_TABLE: _schema,
    Kind.SQL_UNKNOWN_COLUMN: _schema,
    Kind.ASSERTION_FAILED: _asserted,
    Kind.UNDEFINED_NAME: _names,
    Kind.MISSING_QUOTES: _names,
}
