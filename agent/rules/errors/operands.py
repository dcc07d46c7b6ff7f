"""TypeErrors about values that do not go together."""

from __future__ import annotations

import ast
import re

from agent.rules.case import Case
from agent.rules.kinds import Kind
from agent.rules.wording import Explanation, at, code, type_words

_OPERANDS = re.compile(r"unsupported operand type\(s\) for (\S+?):? (?:\S+ )?'?([\w.]+)'? and '?([\w.]+)'?")
_CONCATENATE = re.compile(r"can only concatenate (\w+) \(not \"([\w.]+)\"\) to (\w+)|must be (str), not (\w+)")
_ORDER = re.compile(r"'(\S+)' not supported between instances of '([\w.]+)' and '([\w.]+)'")
_NUMBERS = frozenset({"int", "float", "bool", "complex"})
_TEXT_HOW = (
    'Turn one of the two into the type of the other. `"Room " + str(7)` makes one text; `int("7") + 1` makes a '
    'number; `f"Room {n}"` puts a number into a text.'
)


def _pair(case: Case) -> tuple[str, str, str] | None:
    """(operator, left type, right type) as the kernel named them."""
    if found := _OPERANDS.search(case.message):
        return found.group(1), found.group(2), found.group(3)
    if found := re.search(r"can't multiply sequence by non-int of type '([\w.]+)'", case.message):
        return "*", _repeated(case), found.group(1)
    if found := _CONCATENATE.search(case.message):
        if found.group(4):
            return "+", "str", found.group(5)
        return "+", found.group(3), found.group(2)
    if found := _ORDER.search(case.message):
        return found.group(1), found.group(2), found.group(3)
    return None


def _repeated(case: Case) -> str:
    """The type of what was to be repeated."""
    kinds = [case.reader.type_of(left) for left, _ in _operations(case)]
    return next((kind for kind in kinds if kind in {"str", "list", "tuple"}), "list or text")


def text_and_number(case: Case) -> Explanation | None:
    """Text and number in one operation."""
    pair = _pair(case)
    if pair is None or "str" not in pair[1:] or not _NUMBERS & set(pair[1:]):
        return None
    sign, left, right = pair
    text, number = _which(case, left, right)
    origin = _from_input(case, text)
    asks = "compares" if sign in {"<", ">", "<=", ">="} else f"joins with `{sign}`"
    if not text and "sum(" in case.line_text and sign == "+":
        middle = "`sum` starts with the number 0 and adds each item, and an item is text."
    else:
        middle = (
            f"{code(text) if text else 'One side'} is text (`str`) and "
            f"{code(number) if number else 'the other side'} is a number. Python does not mix the two with "
            f"`{sign}`."
        )
    return Explanation(
        kind=Kind.MIXED_TEXT_AND_NUMBER,
        where=(
            f"{at(case.line)} {asks} two values of different types. Look at both sides of the `{sign}`.{case.elsewhere}"
        ),
        what=middle + origin + case.elsewhere,
        how=_TEXT_HOW,
    )


def _operations(case: Case) -> list[tuple[ast.expr, ast.expr]]:
    """(left, right) of every operation on the line, outermost first."""
    pairs: list[tuple[ast.expr, ast.expr]] = []
    for node in case.nodes(ast.AST):
        match node:
            case ast.BinOp(left=left, right=right):
                pairs.append((left, right))
            case ast.Compare(left=left, comparators=[right]):
                pairs.append((left, right))
            case ast.AugAssign(target=ast.expr() as left, value=right):
                pairs.append((left, right))
            case _:
                pass
    return pairs


def _which(case: Case, left: str, right: str) -> tuple[str, str]:
    """The learner's words for the text side and for the number side."""
    pairs = _operations(case)
    for a, b in pairs:
        kinds = case.reader.type_of(a), case.reader.type_of(b)
        fits = kinds in {(left, right), (left, None), (None, right)}
        if fits or len(pairs) == 1:
            shown = case.text(a), case.text(b)
            return shown if left == "str" else (shown[1], shown[0])
    return "", ""


