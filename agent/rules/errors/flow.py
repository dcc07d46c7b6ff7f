"""Errors about the course of a program: endless recursion, assertions, used-up iterators; and the honest rest."""

from __future__ import annotations

import ast

from agent.rules.case import Case
from agent.rules.functions import own_nodes
from agent.rules.kinds import Kind, kind_of_error
from agent.rules.trace import without_colour
from agent.rules.wording import Explanation, at, code, which_cell

_SIGNS = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}


def endless_recursion(case: Case) -> Explanation | None:
    """A function that calls itself for ever."""
    if case.error != "RecursionError":
        return None
    functions = [f.function for f in case.trace.frames if f.function]
    name = max(set(functions), key=functions.count) if functions else ""
    function = next(
        (
            n
            for p in case.book.pages
            for n in p.nodes
            if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == name.rsplit(".", 1)[-1]
        ),
        None,
    )
    page = next((p for p in case.book.pages if function is not None and function in p.nodes), case.page)
    place = "" if page is case.page else f" It stands in {which_cell(page.cell)}."
    if function is None:
        what = "A function calls itself again and again and never comes to an end."
    elif any(isinstance(n, ast.If | ast.IfExp | ast.Match | ast.While) for n in own_nodes(function)):
        what = (
            f"{code(name)} calls itself and has a branch to stop, the base case. That branch is never reached: "
            f"the value handed on does not come closer to it, or it jumps over it.{place}"
        )
    else:
        what = (
            f"{code(name)} calls itself in every case. There is no branch in which it stops, no base case. So "
            f"the calls never end, until Python gives up.{place}"
        )
    line = function.lineno if function is not None and page is case.page else case.line
    return Explanation(
        kind=Kind.ENDLESS_RECURSION,
        line=case.line,
        where=(
            f"**Line {case.line}** calls {code(name) if name else 'a function'} again, and so without end. Look "
            f"at {code(name) if name else 'it'} (line {line}): in which case does it stop?{place}"
        ),
        what=what,
        how=(
            "A function that calls itself needs a case in which it does not, and each call must come closer to "
            "it:\n\n```python\ndef countdown(n):\n    if n == 0:\n        return\n    countdown(n - 1)\n```"
        ),
    )


def assertion_failed(case: Case) -> Explanation | None:
    """A check that did not hold."""
    if case.error != "AssertionError":
        return None
    said = case.message.strip()
    node = next(case.nodes(ast.Assert), None)
    if node is None:
        told = f" It says: {code(said, 100)}." if said else ""
        return Explanation(
            kind=Kind.ASSERTION_FAILED,
            where=f"A check in **line {case.line}** did not hold. Look at what it compares.{case.elsewhere}",
            what=f"The check expected something else than it got.{told}" + case.elsewhere,
            how=(
                "A check such as `assert area(2, 3) == 6` fails when the two sides differ. Run `area(2, 3)` on "
                "its own to see what it gives."
            ),
        )
    test = node.test
    message = f" The check says: {code(said, 100)}." if said else ""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right, sign = case.text(test.left), case.text(test.comparators[0]), _SIGNS[type(test.ops[0])]
        if sign == "==":
            got, expected = (left, right) if not isinstance(test.left, ast.Constant) else (right, left)
            value = case.reader.value_of(test.left if got == left else test.comparators[0])
            is_now = (
                f" (which is {code(ast.unparse(value), 40)})"
                if isinstance(value, ast.Constant) and got != ast.unparse(value)
                else ""
            )
            what = (
                f"The check expected {code(got)} to be equal to {code(expected)}. What it got from "
                f"{code(got)}{is_now} is something else."
            )
        else:
            what = f"The check expected {code(left)} `{sign}` {code(right)} to be true, and it is not."
        look = f"what {code(left)} gives"
    else:
        what = f"The check expected {code(case.text(test))} to be true, and it is not."
        look = f"what {code(case.text(test))} gives"
    return Explanation(
        kind=Kind.ASSERTION_FAILED,
        where=f"The check in **line {case.line}** did not hold. Look at {look}.{case.elsewhere}",
        what=what + message + case.elsewhere,
        how=(
            "See both sides for yourself. For a check `assert area(2, 3) == 6` run `area(2, 3)` in a cell of its "
            "own, and compare the answer with 6."
        ),
    )


def stop_iteration(case: Case) -> Explanation | None:
    """``next`` with nothing left."""
    if case.error not in {"StopIteration", "StopAsyncIteration"}:
        return None
    return Explanation(
        kind=Kind.STOP_ITERATION,
        where=(
            f"{at(case.line)} asks for the next item. Look at how many items there were, and how many were "
            f"taken.{case.elsewhere}"
        ),
        what="All items have been taken already, so there is no next one. An iterator can be gone through only once."
        + case.elsewhere,
        how="`for card in deck:` stops by itself at the end. `next(cards, None)` gives `None` when nothing is left.",
    )


def changed_while_looping(case: Case) -> Explanation | None:
    """A dictionary or set that changes its size under a loop."""
    if "changed size during iteration" not in case.message and "mutated during iteration" not in case.message:
        return None
    return Explanation(
        kind=Kind.CHANGED_WHILE_LOOPING,
        where=(
            f"Look at the loop in **line {case.line}**, and at what its lines do to the thing it goes "
            f"through.{case.elsewhere}"
        ),
        what=(
            "The loop goes through a dictionary (or a set), and a line inside the loop adds to it or takes from it. "
            f"Python stops such a loop.{case.elsewhere}"
        ),
        how="Go through a copy: `for key in list(prices):`. Then `prices` itself may change.",
    )


def nobody_to_ask(case: Case) -> Explanation:
    """``input`` where nobody can answer."""
    return Explanation(
        kind=kind_of_error(case.error),
        where=f"{at(case.line)} asks for something to be typed. Nobody could answer there.{case.elsewhere}",
        what=(
            "`input` waits for an answer, and this run had no place to type one. The code itself may be right."
            f"{case.elsewhere}"
        ),
        how='Run the cell by hand in Jupyter: a box for the answer appears below it. Or set a value: `age = "30"`.',
    )


def any_error(case: Case) -> Explanation:
    """What no rule knows: where, and the kernel's own words."""
    name = case.error.rsplit(".", 1)[-1]
    said = without_colour(case.message).strip()
    told = f" Python says: {code(said, 160)}." if said else " There is no further message."
    if isinstance(case.frame_page.statement_at(case.frame_line), ast.Raise):
        inside = " The `raise` in that line did so on purpose: look at the condition that led there."
    else:
        inside = " It was raised in code that this line called." if case.trace.in_library else ""
    return Explanation(
        kind=kind_of_error(case.error),
        where=(
            f"The run stopped in **line {case.line}** with {code(name)}. Look at the values that this line "
            f"uses.{case.elsewhere}"
        ),
        what=f"Python raised {code(name)}.{told}{inside}" + case.elsewhere,
        how=(
            "Look at the parts one by one: run each value of such a line in a cell of its own, or show it with "
            "`print(type(x), x)` right before the line."
        ),
    )


RULES = (endless_recursion,)
ASSERTION = (assertion_failed,)
STOP = (stop_iteration,)
RUNTIME = (changed_while_looping,)
STDIN = (nobody_to_ask,)
