"""Which names a cell makes and reads, with their place and, where it is plain, their value."""

from __future__ import annotations

import ast
import sys
from bisect import bisect_left
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Scope = FunctionNode | ast.Lambda | ast.ClassDef | None

_COMPREHENSION: Scope = ast.parse("lambda: 0", mode="eval").body  # type: ignore[assignment]
"""Stands for the scope of any comprehension: its names are nobody else's."""


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A name is made: ``kind`` is assign, augment, for, with, import, def, class, param, except, delete or other.

    ``function`` is the scope (None: the notebook's own names); ``value`` the expression assigned, if one is.
    """

    name: str
    line: int
    kind: str
    function: Scope = None
    value: ast.expr | None = None
    node: ast.AST | None = None


LAST = sys.maxsize
"""A line below every line."""


@dataclass(slots=True)
class Bindings:
    """``made`` in the order of the source; ``read``: (name, line, scope) of every use."""

    made: list[Binding] = field(default_factory=list)
    read: list[tuple[str, int, Scope]] = field(default_factory=list)
    _by_name: dict[str, list[Binding]] = field(default_factory=dict)
    _by_scope: dict[tuple[str, int], list[Binding]] = field(default_factory=dict)

    def before(self, name: str, scope: Scope, line: int) -> Binding | None:
        """The last binding of a name in one scope that stands above ``line``."""
        if not self._by_scope:
            for binding in self.made:
                self._by_scope.setdefault((binding.name, id(binding.function)), []).append(binding)
        found = self._by_scope.get((name, id(scope)), [])
        index = bisect_left(found, line, key=lambda binding: binding.line)
        return found[index - 1] if index else None

    def named(self, name: str) -> list[Binding]:
        """The bindings of one name, in the order of the source."""
        if not self._by_name:
            for binding in self.made:
                self._by_name.setdefault(binding.name, []).append(binding)
        return self._by_name.get(name, [])


def bindings_of(tree: ast.Module | None) -> Bindings:
    """Collect over a whole tree; a tree nested beyond reason gives what was seen until then."""
    found = Bindings()
    if tree is None:
        return found
    waiting: list[tuple[ast.AST, Scope]] = [(node, None) for node in reversed(tree.body)]
    declared = _declared_global(tree)
    while waiting:
        node, scope = waiting.pop()
        inner = _note(node, scope, found, declared)
        waiting.extend((child, inner) for child in reversed(list(ast.iter_child_nodes(node))))
    found.made.sort(key=lambda binding: binding.line)
    return found


def _declared_global(tree: ast.Module) -> frozenset[tuple[int, str]]:
    """Pairs of function identity and name declared ``global`` there."""
    pairs: set[tuple[int, str]] = set()
    for function in ast.walk(tree):
        if isinstance(function, FunctionNode):
            for node in ast.walk(function):
                if isinstance(node, ast.Global):
                    pairs.update((id(function), name) for name in node.names)
    return frozenset(pairs)


def _note(  # noqa: C901, PLR0912 - one flat case a node class, a table in code
    node: ast.AST, scope: Scope, found: Bindings, declared: frozenset[tuple[int, str]]
) -> Scope:
    """Record what one node binds or reads; returns the scope of its children."""

    def make(name: str, line: int, kind: str, value: ast.expr | None = None) -> None:
        home = None if scope is not None and (id(scope), name) in declared else scope
        found.made.append(Binding(name, line, kind, home, value, node))

    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            make(node.name, node.lineno, "def")
            _parameters(node, found)
            return node
        case ast.Lambda():
            _parameters(node, found)
            return node
        case ast.ClassDef():
            make(node.name, node.lineno, "class")
            return node
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                make(alias.asname or alias.name.split(".")[0], node.lineno, "import")
        case ast.Assign():
            for target in node.targets:
                _targets(target, node.value, "assign", make)
        case ast.AnnAssign() if node.value is not None:
            _targets(node.target, node.value, "assign", make)
        case ast.AugAssign():
            _targets(node.target, None, "augment", make)
        case ast.NamedExpr():
            _targets(node.target, node.value, "assign", make)
        case ast.For() | ast.AsyncFor():
            _targets(node.target, None, "for", make)
        case ast.comprehension():
            for name in ast.walk(node.target):
                if isinstance(name, ast.Name):
                    found.made.append(Binding(name.id, name.lineno, "other", _COMPREHENSION, None, node))
        case ast.withitem() if node.optional_vars is not None:
            _targets(node.optional_vars, node.context_expr, "with", make)
        case ast.ExceptHandler() if node.name:
            make(node.name, node.lineno, "except")
        case ast.MatchAs() | ast.MatchStar() if node.name:
            make(node.name, node.lineno, "other")
        case ast.MatchMapping() if node.rest:
            make(node.rest, node.lineno, "other")
        case ast.Name(ctx=ast.Load()):
            found.read.append((node.id, node.lineno, scope))
        case ast.Name(ctx=ast.Del()):
            make(node.id, node.lineno, "delete")
        case _:
            pass
    return scope


def _targets(target: ast.expr, value: ast.expr | None, kind: str, make: object) -> None:
    assert callable(make)
    if isinstance(target, ast.Name):
        make(target.id, target.lineno, kind, value)
        return
    if isinstance(target, ast.Tuple | ast.List):
        values: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            values = list(value.elts)
        for part, part_value in zip(target.elts, values, strict=True):
            _targets(part, part_value, kind, make)
    elif isinstance(target, ast.Starred):
        _targets(target.value, None, kind, make)


def _parameters(node: FunctionNode | ast.Lambda, found: Bindings) -> None:
    every = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
    for arg in [*every, *filter(None, (node.args.vararg, node.args.kwarg))]:
        found.made.append(Binding(arg.arg, arg.lineno, "param", node, None, arg))