def _from_input(case: Case, text: str) -> str:
    if not text.isidentifier():
        return " `input` always gives text." if text.startswith("input(") else ""
    found = case.book.latest(text, case.frame_page, case.frame_line)
    if (
        found
        and isinstance(found[1].value, ast.Call)
        and isinstance(found[1].value.func, ast.Name)
        and found[1].value.func.id == "input"
    ):
        return (
            f" {code(text)} comes from `input` (line {found[1].line}), and `input` always gives text, even when "
            "digits are typed."
        )
    return ""


def unsupported(case: Case) -> Explanation | None:
    """Any other two types that an operator does not take."""
    pair = _pair(case)
    if pair is None:
        found = re.search(r"bad operand type for unary (\S+): '([\w.]+)'", case.message)
        if found is None:
            return None
        return Explanation(
            kind=Kind.UNSUPPORTED_OPERAND,
            where=f"Look at the `{found.group(1)}` in **line {case.line}** and the value behind it.{case.elsewhere}",
            what=(
                f"The sign `{found.group(1)}` before a value works with numbers. This value is "
                f"{type_words(found.group(2))}."
            )
            + case.elsewhere,
            how='`-5` and `-price` work when `price` is a number. A text of digits becomes one with `int("5")`.',
        )
    sign, left, right = pair
    shown = (
        next(((case.text(a), case.text(b)) for a, b in _operations(case)), ("", ""))
        if len(_operations(case)) == 1
        else ("", "")
    )
    a = f"{code(shown[0])} is {type_words(left)}" if shown[0] else f"The left side is {type_words(left)}"
    b = f"{code(shown[1])} is {type_words(right)}" if shown[1] else f"the right side is {type_words(right)}"
    if "function" in {left, right} or "method" in left + right:
        hint = " A function without parentheses is the function itself, not what it gives back."
    elif "coroutine" in {left, right}:
        hint = " The value of such a call comes only with `await`."
    else:
        hint = ""
    return Explanation(
        kind=Kind.UNSUPPORTED_OPERAND,
        where=f"Look at both sides of the `{sign}` in **line {case.line}**. Their types do not fit.{case.elsewhere}",
        what=f"{a}, and {b}. Python has no `{sign}` for these two.{hint}" + case.elsewhere,
        how=(
            "Bring both sides to one type first: `[1, 2] + [3]` joins two lists, `2 + 3` adds two numbers, "
            "`len([1, 2]) + 3` adds a count."
        ),
    )


def percent_format(case: Case) -> Explanation | None:
    """``"%d" % "a"`` and the like."""
    if not re.search(r"%\w format:|not all arguments converted|not enough arguments for format", case.message):
        return None
    if "%" not in case.line_text:
        return None
    what = (
        "The values after the `%` do not fit the places in the text before it: their number or their type is another."
    )
    if "not all arguments converted" in case.message and not re.search(r"%[-+ 0-9.]*[sdfrxgi]", case.line_text):
        what = (
            "To the left of `%` stands text, so Python tries to fill values into it. For a remainder both sides "
            "must be numbers."
        )
        return Explanation(
            kind=Kind.MIXED_TEXT_AND_NUMBER,
            where=f"Look at both sides of the `%` in **line {case.line}**.{case.elsewhere}",
            what=what + case.elsewhere,
            how='`int("7") % 2` is a remainder. `"7" % 2` is not: a text has none.',
        )
    return Explanation(
        kind=Kind.WRONG_ARGUMENT_TYPE,
        where=f"Look at the `%` signs in **line {case.line}** and at the values for them.{case.elsewhere}",
        what=what + case.elsewhere,
        how='`f"{name} is {age}"` needs no codes for types, so it is the easier way to put values into a text.',
    )


RULES = (text_and_number, percent_format, unsupported)
