"""Loops that cannot end, end too soon, or saw off the branch they sit on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agent.rules.book import Book, Page
from agent.rules.functions import own_nodes
from agent.rules.infer import Reader
from agent.rules.kinds import Kind
from agent.rules.wording import Explanation, at, code, one_of

_HARMLESS = frozenset({"len", "abs", "min", "max", "int", "float", "str", "sum", "round"})
_QUIET = frozenset(
    {
        "print",
        "len",
        "str",
        "int",
        "float",
        "abs",
        "round",
        "sum",
        "min",
        "max",
        "range",
        "type",
        "format",
        "isinstance",
        "sorted",
    }
)
"""Built-in functions that change nothing they are given."""
_FIXED = frozenset({"int", "float", "str", "bool", "tuple", "NoneType"})
_LOOP_HOW = (
    "Something in the loop must change what its condition asks:\n\n```python\nn = 3\nwhile n > 0:\n    "
    "print(n)\n    n = n - 1\n```"
)


def endless_loops(book: Book, page: Page) -> Iterator[Explanation]:
    """``while`` whose condition nothing in the loop can change."""
    for node in page.nodes:
        if (
            isinstance(node, ast.While)
            and (names := _condition_names(node.test))
            and not _may_end(book, page, node, names)
        ):
            each = one_of(sorted(names))
            word = "it" if len(names) == 1 else "any of them"
            yield Explanation(
                kind=Kind.ENDLESS_LOOP,
                line=node.lineno,
                where=(
                    f"The loop in **line {node.lineno}** goes on while {code(page.text_of(node.test))}. Look for "
                    f"a line in the loop that changes {each}."
                ),
                what=(
                    f"The condition asks about {each}, and no line inside the loop changes {word}. So once the "
                    "loop has started, it never ends."
                ),
                how=_LOOP_HOW,
            )


def _condition_names(test: ast.expr) -> set[str] | None:
    """The names that the condition depends on, or None when it can change by itself or cannot be judged."""
    names: set[str] = set()
    for node in ast.walk(test):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in _HARMLESS:
                continue
            case (
                ast.Call()
                | ast.Attribute()
                | ast.Await()
                | ast.NamedExpr()
                | ast.Lambda()
                | ast.Starred()
                | ast.comprehension()
            ):
                return None
            case ast.Name(id=name) if name not in _HARMLESS:
                names.add(name)
            case _:
                continue
    return names or None


def _may_end(book: Book, page: Page, loop: ast.While, names: set[str]) -> bool:
    reader = Reader(book, page, loop.lineno)
    fixed = {name for name in names if reader.type_of(ast.Name(id=name, ctx=ast.Load())) in _FIXED}
    if _changed_by_functions(book, names, fixed):
        return True
    return any(_ends(node, names, fixed, book) for statement in loop.body for node in ast.walk(statement))


def _ends(  # noqa: PLR0911 - one flat case a node class
    node: ast.AST, names: set[str], fixed: set[str], book: Book
) -> bool:
    """Whether this node may end the loop or change one of the names."""
    match node:
        case ast.Break() | ast.Return() | ast.Raise() | ast.Yield() | ast.YieldFrom() | ast.Await() | ast.Assert():
            return True
        case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal():
            return True
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return name in names
        case ast.Subscript(value=owner, ctx=ast.Store() | ast.Del()):
            return _mentions(owner, names)
        case ast.Call(func=ast.Attribute(value=owner)) if _mentions(owner, names - fixed):
            return True
        case ast.Call(func=ast.Name(id=name), args=args):
            if name in _QUIET and name not in book.global_names:
                return False
            if name in {"next", "exit", "quit", "exec", "eval"}:
                return True
            known = book.function(name) is not None
            return not known or any(_mentions(arg, names - fixed) for arg in args)
        case ast.Call(func=ast.Attribute(attr=attr), args=args):
            return attr in {"exit", "_exit"} or any(_mentions(arg, names - fixed) for arg in args)
        case _:
            return False


def _mentions(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(node))


def _changed_by_functions(book: Book, names: set[str], fixed: set[str]) -> bool:
    """Whether a function may change what a name stands for at any time: ``global``, a shared list, threads."""
    if {"threading", "asyncio", "Thread"} & book.global_names.keys():
        return True
    shared = names - fixed
    for page in book.pages:
        for node in page.nodes:
            match node:
                case ast.Global(names=declared) | ast.Nonlocal(names=declared) if names & set(declared):
                    return True
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del(), lineno=line) if name in shared:
                    if page.function_at(line) is not None:
                        return True
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name)), lineno=line) if name in shared:
                    if page.function_at(line) is not None:
                        return True
                case _:
                    continue
    return False


def returns_in_loops(_book: Book, page: Page) -> Iterator[Explanation]:
    """A loop in a function that always returns in its first round."""
    for function in page.nodes:
        if not isinstance(function, ast.FunctionDef):
            continue
        inside = list(own_nodes(function))
        if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in inside):
            continue
        for loop in inside:
            if isinstance(loop, ast.For | ast.While) and (at_fault := _always_returns(loop)):
                yield Explanation(
                    kind=Kind.RETURN_IN_LOOP,
                    line=at_fault.lineno,
                    where=(
                        f"Look at the `return` in **line {at_fault.lineno}** and how far it is indented. How "
                        f"often does the loop in line {loop.lineno} run?"
                    ),
                    what=(
                        "The `return` stands inside the loop, and it is reached in the very first round. So "
                        f"{code(function.name)} ends there and never looks at the other items."
                    ),
                    how=(
                        "A `return` that belongs after the loop starts in the same column as the "
                        "loop:\n\n```python\ndef shout_all(words):\n    loud = []\n    for word in words:\n      "
                        "  loud.append(word.upper())\n    return loud\n```"
                    ),
                )


def _always_returns(loop: ast.For | ast.While) -> ast.Return | None:
    """The ``return`` that every first round ends with, if one does."""
    if any(isinstance(n, ast.Continue | ast.Break) for n in own_nodes(loop)):
        return None
    last = loop.body[-1]
    if isinstance(last, ast.Return):
        return last if len(loop.body) > 1 else None
    if (
        isinstance(last, ast.If)
        and last.orelse
        and isinstance(last.orelse[-1], ast.Return)
        and isinstance(last.body[-1], ast.Return)
    ):
        return last.orelse[-1]
    return None


def changed_while_looping(book: Book, page: Page) -> Iterator[Explanation]:
    """A list that loses or gains items while a loop goes through it."""
    for loop in page.nodes:
        if not (isinstance(loop, ast.For) and isinstance(loop.iter, ast.Name)):
            continue
        if any(isinstance(n, ast.Break | ast.Return) for n in own_nodes(loop)):
            continue
        name = loop.iter.id
        kind = Reader(book, page, loop.lineno).type_of(loop.iter)
        for node in own_nodes(loop):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=owner), attr="remove" | "insert" | "append" | "pop" as attr),
                    lineno=line,
                ) if owner == name:
                    if kind == "list" or (kind is None and attr == "remove"):
                        yield _changed(line, loop.lineno, name, attr)
                        break
                case _:
                    continue


def _changed(line: int, loop: int, name: str, attr: str) -> Explanation:
    effect = (
        "the loop then skips items" if attr in {"remove", "pop"} else "the loop then may never end or see items twice"
    )
    return Explanation(
        kind=Kind.CHANGED_WHILE_LOOPING,
        line=line,
        where=f"{at(line)} changes {code(name)}, and the loop in line {loop} goes through {code(name)} at that time.",
        what=f"`{attr}` changes the list while the loop counts its places. The places shift, and {effect}.",
        how=(
            "Go through a copy, or build a new list: `for card in list(hand):`, or `hand = [card for card in "
            "hand if card > 5]`."
        ),
    )
