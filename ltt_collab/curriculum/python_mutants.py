"""Breaks Python source in one small way at a time, by its syntax tree."""

from __future__ import annotations

import ast
import copy
import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from ltt_collab.model.solving import PART

PRAGMA: Final = re.compile(r"(#|--)\s*no mutants\b", re.IGNORECASE)
"""Says of a line that it stays whole."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A broken solution: ``line`` of the reference file, the line ``before`` and ``after``."""

    source: str
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"'{self.before.strip()}' → '{self.after.strip() or 'nothing'}'"


def python_mutants(reference: str, limit: int) -> Iterator[Mutant]:
    """Mutants of a solution, at ``limit`` places at most, evenly spread; none of one that is not Python."""
    try:
        whole = ast.parse(reference)
    except (SyntaxError, ValueError):
        return
    lines = reference.split("\n")
    spared = _spared(whole, lines)
    before = ast.unparse(whole)
    for change in spread([change for change in _changes(whole) if change.node.lineno not in spared], limit):
        changed = copy.deepcopy(whole)
        _Replace(change).visit(changed)
        after = ast.unparse(ast.fix_missing_locations(changed))
        if after != before:
            old, new = first_difference(before.split("\n"), after.split("\n"))
            yield Mutant(source=_with_parts(lines, changed), line=change.node.lineno, before=old, after=new)


def spread(items: Sequence[T], limit: int) -> Sequence[T]:
    """At most so many of the items, evenly spread over them."""
    if len(items) <= limit:
        return items
    return [items[number * len(items) // limit] for number in range(limit)]


def _with_parts(lines: Sequence[str], tree: ast.Module) -> str:
    """The tree's source, with the lines between the parts of the reference where they were."""
    markers = [number for number, line in enumerate(lines, start=1) if PART.match(line)]
    text: list[str] = []
    for statement in tree.body:
        while markers and markers[0] < statement.lineno:
            text.append(lines[markers.pop(0) - 1])
        text.append(ast.unparse(statement))
    return "\n".join([*text, *(lines[number - 1] for number in markers)]) + "\n"


def _spared(tree: ast.Module, lines: Sequence[str]) -> set[int]:
    """Lines that stay: those that say so, and texts of errors and of documentation, which nobody checks."""
    spared = {number for number, line in enumerate(lines, start=1) if PRAGMA.search(line)}
    return spared | {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


@dataclass(frozen=True, slots=True)
class _Change:
    """One node of the tree, by its number in ``ast.walk``, and what stands there instead; None: nothing."""

    number: int
    node: ast.expr | ast.stmt
    instead: Callable[[], ast.AST | None]


class _Replace(ast.NodeTransformer):
    """Replaces the one node; numbers are those of ``_numbered`` in the copied tree."""

    def __init__(self, change: _Change) -> None:
        self._change, self._target = change, None  # type: tuple[_Change, ast.AST | None]

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Module):
            self._target = _numbered(node)[self._change.number]
        if node is self._target:
            new = self._change.instead()
            return ast.copy_location(ast.Pass() if new is None else new, node)
        visited: ast.AST = self.generic_visit(node)
        return visited


def _numbered(tree: ast.AST) -> list[ast.AST]:
    return list(ast.walk(tree))


def _changes(tree: ast.Module) -> Iterator[_Change]:
    silent = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    silent |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.arguments) for part in _annotations(node)}
    known = _names_given_twice(tree)
    for number, node in enumerate(_numbered(tree)):
        if isinstance(node, ast.Assign) and all(_is_changed(target, known) for target in node.targets):
            yield _Change(number, node, lambda: None)
        if not isinstance(node, ast.expr | ast.stmt) or (id(node) in silent and not isinstance(node, ast.Raise)):
            continue
        for instead in _instead_of(node):
            yield _Change(number, node, instead)


def _names_given_twice(tree: ast.Module) -> set[str]:
    """Names that lose a value, and not all they have, with one assignment."""
    stored = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return {name for name in stored if stored.count(name) > 1}


def _is_changed(target: ast.expr, known: set[str]) -> bool:
    return target.id in known if isinstance(target, ast.Name) else isinstance(target, ast.Subscript | ast.Attribute)


def _annotations(arguments: ast.arguments) -> Iterator[ast.AST]:
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        if argument.annotation is not None:
            yield from ast.walk(argument.annotation)


ARITHMETIC: Final[dict[type[ast.operator], tuple[type[ast.operator], ...]]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
}
COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any", "sum": "len", "sorted": "list"}
METHODS: Final = {"upper": "lower", "lower": "upper", "sum": "max", "mean": "sum", "max": "min", "min": "max",
                  "head": "tail", "tail": "head", "idxmax": "idxmin", "idxmin": "idxmax", "keys": "values",
                  "values": "keys", "startswith": "endswith", "endswith": "startswith"}  # fmt: skip

DROPPED: Final = (ast.Expr, ast.AugAssign, ast.Raise, ast.Break, ast.Continue, ast.Delete)


def _instead_of(node: ast.expr | ast.stmt) -> Iterator[Callable[[], ast.AST | None]]:
    """What could stand there by mistake; each call gives a tree of its own."""
    if isinstance(node, DROPPED):
        yield lambda: None
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op):
            yield from (_with(node, op=other()) for other in ARITHMETIC.get(type(op), ()))
        case ast.Compare(ops=[compared]):
            yield from (_with(node, ops=[other()]) for other in COMPARISONS.get(type(compared), ()))
        case ast.Name(id=name) if name in NAMES:
            yield _with(node, id=NAMES[name])
        case ast.Attribute(attr=name) if name in METHODS:
            yield _with(node, attr=METHODS[name])
        case ast.Constant(value=value):
            yield from (_with(node, value=other) for other in _other_constants(value))
        case _:
            yield from _other_ways(node)


def _other_ways(node: ast.expr | ast.stmt) -> Iterator[Callable[[], ast.AST]]:
    """What is decided, or given back, by mistake."""
    match node:
        case ast.BoolOp(op=op):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield lambda: copy.deepcopy(operand)
        case ast.Return(value=ast.expr()):
            yield _with(node, value=ast.Constant(None))
        case ast.If() | ast.IfExp():
            yield from (_with(node, test=ast.Constant(always)) for always in (True, False))
        case _:
            pass


def _with(node: ast.AST, **fields: object) -> Callable[[], ast.AST]:
    def build() -> ast.AST:
        changed = copy.deepcopy(node)
        for name, value in fields.items():
            setattr(changed, name, value)
        return changed

    return build


def _other_constants(value: object) -> tuple[object, ...]:
    match value:
        case bool():
            return (not value,)
        case int():
            return (value + 1, value - 1)
        case float():
            return (value + 1.0,)
        case str():
            return ("",) if value else ("x",)
    return ()


def first_difference(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """The first lines that differ, as they were and as they are."""
    for tag, start, end, other, other_end in difflib.SequenceMatcher(None, before, after).get_opcodes():
        if tag != "equal":
            return " ".join(before[start:end]), " ".join(after[other:other_end])
    return "", ""
