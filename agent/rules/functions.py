"""What can be seen of a function without calling it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agent.rules.bindings import FunctionNode


def own_nodes(function: FunctionNode | ast.stmt) -> Iterator[ast.AST]:
    """Nodes of a function's (or a loop's) own body, without those of functions and classes inside."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def returns_nothing(function: FunctionNode) -> bool:
    """Whether every call gives None: no ``return value``, no ``yield``, not a stub, nothing that decorates it."""
    if isinstance(function, ast.AsyncFunctionDef) or function.decorator_list or _is_stub(function):
        return False
    for node in own_nodes(function):
        if isinstance(node, ast.Yield | ast.YieldFrom | ast.Await):
            return False
        if isinstance(node, ast.Return) and not (
            node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
        ):
            return False
    return True


def _is_stub(function: FunctionNode) -> bool:
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return not body or all(isinstance(s, ast.Pass | ast.Raise) for s in body)


def parameters(function: FunctionNode) -> tuple[list[str], list[str]]:
    """(all positional parameters, those of them without a default)."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    return names, names[: len(names) - len(function.args.defaults)] if function.args.defaults else names
