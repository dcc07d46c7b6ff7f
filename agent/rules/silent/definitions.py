"""Functions and names: a missing return, a default that is shared, a hidden built-in, code after the end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from agent.rules.book import Book, Page
from agent.rules.functions import own_nodes, returns_nothing
from agent.rules.infer import Reader
from agent.rules.kinds import Kind
from agent.rules.known import BUILTINS
from agent.rules.wording import Explanation, at, code, which_cell

_MEMORY = re.compile(r"cache|memo")
"""Parameters whose default is meant to be shared between calls."""
_MUTATORS = frozenset(
    {"append", "extend", "insert", "add", "update", "setdefault", "pop", "remove", "clear", "sort", "reverse"}
)


def missing_returns(book: Book, page: Page) -> Iterator[Explanation]:
    """A function that gives nothing back, though its result is used."""
    for function in page.nodes:
        if (
            not isinstance(function, ast.FunctionDef)
            or book.function(function.name) is not function
            or not returns_nothing(function)
        ):
            continue
        use = _use(book, function.name)
        if use is None:
            continue
        caller, line, how = use
        place = f"line {line}" if caller is page else f"line {line} of {which_cell(caller.cell)}"
        shows = any(
            isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
            for n in own_nodes(function)
        )
        extra = " `print` inside it shows a value and does not give it back." if shows else ""
        yield Explanation(
            kind=Kind.MISSING_RETURN,
            line=function.lineno,
            where=(
                f"The function {code(function.name)} in **line {function.lineno}** is used in {place} as if it "
                "gave a value. Look at how it ends."
            ),
            what=(
                f"{code(function.name)} has no `return` with a value, so each call gives `None`. "
                f"{place[0].upper()}{place[1:]} {how} it.{extra}"
            ),
            how=(
                "A function hands its result out with `return`:\n\n```python\ndef area(width, height):\n    "
                "return width * height\n```"
            ),
        )


def _use(  # noqa: C901, PLR0911 - one flat case a use
    book: Book, name: str
) -> tuple[Page, int, str] | None:
    """Where the result of a call of that function is used, and how."""
    for page in book.pages:
        for node in page.nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=kept)], value=ast.Call(func=ast.Name(id=called)), lineno=line) if (
                    called == name
                ):
                    if not kept.startswith("_") and any(
                        read == kept for p in book.pages for read, _, _ in p.names.read
                    ):
                        return page, line, "stores and then uses"
                case ast.Call(func=ast.Name(id="print"), args=args, lineno=line) if any(_calls(a, name) for a in args):
                    return page, line, "prints"
                case ast.BinOp(left=left, right=right, lineno=line) if _calls(left, name) or _calls(right, name):
                    return page, line, "calculates with"
                case ast.Compare(left=left, comparators=parts, lineno=line) if any(
                    _calls(p, name) for p in (left, *parts)
                ):
                    if not any(isinstance(p, ast.Constant) and p.value is None for p in (left, *parts)):
                        return page, line, "compares"
                case ast.If(test=test, lineno=line) | ast.While(test=test, lineno=line) if _calls(test, name):
                    return page, line, "asks"
                case ast.Subscript(value=value, lineno=line) if _calls(value, name):
                    return page, line, "picks from"
                case ast.For(iter=value, lineno=line) if _calls(value, name):
                    return page, line, "loops over"
                case _:
                    continue
    return None


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def unreachable(_book: Book, page: Page) -> Iterator[Explanation]:
    """Statements after a ``return``, ``break`` or ``continue`` of the same block."""
    for node in page.nodes:
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if not isinstance(statements, list):
                continue
            for ender, after in pairwise(statements):
                if isinstance(ender, ast.Return | ast.Break | ast.Continue) and not _is_marker(after):
                    word = type(ender).__name__.lower()
                    yield Explanation(
                        kind=Kind.UNREACHABLE_CODE,
                        line=after.lineno,
                        where=f"{at(after.lineno)} can never run. Look at the `{word}` above it.",
                        what=(
                            f"The `{word}` in line {ender.lineno} leaves the block. What follows in the same "
                            f"block, from line {after.lineno} on, is never reached."
                        ),
                        how=(
                            "What must happen comes before the `return`:\n\n```python\ndef area(width, "
                            'height):\n    print("working it out")\n    return width * height\n```'
                        ),
                    )


def _is_marker(node: ast.stmt) -> bool:
    """An unreachable ``yield`` or a bare constant is there on purpose."""
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.Constant)
    )


def mutable_defaults(_book: Book, page: Page) -> Iterator[Explanation]:
    """A list or dictionary as a default value that the function changes."""
    for function in page.nodes:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        positional = (*function.args.posonlyargs, *function.args.args)
        pairs = [
            *zip(positional[::-1], function.args.defaults[::-1], strict=False),
            *zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True),
        ]
        for arg, default in pairs:
            if _is_mutable(default) and not _MEMORY.search(arg.arg) and _is_changed(function, arg.arg):
                yield Explanation(
                    kind=Kind.MUTABLE_DEFAULT,
                    line=function.lineno,
                    where=(
                        f"Look at the default value of {code(arg.arg)} in **line {function.lineno}**. How often "
                        "is it made?"
                    ),
                    what=(
                        f"The default of {code(arg.arg)} is made once, when the function is defined. Each call "
                        f"without {code(arg.arg)} changes that same one, so it remembers what earlier calls put "
                        "in."
                    ),
                    how=(
                        "Take `None` as the default and make the list inside:\n\n```python\ndef collect(card, "
                        "hand=None):\n    if hand is None:\n        hand = []\n    hand.append(card)\n    return "
                        "hand\n```"
                    ),
                )


def _is_mutable(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in {"list", "dict", "set"}
    return isinstance(node, ast.List | ast.Dict | ast.Set)


def _is_changed(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    for node in own_nodes(function):
        match node:
            case ast.Assign(targets=targets) if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                return False
            case _:
                continue
    for node in own_nodes(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=attr)) if (
                owner == name and attr in _MUTATORS
            ):
                return True
            case ast.Subscript(value=ast.Name(id=owner), ctx=ast.Store() | ast.Del()) if owner == name:
                return True
            case ast.AugAssign(target=ast.Name(id=owner)) if owner == name:
                return True
            case _:
                continue
    return False


def hidden_builtins(book: Book, page: Page) -> Iterator[Explanation]:
    """A built-in function's name given a value, and called afterwards."""
    for binding in page.names.made:
        if binding.function is not None or binding.kind not in {"assign", "for"} or binding.name not in BUILTINS:
            continue
        if any(b.kind in {"delete", "def", "class", "import"} for _, b in book.global_names.get(binding.name, [])):
            continue
        held = Reader(book, page, binding.line + 1).type_of(ast.Name(id=binding.name, ctx=ast.Load()))
        if binding.value is not None and held not in {
            "int",
            "float",
            "str",
            "list",
            "dict",
            "tuple",
            "set",
            "bool",
            "range",
        }:
            continue
        use = _later_call(book, page, binding.name, binding.line)
        if use is not None:
            place = f"line {use[1]}" if use[0] is page else f"line {use[1]} of {which_cell(use[0].cell)}"
            yield Explanation(
                kind=Kind.SHADOWED_BUILTIN,
                line=binding.line,
                where=(
                    f"{at(binding.line)} gives the name {code(binding.name)} a value. Python has a function of "
                    f"that name. Look at {place}."
                ),
                what=(
                    f"`{binding.name}` is one of Python's own functions. This line puts another value under that "
                    f"name, and then {place} calls it: the function is hidden."
                ),
                how=(
                    "Choose names that Python does not use: `lowest = 3`, not `min = 3`. `del min` brings the "
                    "function back in a running notebook."
                ),
            )


def _later_call(book: Book, page: Page, name: str, line: int) -> tuple[Page, int] | None:
    run = page.cell.execution_count
    for other in book.pages:
        if other.index < page.index or other.cell.error is not None:
            continue
        if other is not page and run is not None and (other.cell.execution_count or 0) > run:
            continue
        for node in other.nodes:
            match node:
                case ast.Call(func=ast.Name(id=called), lineno=at_line) if called == name:
                    if (other is not page or at_line > line) and other.function_at(at_line) is None:
                        return other, at_line
                case _:
                    continue
    return None
