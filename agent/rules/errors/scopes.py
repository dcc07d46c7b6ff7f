"""Names inside functions: read before they have a value, or asked for outside."""

from __future__ import annotations

import ast
import re

from agent.rules.case import Case
from agent.rules.kinds import Kind
from agent.rules.wording import Explanation, at, code

_NAME = re.compile(r"(?:free variable |name |local variable )'([^']{1,200})'")


def missing_name(case: Case) -> str | None:
    """The name that the kernel did not find."""
    found = _NAME.search(case.message)
    return found.group(1) if found else None


def unbound_local(case: Case) -> Explanation | None:
    """A function reads a name that it gives a value only later."""
    name = missing_name(case)
    if name is None or not (case.error == "UnboundLocalError" or "free variable" in case.message):
        return None
    function = case.frame_page.function_at(case.frame_line)
    inside = f"the function {code(function.name)}" if function else "this function"
    made = [b for b in case.frame_page.names.made if b.name == name and b.function is function] if function else []
    outside = name in case.book.global_names
    later = next((b for b in made if b.line >= case.frame_line), None)
    if outside:
        why = f"Somewhere in {inside} {code(name)} gets a value"
        why += f" (line {later.line})" if later and case.frame_page is case.page else ""
        why += (
            f". That makes {code(name)} a name of the function alone, apart from the {code(name)} outside. At "
            "this line the inner one has no value yet."
        )
    else:
        why = (
            f"In {inside} {code(name)} gets its value in a line that did not run before this one: it stands "
            "further down, or in a branch that was not taken."
        )
    return Explanation(
        kind=Kind.UNBOUND_LOCAL,
        where=(
            f"{at(case.line)} reads {code(name)} before it has a value. Look where {inside} gives it "
            f"one.{case.elsewhere}"
        ),
        what=why + case.elsewhere,
        how="Hand the value in and give the new one back: `def grow(size): return size + 1`, then `size = grow(size)`.",
    )


def local_elsewhere(case: Case) -> Explanation | None:
    """A name that only a function makes, for itself."""
    name = missing_name(case)
    every = [binding for page in case.book.pages for binding in page.names.named(name or "")]
    local = [
        b for b in every if isinstance(b.function, ast.FunctionDef) and b.kind in {"assign", "param", "for", "with"}
    ]
    if name is None or not local or not isinstance(local[0].function, ast.FunctionDef):
        return None
    return Explanation(
        kind=Kind.UNDEFINED_NAME,
        where=(
            f"{at(case.line)} uses {code(name)}, and Python knows no such name here. Look where "
            f"{code(name)} is made: inside what?{case.elsewhere}"
        ),
        what=(
            f"{code(name)} is made inside the function {code(local[0].function.name)}. Such a name belongs to the "
            f"function alone and is gone when the function ends.{case.elsewhere}"
        ),
        how="Hand the value out: `return size` in the function, and `size = measure()` where it is called.",
    )


RULES = (unbound_local,)
