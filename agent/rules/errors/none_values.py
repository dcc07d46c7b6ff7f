"""None where a value was meant: which value it is, and where it came from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from agent.rules.case import Case
from agent.rules.functions import returns_nothing
from agent.rules.kinds import Kind
from agent.rules.wording import Explanation, at, code, which_cell

_IN_PLACE = frozenset(
    {"sort", "reverse", "append", "extend", "insert", "remove", "clear", "update", "add", "discard", "shuffle"}
)
_HOW = (
    "A function gives a value back only with `return`. Methods such as `sort` change the list itself: write "
    "`names.sort()` on a line of its own and go on with `names`, or take `sorted(names)`, which gives a new list."
)


def none_value(case: Case) -> Explanation | None:
    """A value that is None where something else was meant."""
    if "NoneType" not in case.message or "NoneType' object is not callable" in case.message:
        return None
    for node in _suspects(case):
        story = _story(case, node)
        if story is not None:
            origin, look = story
            return _explain(case, code(case.text(node), 40), origin, look)
    usual = "Most often it comes from a function or method that gives nothing back."
    return _explain(case, "", usual, "where its values come from")


def _explain(case: Case, subject: str, origin: str, look: str) -> Explanation:
    return Explanation(
        kind=Kind.NONE_VALUE,
        where=(
            f"{at(case.line)} works with {subject or 'a value'}, which is `None`: no value. Look "
            f"{look}.{case.elsewhere}"
        ),
        what=f"{subject or 'A value in this line'} is `None`, which means *no value*. {origin}{case.elsewhere}",
        how=_HOW,
    )


def _suspects(case: Case) -> Iterator[ast.expr]:  # noqa: C901 - one flat case a node class
    """The expressions that the message may be about, the most likely first."""
    message = case.message
    attribute = re.search(r"has no attribute '(\w+)'", message)
    for node in case.nodes(ast.AST):
        match node:
            case ast.Attribute(value=value, attr=attr) if attribute and attr == attribute.group(1):
                yield value
            case ast.Subscript(value=value) if "subscriptable" in message or "item assignment" in message:
                yield value
            case ast.BinOp(left=left, right=right) if "operand" in message or "concatenate" in message:
                yield from (left, right)
            case ast.AugAssign(target=ast.expr() as left, value=right) if "operand" in message:
                yield from (left, right)
            case ast.UnaryOp(operand=value) if "unary" in message:
                yield value
            case ast.Compare(left=left, comparators=rights) if (
                "not supported" in message or "argument of type" in message
            ):
                yield from (left, *rights)
            case ast.For(iter=value) | ast.comprehension(iter=value) if "iterable" in message:
                yield value
            case ast.Assign(value=value) if "unpack" in message:
                yield value
            case ast.Call(args=args):
                yield from args
            case _:
                continue


def _story(case: Case, node: ast.expr) -> tuple[str, str] | None:
    """(where the None came from, where to look), or None when this expression is no likely None."""
    if isinstance(node, ast.Constant) and node.value is None:
        return "It is written there, and no such operation works with it.", "at the word `None`"
    if isinstance(node, ast.Call):
        origin = _origin(case, node)
        return (origin, f"at {code(case.text(node.func), 40)}: what does it give back?") if origin else None
    if not isinstance(node, ast.Name):
        return None
    found = case.book.latest(node.id, case.frame_page, case.frame_line)
    if found is None or found[1].value is None:
        return None
    page, binding = found
    place = f"in line {binding.line}" if page is case.page else f"in line {binding.line} of {which_cell(page.cell)}"
    look = f"where {code(node.id)} gets its value, {place}"
    if isinstance(binding.value, ast.Constant) and binding.value.value is None:
        return f"It was set to `None` {place}, and nothing gave it another value before this line.", look
    origin = _origin(case, binding.value) if isinstance(binding.value, ast.Call) else ""
    return (f"It got its value {place}. {origin}", look) if origin else None


def _origin(case: Case, call: ast.Call) -> str:  # noqa: PLR0911 - one answer a callee
    """Why a call gives None, '' when nothing tells that it does."""
    match call.func:
        case ast.Name(id="print"):
            return "`print` shows a text and gives nothing back."
        case ast.Name(id=name):
            function = case.book.function(name)
            if function is not None and returns_nothing(function):
                return f"The function {code(name)} has no `return` with a value, so each call of it gives `None`."
            if function is not None:
                return (
                    f"The function {code(name)} can end without reaching a `return` with a value. Then it gives `None`."
                )
        case ast.Attribute(attr=attr) if attr in _IN_PLACE:
            return f"`{attr}` changes the list (or the like) itself and gives nothing back."
        case ast.Attribute(attr="get"):
            return "`get` gives `None` when the dictionary does not have the key."
        case ast.Attribute(attr="match" | "search" | "fullmatch"):
            return "A search with `re` gives `None` when it finds nothing."
        case _:
            pass
    return ""
