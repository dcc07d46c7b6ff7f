"""ValueError, ZeroDivisionError, OverflowError: the right type, an impossible value."""

from __future__ import annotations

import ast
import re

from agent.rules.case import Case
from agent.rules.infer import integer
from agent.rules.kinds import Kind
from agent.rules.wording import Explanation, at, code, plural

_LITERAL = re.compile(
    (
        r"invalid literal for int\(\) with base (\d+): ['\"](.*)['\"]|could not convert string to float: "
        r"['\"](.*)['\"]|could not convert string to (float|int)"
    ),
    re.DOTALL,
)


def bad_number_text(case: Case) -> Explanation | None:
    """``int("abc")``."""
    found = _LITERAL.search(case.message)
    if found is None:
        return None
    text = found.group(2) if found.group(2) is not None else found.group(3) or ""
    function = "int" if found.group(1) else "float"
    if not text.strip():
        why = "The text is empty, so there is no number in it."
    elif re.fullmatch(r"\s*[-+]?\d*\.\d*\s*", text):
        why = "It has a decimal point. `int` takes whole numbers only; `float` reads decimals."
    elif re.fullmatch(r"\s*[-+]?[\d.,]+\s*", text):
        why = "It has a comma in it. Python writes decimals with a point and no commas between thousands."
    elif re.search(r"\d", text):
        why = "Besides digits there are other characters in it."
    else:
        why = "There are no digits in it."
    return Explanation(
        kind=Kind.BAD_NUMBER_TEXT,
        where=f"{at(case.line)} turns a text into a number. Look at the text that arrives there.{case.elsewhere}",
        what=f"The text is {code(repr(text))}, and `{function}` cannot make a number of it. {why}" + case.elsewhere,
        how=(
            '`int("42")` and `float("4.5")` work, `int("4.5")` and `int("4 cm")` do not. Take away what is no '
            'number first: `int("4 cm".split()[0])`.'
        ),
    )


def unpack_count(case: Case) -> Explanation | None:
    """More or fewer values than names."""
    found = re.search(
        r"(not enough|too many) values to unpack \(expected (?:at least )?(\d+)(?:, got (\d+))?", case.message
    )
    if found is None:
        return None
    names = int(found.group(2))
    values = found.group(3) or _count(case)
    if values is not None:
        place = "For each item" if any(case.nodes(ast.For)) else "To the left of the `=`"
        story = (
            f"{place} there {'is' if names == 1 else 'are'} {plural(names, 'name')}, to the right "
            f"{plural(int(values), 'value')}."
        )
    else:
        story = (
            f"There {'is' if names == 1 else 'are'} {plural(names, 'name')} for the parts, and there are "
            f"{'more' if found.group(1) == 'too many' else 'fewer'} values than that."
        )
    if any(case.nodes(ast.For)):
        story += (
            " In a loop this is so for each item. A dictionary gives only its keys unless you ask for `.items()`."
            if found.group(1)
            else ""
        )
    return Explanation(
        kind=Kind.UNPACK_COUNT,
        where=(
            f"{at(case.line)} shares out values to several names. Count the names, and count the "
            f"values.{case.elsewhere}"
        ),
        what=story + case.elsewhere,
        how=(
            "Each value needs one name: `first, second = (1, 2)`. For the rest there is a star: `first, *rest = "
            "[1, 2, 3]`."
        ),
    )


def _count(case: Case) -> int | None:
    for node in case.nodes(ast.Assign):
        return case.reader.length_of(node.value)
    return None


def value_not_found(case: Case) -> Explanation | None:
    """``list.remove(x)`` or ``index`` for something that is not in there."""
    found = re.search(
        (
            r"(?:list|tuple|array|deque)\.(remove|index)\(x\): x not in|(.*) is not in "
            r"(list|tuple|deque|range)|(substring not found|subsection not found)|(.+) not in (list|tuple)$"
        ),
        case.message,
    )
    if found is None:
        return None
    call = next(
        (
            n
            for n in case.nodes(ast.Call)
            if isinstance(n.func, ast.Attribute) and n.func.attr in {"remove", "index", "rindex"}
        ),
        None,
    )
    holder = case.text(call.func.value) if call is not None and isinstance(call.func, ast.Attribute) else ""
    value = case.text(call.args[0]) if call is not None and call.args else (found.group(2) or "that value")
    return Explanation(
        kind=Kind.VALUE_NOT_FOUND,
        where=(
            f"{at(case.line)} looks for {code(value)}. Look at what "
            f"{code(holder) if holder else 'it is searched in'} holds at that time.{case.elsewhere}"
        ),
        what=(
            f"{code(value)} is not in {code(holder) if holder else 'there'}, so it cannot be found or taken out. "
            "Capitals and types count: `'1'` is not `1`."
        )
        + case.elsewhere,
        how='Ask first: `if "pear" in basket:` is true only when it is there.',
    )


