"""Which expressions may be asked of a learner's kernel, and how they are put so that they change nothing there."""

from __future__ import annotations

import ast
import keyword
import re

from ltt_collab.peer.friendly import FRIENDLY_CODE
from ltt_collab.ports.insight import FRIENDLY_CAUSE, LONGEST_EXPRESSION

MOST_NODES = 80
"""Of one expression's syntax tree."""

LONGEST_ANSWER = 2_000
"""Characters of one answer; the rest is cut off inside the kernel."""

# ruff: noqa: SIM905 - lists of words read better without a quote around each

CALLS = frozenset(
    "abs all any bool callable dict dir float hasattr int isinstance issubclass len list max min repr round set "
    "sorted str sum tuple type".split()
)
"""Built-in functions that read; a learner's own thing of that name is not called."""

ITERATING = frozenset("all any dict list max min set sorted sum tuple".split())
"""Of these, the ones that would use up a generator or an open file."""

METHODS = frozenset(
    "all any count describe duplicated endswith find head index isalpha isdigit isna isoformat item items keys lower "
    "lstrip max mean min nunique rstrip split splitlines startswith strip sum tail title tolist total_seconds unique "
    "upper value_counts values".split()
)
"""Methods that read, of strings, containers, dates and tables; never called on a module."""

SCHEMA_QUERY = re.compile(
    r"\s*(?:pragma\s+table_info\s*\(\s*[\w\"']+\s*\)|select\s+(?:\*|[\w\s,]+)\s+from\s+sqlite_(?:master|schema)"
    r"(?:\s+where\s+type\s*=\s*'\w+')?)\s*;?\s*",
    re.IGNORECASE,
)
"""What ``connection.execute("…").fetchall()`` may ask of a SQLite database: its tables and their columns."""

_OURS = "__ltt"
_VALUE = "__ltt_value"
_USED_UP = "reading it would use it up"
_PLAIN = (ast.Expression, ast.Load, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Slice, ast.BoolOp)
_SIGNS = (ast.UnaryOp, ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or, ast.Compare, ast.cmpop, ast.keyword)


