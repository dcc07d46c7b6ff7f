"""TypeErrors about calls: what is called, and with which arguments."""

from __future__ import annotations

import ast
import re

from agent.rules.bindings import FunctionNode
from agent.rules.case import Case
from agent.rules.functions import parameters
from agent.rules.kinds import Kind
from agent.rules.known import BUILTINS
from agent.rules.similar import closest
from agent.rules.wording import Explanation, at, code, one_of, plural, type_words, which_cell

_MISSING = re.compile(r"([\w.<>]+)\(\) missing (\d+) required (?:positional|keyword-only) arguments?: (.+)")
_TAKES = re.compile(
    r"([\w.<>]+)\(\) takes (?:from \d+ to )?(?:at most )?(\d+|no) (?:positional )?arguments? ?(?:but (\d+) "
    r"(?:positional arguments? .*)?(?:was|were) given|\((\d+) given\))?"
)
_EXPECTED = re.compile(
    r"([\w.]+?)(?:\(\))? expected (?:at (most|least) )?(\d+) arguments?, got (\d+)|([\w.]+)\(\) takes "
    r"exactly (one|\w+) arguments? \((\d+) given\)|(\w+)\(\) takes no arguments"
)
_UNEXPECTED = re.compile(
    r"(?:([\w.<>]+)\(\) )?got an unexpected keyword argument '([^']+)'(?:\. Did you mean "
    r"'([^']+)')?|'([^']+)' is an invalid keyword argument for (\w+)"
)
_ARITY_HOW = (
    "A call fills the places of the definition one by one. After `def area(width, height):` the call `area(3, "
    "4)` fits; `area(3)` and `area(3, 4, 5)` do not."
)


def not_callable(case: Case) -> Explanation | None:
    """Parentheses after something that is no function."""
    found = re.search(r"'([\w.]+)' object is not callable", case.message)
    if found is None:
        return None
    held = found.group(1)
    called = _called_name(case, held)
    if called and called in BUILTINS:
        return _shadowed(case, called, held)
    if held == "module":
        what = (
            f"{code(called or 'This')} is a module, a collection of functions. Only a function inside it can be called."
        )
    elif called:
        bound = case.book.latest(called, case.frame_page, case.frame_line)
        place = ""
        if bound is not None:
            place = f" It got that value in line {bound[1].line}" + (
                "." if bound[0] is case.page else f" of {which_cell(bound[0].cell)}."
            )
        what = (
            f"{code(called)} is {type_words(held)}. Parentheses after a name call it as a function, and this "
            f"cannot be called.{place}"
        )
    else:
        what = (
            f"Before the `(` stands {type_words(held)}. Parentheses there mean a call, and this cannot be "
            "called. Perhaps a sign such as `*` or a comma is missing."
        )
    return Explanation(
        kind=Kind.NOT_CALLABLE,
        where=f"Look at what stands right before the `(` in **line {case.line}**. Is it a function?{case.elsewhere}",
        what=what + case.elsewhere,
        how=(
            "Parentheses call, square brackets pick: `scores[0]` is the first item of a list, `len(scores)` "
            "calls a function. To multiply, write the sign: `3 * (4 + 1)`."
        ),
    )


def _called_name(case: Case, held: str) -> str:
    names = [n.func.id for n in case.nodes(ast.Call) if isinstance(n.func, ast.Name)]
    for name in names:
        found = case.book.latest(name, case.frame_page, case.frame_line)
        if found is not None and found[1].kind not in {"def", "class", "import"}:
            return name
    return (
        names[0]
        if len(names) == 1 and names[0] not in BUILTINS
        else next((n for n in names if n in case.book.global_names and held == "module"), "")
    )


def _shadowed(case: Case, name: str, held: str) -> Explanation:
    made = [(page, b) for page, b in case.book.global_names.get(name, []) if b.kind not in {"def", "class"}]
    local = case.book.latest(name, case.frame_page, case.frame_line)
    page, binding = local if local is not None else made[-1]
    place = f"line {binding.line}" if page is case.page else f"line {binding.line} of {which_cell(page.cell)}"
    return Explanation(
        kind=Kind.SHADOWED_BUILTIN,
        where=(
            f"{at(case.line)} calls {code(name)}. Look at {place}: what does {code(name)} hold since "
            f"then?{case.elsewhere}"
        ),
        what=(
            f"`{name}` is one of Python's own functions. {place[0].upper()}{place[1:]} gave that name another "
            f"value: {type_words(held)}. The function is hidden behind it."
        ),
        how=(
            "Choose names that Python does not use. After `min = 3` the call `min(4, 5)` fails; with `lowest = "
            "3` it works. `del min` brings the function back in a running notebook."
        ),
    )


