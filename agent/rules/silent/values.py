"""Conditions and texts that are always the same: text against number, ``or 2``, a missing ``f``, a repeated key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from agent.rules.book import Book, Page
from agent.rules.infer import Reader
from agent.rules.kinds import Kind
from agent.rules.wording import Explanation, at, code

_NUMBERS = frozenset({"int", "float"})
_FIELD = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)(?:[.\[][^{}]*)?(?::[^{}]*)?\}(?!\})")


def text_against_number(book: Book, page: Page) -> Iterator[Explanation]:
    """``==`` between a text and a number: never equal."""
    for node in page.nodes:
        if not (
            isinstance(node, ast.Compare)
            and len(node.ops) == 1
            and isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.Lt | ast.Gt | ast.LtE | ast.GtE)
        ):
            continue
        reader = Reader(book, page, node.lineno)
        sides = (node.left, node.comparators[0])
        kinds = tuple(reader.type_of(side) for side in sides)
        if not ("str" in kinds and _NUMBERS & {k for k in kinds if k}) or (
            page.function_at(node.lineno) is not None and not _certain(book, page, node)
        ):
            continue
        text, number = sides if kinds[0] == "str" else sides[::-1]
        typed = _from_input(reader, text)
        ordered = not isinstance(node.ops[0], ast.Eq | ast.NotEq)
        if ordered and not typed:
            continue
        answer = "cannot be put in order" if ordered else "are never equal"
        origin = (
            (
                f" {code(page.text_of(text))} comes from `input`, and `input` always gives text, even when "
                "digits are typed."
            )
            if typed
            else ""
        )
        yield Explanation(
            kind=Kind.TEXT_COMPARED_WITH_NUMBER,
            line=node.lineno,
            where=(
                f"{at(node.lineno)} compares {code(page.text_of(text))} with {code(page.text_of(number))}. Look "
                "at the types of the two."
            ),
            what=(
                f"{code(page.text_of(text))} is text and {code(page.text_of(number))} is a number. A text and a "
                f"number {answer}: `'7'` is not `7`.{origin}"
            ),
            how=(
                'Turn the text into a number when it arrives: `count = int(input("How many? "))`, or write the '
                'other side as text: `answer == "7"`.'
            ),
        )


def _certain(book: Book, page: Page, node: ast.Compare) -> bool:
    """Inside a function: whether both sides are written or made there, not handed in."""
    for name in ast.walk(node):
        if isinstance(name, ast.Name):
            found = book.latest(name.id, page, node.lineno)
            if found is None or found[1].function is None or found[1].kind != "assign":
                return False
    return True


def _from_input(reader: Reader, node: ast.expr) -> bool:
    value = reader.value_of(node)
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "input"


def always_true(_book: Book, page: Page) -> Iterator[Explanation]:
    """``if x == 1 or 2`` and ``assert (x, "message")``."""
    for node in page.nodes:
        if (
            isinstance(node, ast.If | ast.While | ast.IfExp)
            and isinstance(node.test, ast.BoolOp)
            and isinstance(node.test.op, ast.Or)
        ):
            parts = node.test.values
            bare = next(
                (p for p in parts[1:] if isinstance(p, ast.Constant) and p.value not in (True, False, None, "", 0)),
                None,
            )
            if bare is not None and isinstance(parts[0], ast.Compare):
                yield Explanation(
                    kind=Kind.ALWAYS_TRUE,
                    line=node.test.lineno,
                    where=f"Look at the `or` in **line {node.test.lineno}** and at what stands to the right of it.",
                    what=(
                        f"To the right of `or` stands only {code(page.text_of(bare))}. By itself it counts as "
                        "true, so the whole condition is always true."
                    ),
                    how=(
                        'Each side of `or` must be a whole question: `if day == "Sat" or day == "Sun":`. '
                        'Shorter: `if day in ("Sat", "Sun"):`.'
                    ),
                )
        elif isinstance(node, ast.Assert | ast.If) and isinstance(node.test, ast.Tuple) and node.test.elts:
            yield Explanation(
                kind=Kind.ALWAYS_TRUE,
                line=node.lineno,
                where=f"Look at the parentheses in **line {node.lineno}**. What do they hold?",
                what=(
                    "The parentheses with a comma make a tuple. A tuple with something in it counts as true, so "
                    "this check can never fail."
                ),
                how='Write the check without parentheses around both parts: `assert total > 0, "too small"`.',
            )


def identity_of_literal(_book: Book, page: Page) -> Iterator[Explanation]:
    """``x is 5`` or ``name is "Ada"``."""
    for node in page.nodes:
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            literal = next(
                (
                    p
                    for p in (node.left, *node.comparators)
                    if isinstance(p, ast.Constant)
                    and isinstance(p.value, str | int | float)
                    and not isinstance(p.value, bool)
                ),
                None,
            )
            if literal is not None:
                yield Explanation(
                    kind=Kind.IDENTITY_OF_LITERAL,
                    line=node.lineno,
                    where=f"Look at the word `is` in **line {node.lineno}**. What does it ask?",
                    what=(
                        "`is` asks whether two things are the very same object. Here "
                        f"{code(page.text_of(literal))} is a value. Two equal values may be two objects, so the "
                        "answer can be wrong."
                    ),
                    how=(
                        'Equal values are asked for with `==`: `city == "Rome"`. `is` is for `None`: `if answer '
                        "is None:`."
                    ),
                )


def reversed_operators(_book: Book, page: Page) -> Iterator[Explanation]:
    """``x =+ 1``."""
    for node in page.nodes:
        match node:
            case ast.Assign(value=ast.UnaryOp(op=ast.UAdd())) if "=+" in page.line_text(node.lineno):
                yield Explanation(
                    kind=Kind.REVERSED_OPERATOR,
                    line=node.lineno,
                    where=f"Look at the two signs `=+` in **line {node.lineno}** and at their order.",
                    what=(
                        f"`=+` gives {code(page.text_of(node.targets[0]))} a new value, plus what follows. "
                        "Nothing is added to the old value."
                    ),
                    how="To add to a value, the `+` comes first: `steps += 2` is short for `steps = steps + 2`.",
                )
            case _:
                continue


def missing_f(book: Book, page: Page) -> Iterator[Explanation]:
    """``print("Hello {name}")`` without the ``f``."""
    for node in page.nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"):
            continue
        for arg in node.args:
            field = _field(arg)
            if field is not None and book.latest(field.group(1), page, node.lineno) is not None:
                yield Explanation(
                    kind=Kind.MISSING_F_PREFIX,
                    line=arg.lineno,
                    where=(
                        f"Look at the braces in the text in **line {arg.lineno}**, and at what stands before its "
                        "first quote."
                    ),
                    what=(
                        f"The text holds {code(field.group(0))}, and it is shown just like that. Only a text with an "
                        f"`f` before its quote puts in the value of {code(field.group(1))}."
                    ),
                    how='`f"{city} is big"` puts the value in. `"{city} is big"` shows the braces.',
                )


def _field(node: ast.expr) -> re.Match[str] | None:
    """A name in braces inside a plain text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _FIELD.search(node.value[:2000])
    return None


def repeated_keys(_book: Book, page: Page) -> Iterator[Explanation]:
    """Two items of a dictionary with one key and different values."""
    for node in page.nodes:
        if not isinstance(node, ast.Dict) or len(node.keys) > 500:
            continue
        seen: dict[tuple[type, object], ast.expr] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant):
                continue
            mark = (type(key.value), key.value)
            if mark in seen and page.text_of(seen[mark]) != page.text_of(value):
                yield Explanation(
                    kind=Kind.REPEATED_KEY,
                    line=key.lineno,
                    where=f"{at(key.lineno)} uses the key {code(page.text_of(key))} a second time in one dictionary.",
                    what=(
                        "A dictionary keeps one value for each key. The second value for "
                        f"{code(page.text_of(key))} replaces the first one."
                    ),
                    how='Give each item a key of its own, or keep several values in a list: `{"Ada": [3, 5]}`.',
                )
            seen.setdefault(mark, value)
