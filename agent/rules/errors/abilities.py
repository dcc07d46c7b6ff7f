"""TypeErrors about what a value can do at all: be a key, be gone through, be picked from, be changed."""

from __future__ import annotations

import ast
import re

from agent.rules.case import Case
from agent.rules.kinds import Kind
from agent.rules.wording import Explanation, at, code, type_words

_UNFIT = re.compile(
    r"(?:int|float)\(\) argument must be .*?, not '([\w.]+)'"
    r"|bad operand type for \w+\(\): '([\w.]+)'"
    r"|'([\w.]+)' object cannot be interpreted as an integer"
    r"|expected \w+ instance, (\w+) found"
    r"|(?:must be|expected|requires) .*?(?:, not |, got |not |but found )'?(\w+)'?"
    r"|type (\w+) doesn't define \w+ method"
)
"""What the kernel says when a built-in function gets a value of a type that it does not take."""


def unhashable(case: Case) -> Explanation | None:
    """A list or dictionary as a key or a set's item."""
    found = re.search(r"unhashable type: '([\w.]+)'", case.message)
    if found is None:
        return None
    held = found.group(1)
    return Explanation(
        kind=Kind.UNHASHABLE,
        where=f"Look at what is used as a key or as an item of a set in **line {case.line}**.{case.elsewhere}",
        what=(
            f"Here {type_words(held)} is used as a key (or in a set). A key must not be able to change later, "
            f"and {type_words(held)} can."
        )
        + case.elsewhere,
        how=(
            'A tuple can be a key: `seats[(2, 5)] = "Ada"` works, `seats[[2, 5]]` does not. `tuple(pair)` makes '
            "one from a list."
        ),
    )


def not_iterable(case: Case) -> Explanation | None:
    """A loop, or a function that goes through items, over a single value."""
    found = re.search(
        (
            r"'([\w.]+)' object is not (?:iterable|an iterator|a mapping|reversible)|cannot unpack non-iterable "
            r"([\w.]+) object|argument of type '([\w.]+)' is not (?:iterable|a container)|object of type "
            r"'([\w.]+)' has no len\(\)"
        ),
        case.message,
    )
    if found is None:
        return None
    held = next(group for group in found.groups() if group)
    if held == "type":
        return None
    count = "len()" in case.message
    unpacked = "unpack" in case.message
    loop = None if unpacked else next(case.nodes(ast.For), None)
    subject = code(case.text(loop.iter)) if loop is not None and not count else "An item" if unpacked else "The value"
    hint = " To count, a loop needs a `range`." if held == "int" and loop is not None else ""
    doing = "has a length" if count else "can be gone through item by item"
    return Explanation(
        kind=Kind.NOT_ITERABLE,
        where=(
            f"Look at {'what `len` is given' if count else 'the value that is gone through'} in **line {case.line}**. "
            f"Does it hold several items?{case.elsewhere}"
        ),
        what=f"{subject} is {type_words(held)}. Only something with items (a list, a text, a `range`) {doing}.{hint}"
        + case.elsewhere,
        how=(
            "`len([5])` is 1, for the list holds one item; `len(5)` has no answer."
            if count
            else "`for step in range(3):` runs three times; `for step in 3:` cannot."
        ),
    )


def not_subscriptable(case: Case) -> Explanation | None:
    """Square brackets after something without items; assignment to an item of a text or tuple; bad index types."""
    if found := re.search(
        (
            r"'([\w.]+)' object (?:is not subscriptable|does not support item (assignment|deletion))|type "
            r"'([\w.]+)' is not subscriptable"
        ),
        case.message,
    ):
        held = found.group(1) or found.group(3)
        target = next((case.text(n.value) for n in case.nodes(ast.Subscript)), "")
        subject = code(target) if target else "What stands before the `[`"
        if found.group(2):
            return Explanation(
                kind=Kind.IMMUTABLE_VALUE,
                where=(
                    f"{at(case.line)} tries to change one item of {subject}. Look at what type it is.{case.elsewhere}"
                ),
                what=(
                    f"{subject} is {type_words(held)}. It cannot be changed once it is made, so no part of it "
                    "can get a new value."
                )
                + case.elsewhere,
                how=(
                    'Make a new one: `word = "J" + word[1:]`. Or use a list, which can change: `letters = '
                    'list("abc")`, then `letters[0] = "x"`.'
                ),
            )
        more = (
            " A function is called with parentheses `( )`, not with brackets `[ ]`."
            if held in {"function", "method", "builtin_function_or_method", "type"}
            else ""
        )
        return Explanation(
            kind=Kind.NOT_SUBSCRIPTABLE,
            where=f"Look at what stands before the `[` in **line {case.line}**. Does it have items?{case.elsewhere}",
            what=f"{subject} is {type_words(held)}. It has no items that `[ ]` could pick.{more}" + case.elsewhere,
            how=(
                'Brackets pick from a list, text or dictionary: `scores[0]`, `ages["Ada"]`. A call has '
                "parentheses: `max(scores)`."
            ),
        )
    found = re.search(
        (
            r"(list|tuple|string|range|str|bytes) (?:indices|index|object index) must be integers(?: or "
            r"slices)?,? ?(?:not )?'?([\w.]*)'?"
        ),
        case.message,
    )
    if found is None:
        return None
    index = next((case.text(n.slice) for n in case.nodes(ast.Subscript)), "")
    held = {"string": "text", "str": "text"}.get(found.group(1), found.group(1))
    is_type = f" is {type_words(found.group(2))}" if found.group(2) else " is no whole number"
    advice = {
        "str": " Names as keys work with a dictionary only.",
        "float": " A division with `/` always gives a decimal number.",
        "tuple": " Two levels need two pairs of brackets.",
    }.get(found.group(2), "")
    return Explanation(
        kind=Kind.BAD_INDEX_TYPE,
        where=f"Look at what stands between the `[ ]` in **line {case.line}**.{case.elsewhere}",
        what=(
            f"The place in a {held} is a whole number: 0, 1, 2 … Here "
            f"{code(index) if index else 'the index'}{is_type}.{advice}"
        )
        + case.elsewhere,
        how=(
            "`for name in names:` gives the items themselves, and `for i in range(len(names)):` gives places for "
            "`names[i]`. `7 // 2` is the whole number 3."
        ),
    )


def wrong_type(case: Case) -> Explanation | None:
    """A built-in function that got a value of a type it does not take."""
    found = _UNFIT.search(case.message)
    if found is None:
        return None
    held = next((group for group in found.groups() if group), "")
    call = next(case.nodes(ast.Call), None)
    name = code(case.text(call.func), 30) if call is not None else "this call"
    return Explanation(
        kind=Kind.WRONG_ARGUMENT_TYPE,
        where=(
            f"Look at the values that {name} gets in **line {case.line}**. One has a type that does not "
            f"fit.{case.elsewhere}"
        ),
        what=(
            f"A value in this call is {type_words(held)}, and that does not fit here. Python says: "
            f"{code(case.message, 110)}."
        )
        + case.elsewhere,
        how=(
            "Look at a value's type with `type(value)`, and turn it into the one that is asked for: "
            '`range(int("3"))`, `", ".join([str(1), str(2)])`.'
        ),
    )


RULES = (unhashable, not_iterable, not_subscriptable, wrong_type)