def zero_division(case: Case) -> Explanation | None:
    """Division by zero."""
    if case.error != "ZeroDivisionError":
        return None
    divisions = [n for n in case.nodes(ast.BinOp) if isinstance(n.op, ast.Div | ast.FloorDiv | ast.Mod)]
    divisors = [n.right for n in divisions] + [
        n.value for n in case.nodes(ast.AugAssign) if isinstance(n.op, ast.Div | ast.FloorDiv | ast.Mod)
    ]
    known = [d for d in divisors if integer(case.reader.value_of(d)) == 0]
    divisor = known[0] if known else divisors[0] if len(divisors) == 1 else None
    text = case.text(divisor) if divisor is not None else ""
    if text and text != "0":
        why = f"{code(text)} is 0 when this line runs, and nothing can be divided by 0."
        if (
            isinstance(divisor, ast.Call)
            and isinstance(divisor.func, ast.Name)
            and divisor.func.id == "len"
            and divisor.args
        ):
            why += f" So {code(case.text(divisor.args[0]))} is empty then."
        elif isinstance(divisor, ast.Name) and (
            bound := case.book.latest(divisor.id, case.frame_page, case.frame_line)
        ):
            binding = bound[1]
            if bound[0] is case.page and binding.kind == "assign":
                why += f" It got its value in line {binding.line}."
            elif binding.kind == "param":
                why += f" {code(text)} is handed to the function: look at the call."
    else:
        why = "The number to the right of the division sign is 0, and nothing can be divided by 0."
    return Explanation(
        kind=Kind.ZERO_DIVISION,
        where=(
            f"{at(case.line)} divides. Look at the value to the right of the division "
            f"sign{': ' + code(text) if text else ''}.{case.elsewhere}"
        ),
        what=why + case.elsewhere,
        how=(
            "Ask first whether there is anything to divide by:\n\n```python\nif guests > 0:\n    share = cake / "
            "guests\n```"
        ),
    )


def out_of_domain(case: Case) -> Explanation | None:
    """A value that a function has no answer for."""
    empty = re.search(
        (
            r"(\w+)\(\) (?:arg is an empty sequence|iterable argument is "
            r"empty)|(mean|median|mode|variance|stdev) requires at least|no (mean|median|mode)"
        ),
        case.message,
    )
    if empty:
        return Explanation(
            kind=Kind.EMPTY_SEQUENCE,
            where=f"Look at what is handed over in **line {case.line}**. Is anything in it?{case.elsewhere}",
            what=f"It has no item (or too few), so there is no answer. Python says: {code(case.message, 110)}."
            + case.elsewhere,
            how=(
                "Ask first: `if scores:` is true only when the list has items. Or name an answer for the empty "
                "case: `max(scores, default=0)`."
            ),
        )
    if (
        "math domain error" not in case.message
        and "expected a nonnegative input" not in case.message
        and "expected a positive input" not in case.message
    ):
        return None
    return Explanation(
        kind=Kind.OUT_OF_DOMAIN,
        where=f"Look at the number that the `math` function gets in **line {case.line}**.{case.elsewhere}",
        what=(
            "The function has no answer for this number. For example, there is no square root of a number below "
            "0, and no logarithm of 0."
        )
        + case.elsewhere,
        how="Ask first: `if area >= 0:` and only then `math.sqrt(area)`.",
    )


def overflow(case: Case) -> Explanation | None:
    """A number too large for its type."""
    if case.error != "OverflowError":
        return None
    return Explanation(
        kind=Kind.OVERFLOW,
        where=f"Look at the size of the numbers in **line {case.line}**.{case.elsewhere}",
        what=(
            "The result is too large for a decimal number (`float`), which ends near 10 to the power of 308. "
            f"Python says: {code(case.message, 100)}."
        )
        + case.elsewhere,
        how=(
            "Whole numbers have no such end: `10 ** 400` works, `10.0 ** 400` does not. Often a smaller step or "
            "fewer rounds are what was meant."
        ),
    )


RULES = (bad_number_text, unpack_count, value_not_found, out_of_domain)