def missing_argument(case: Case) -> Explanation | None:
    """A call with too few arguments."""
    found = _MISSING.search(case.message)
    if found is not None:
        name, names = _plain_name(found.group(1)), re.findall(r"'([^']+)'", found.group(3))
        missing = one_of(names)
        return _arity(case, Kind.MISSING_ARGUMENT, name, f"gives no value for {missing}")
    found = _EXPECTED.search(case.message)
    if found is not None and found.group(1) and int(found.group(4)) < int(found.group(3)):
        name = found.group(1)
        return _arity(
            case,
            Kind.MISSING_ARGUMENT,
            name,
            f"gives {plural(int(found.group(4)), 'value')}, and it needs at least {found.group(3)}",
        )
    return None


def _plain_name(qualified: str) -> str:
    """The name as the call has it: a class for its ``__init__``, else the last part."""
    parts = qualified.split(".")
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]


def extra_argument(case: Case) -> Explanation | None:
    """A call with too many arguments."""
    taken = _TAKES.search(case.message)
    if taken is not None:
        name = taken.group(1)
        given = taken.group(3) or taken.group(4) or ""
        takes = taken.group(2)
        story = f"gives {given or 'more'} where {'none' if takes == 'no' else takes} can be taken"
        if "." in name and given and takes.isdigit():
            story += ". Python counts the object before the dot as the first one (`self`)"
        return _arity(case, Kind.EXTRA_ARGUMENT, _plain_name(name), story)
    other = _EXPECTED.search(case.message)
    if other is None:
        return None
    name = (other.group(1) or other.group(5) or other.group(8) or "").rsplit(".", 1)[-1]
    given = other.group(4) or other.group(7)
    takes = other.group(3) or other.group(6)
    if other.group(8):
        return _arity(
            case,
            Kind.EXTRA_ARGUMENT,
            name,
            "gives a value, and it takes none. Is there an `__init__` with two underscores on each side?",
        )
    if given and given == "0":
        return _arity(case, Kind.MISSING_ARGUMENT, name, f"gives no value, and {takes} is needed")
    return _arity(case, Kind.EXTRA_ARGUMENT, name, f"gives {given} values, and it takes {takes}")


def _arity(case: Case, kind: Kind, name: str, story: str) -> Explanation:
    function = case.book.function(name) if name.isidentifier() else None
    signature = _signature(case, name, function)
    return Explanation(
        kind=kind,
        where=(
            f"{at(case.line)} calls {code(name)}. Compare the values in the parentheses with what {code(name)} "
            f"takes.{case.elsewhere}"
        ),
        what=f"The call of {code(name)} {story}.{signature}" + case.elsewhere,
        how=_ARITY_HOW,
    )


def _signature(case: Case, name: str, function: FunctionNode | None) -> str:
    if function is None:
        return ""
    names = [*parameters(function)[0], *(arg.arg for arg in function.args.kwonlyargs)]
    page, binding = case.book.global_names[name][0]
    place = f"line {binding.line}" if page is case.page else f"line {binding.line} of {which_cell(page.cell)}"
    takes = one_of(names) if names else "no values"
    return f" It is defined in {place} and takes {takes}."


def unknown_argument(case: Case) -> Explanation | None:
    """A named argument that the function does not have."""
    found = _UNEXPECTED.search(case.message)
    if found is None:
        return None
    name = (found.group(1) or found.group(5) or "this function").rsplit(".", 1)[-1]
    argument = found.group(2) or found.group(4)
    function = case.book.function(name)
    known = (
        parameters(function)[0]
        if function
        else {
            "print": ["sep", "end", "file", "flush"],
            "sorted": ["key", "reverse"],
            "sort": ["key", "reverse"],
            "open": ["mode", "encoding", "newline"],
        }.get(name, [])
    )
    meant = found.group(3) or closest(argument, known)
    hint = f" Did you mean {code(meant)}?" if meant else f" It knows {one_of(known)}." if known else ""
    return Explanation(
        kind=Kind.UNKNOWN_ARGUMENT,
        where=(
            f"{at(case.line)} names an argument {code(argument)}. Look at how it is spelled and which names "
            f"{code(name)} knows.{case.elsewhere}"
        ),
        what=f"{code(name)} has no argument called {code(argument)}.{hint}" + case.elsewhere,
        how=(
            "A named argument must be spelled as in the definition: after `def area(width, height):` the call "
            "`area(width=3, height=4)` fits, `area(wide=3, height=4)` does not."
        ),
    )


RULES = (not_callable, missing_argument, extra_argument, unknown_argument)