def as_read_only(expression: str) -> str:
    """The expression, put so that it uses nothing up, adds nothing, and gives a short ``repr``.

    Built-ins are taken from their module: whoever called a list ``list`` gets true answers all the same.

    Raises:
        ValueError: it may do more than read; the message says which part.
    """
    if expression.strip() == FRIENDLY_CAUSE:
        return f"'%.{LONGEST_ANSWER + 1}r' % ({FRIENDLY_CODE},)"
    if len(expression) > LONGEST_EXPRESSION:
        raise ValueError(f"it is longer than {LONGEST_EXPRESSION} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("it is not a Python expression") from None
    if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
        raise ValueError(f"it has more than {MOST_NODES} parts")
    asked = ast.unparse(ast.fix_missing_locations(_Rewriter().visit(tree)))
    return f"(lambda {_OURS}: '%.{LONGEST_ANSWER + 1}r' % ({asked},))(__import__('builtins'))"


def is_readable(expression: str) -> bool:
    """Whether ``as_read_only`` takes it."""
    try:
        as_read_only(expression)
    except ValueError:
        return False
    return True


class _Rewriter(ast.NodeTransformer):
    """Lets through what only reads.

    Invariants:
        1. A node that is not known to read is refused.
        2. Nothing is iterated over that can be iterated over only once, and no default value is made by asking for it.
        3. No module is asked to do anything: ``requests.get`` is not ``dict.get``.
    """

    def visit(self, node: ast.AST) -> ast.AST:
        """Pass or rewrite one node.

        Raises:
            ValueError
        """
        known = isinstance(node, (*_PLAIN, *_SIGNS)) or hasattr(self, f"visit_{type(node).__name__}")
        if not known:  # invariant 1
            raise ValueError(f"{type(node).__name__} is not among what only reads")
        visited: ast.AST = super().visit(node)
        return visited

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A name, none of ours and no dunder."""
        if node.id.startswith("__") or keyword.iskeyword(node.id):
            raise ValueError(f"the name {node.id!r} is not asked for")
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A public attribute."""
        if node.attr.startswith("_"):
            raise ValueError(f"the attribute {node.attr!r} is not public")
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """A comparison; ``in`` looks through what stands on its right (invariant 2)."""
        self.generic_visit(node)
        node.comparators = [
            _whole(right) if isinstance(op, ast.In | ast.NotIn) else right
            for op, right in zip(node.ops, node.comparators, strict=True)
        ]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """An item by a literal; a ``defaultdict`` is not made to grow (invariant 2)."""
        if any(not isinstance(part, (*_PLAIN, *_SIGNS)) for part in ast.walk(node.slice)):
            raise ValueError("an item is asked for by a literal only")
        value = self.visit(node.value)
        if any(isinstance(part, ast.Slice) for part in ast.walk(node.slice)):
            return ast.Subscript(value=_expression(value), slice=node.slice, ctx=ast.Load())
        key = ast.unparse(node.slice)
        return _applied(
            f"{_VALUE}[{key}] if not {_OURS}.hasattr({_OURS}.type({_VALUE}), '__missing__') or ({key}) in {_VALUE}"
            f" else {{}}[{key}]",
            value,
        )

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call of a built-in or a method that reads."""
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            raise ValueError("'*' is not among what only reads")
        if any(each.arg is None or not isinstance(each.value, ast.Constant) for each in node.keywords):
            raise ValueError("a keyword takes a literal only")
        match node.func:
            case ast.Name(id=name) if name in CALLS:
                return self._built_in(name, node)
            case ast.Attribute(
                value=ast.Call(
                    func=ast.Attribute(value=receiver, attr="execute"),
                    args=[ast.Constant(value=str(query))],
                    keywords=[],
                ),
                attr="fetchall",
            ) if SCHEMA_QUERY.fullmatch(query):
                return self._schema(receiver, query)
            case ast.Attribute(value=receiver, attr=method) if method in METHODS:
                return self._method(receiver, method, node)
            case _:
                raise ValueError(f"{ast.unparse(node.func)[:80]!r} is not among the calls that only read")

    def _built_in(self, name: str, node: ast.Call) -> ast.AST:
        arguments = [_expression(self.visit(argument)) for argument in node.args]
        if name == "dir" and not arguments:
            return ast.parse(f"{_OURS}.sorted({_OURS}.globals())", mode="eval").body
        if name == "type" and len(arguments) != 1:
            raise ValueError("type() takes one argument here")
        if name in ITERATING:
            arguments = [_whole(argument) for argument in arguments]  # invariant 2
        function = ast.Attribute(value=ast.Name(id=_OURS, ctx=ast.Load()), attr=name, ctx=ast.Load())
        return ast.Call(func=function, args=arguments, keywords=node.keywords)

    def _schema(self, receiver: ast.expr, query: str) -> ast.AST:
        asked = f"{_VALUE}.execute({query!r}).fetchall()"
        refused = "{}['only a connection of sqlite3 is asked for its schema']"
        return _applied(
            f"{asked} if {_OURS}.type({_VALUE}).__module__ == 'sqlite3' else {refused}", self.visit(receiver)
        )

    def _method(self, receiver: ast.expr, method: str, node: ast.Call) -> ast.AST:
        arguments = [ast.unparse(self.visit(argument)) for argument in node.args]
        arguments += [f"{each.arg}={ast.unparse(each.value)}" for each in node.keywords]
        called = f"{_VALUE}.{method}({', '.join(arguments)})"
        refused = f"{{}}['a module is not asked to {method}']"
        return _applied(  # invariant 3
            f"{refused} if {_OURS}.isinstance({_VALUE}, {_OURS}.type({_OURS})) else {called}", self.visit(receiver)
        )


def _whole(value: ast.AST) -> ast.expr:
    """The value, unless it can be read only once."""
    return _applied(f"{{}}[{_USED_UP!r}] if {_OURS}.hasattr({_OURS}.type({_VALUE}), '__next__') else {_VALUE}", value)


def _applied(body: str, value: ast.AST) -> ast.expr:
    function = ast.parse(f"(lambda {_VALUE}: {body})", mode="eval").body
    return ast.Call(func=function, args=[_expression(value)], keywords=[])


def _expression(node: ast.AST) -> ast.expr:
    assert isinstance(node, ast.expr), "an expression's parts are rewritten as expressions"
    return node
