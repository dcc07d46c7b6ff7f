"""NameError: a name that is not there (yet)."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from agent.rules.bindings import Binding
from agent.rules.book import Page
from agent.rules.case import Case
from agent.rules.errors.scopes import local_elsewhere, missing_name
from agent.rules.kinds import Kind
from agent.rules.known import ALIASES, BUILTINS, MEMBERS, PACKAGES, STDLIB
from agent.rules.similar import closest
from agent.rules.wording import Explanation, at, code, which_cell


def not_made_yet(case: Case) -> Explanation | None:
    """The name is made by the notebook: in another cell that was not run, or further down."""
    name = missing_name(case)
    if name is None or name not in case.book.global_names:
        return None
    places = [pair for pair in case.book.global_names[name] if pair[1].kind not in {"delete", "augment"}]
    if not places:
        return None
    own = [b for page, b in places if page is case.page]
    if any(b.kind == "delete" for _, b in case.book.global_names[name]):
        return _deleted(case, name)
    if own and case.frame_page is case.page:
        return _too_early(case, name, own)
    page, binding = _best_place(case, places)
    if page is case.page:
        return None
    below = page.index > case.page.index
    side = "below" if below else "above"
    ran = page.cell.execution_count is not None
    state = _state(case, page)
    return Explanation(
        kind=Kind.CELL_NOT_RUN,
        where=(
            f"{at(case.line)} uses {code(name)}. Look at the cell {side} that makes it: has it been run before "
            f"this one?{case.elsewhere}"
        ),
        what=f"{code(name)} is made in {which_cell(page.cell)} {side} (line {binding.line}). {state}",
        how=(
            "A name exists only after its cell was run, in whatever order the cells stand. Suppose one cell says "
            "`rate = 0.2` and another `rate * 50`: run the first one first. "
        )
        + (
            "After a restart of the kernel all cells must be run again."
            if ran
            else "*Run All Above* in the *Run* menu runs all earlier cells."
        ),
    )


def _state(case: Case, page: Page) -> str:
    count, own = page.cell.execution_count, case.page.cell.execution_count
    if page.cell.error is not None and page.cell.error.error_name != "KeyboardInterrupt":
        return "That cell stopped with an error of its own, so the name was not made. Mend that cell first."
    if count is None:
        return "That cell has not been run yet, so Python does not know the name."
    if own is not None and count > own:
        return "That cell was run only after this one, so the name did not exist at that time."
    return (
        "That cell has a run number, but the kernel does not know the name. Perhaps the kernel was restarted "
        "since then."
    )


def _best_place(case: Case, places: list[tuple[Page, Binding]]) -> tuple[Page, Binding]:
    not_run = [p for p in places if p[0].cell.execution_count is None or p[0].cell.error is not None]
    others = not_run or places
    above = [p for p in others if p[0].index < case.page.index]
    return above[-1] if above else others[0]


def _too_early(case: Case, name: str, own: list[Binding]) -> Explanation | None:
    later = next((b for b in own if b.line >= case.line), None)
    if later is None:
        return None
    if later.line == case.line:
        text = (
            f"{at(case.line)} uses {code(name)} to make {code(name)}. The right side of the `=` is worked out "
            "first, and at that time the name has no value yet."
        )
        how = "A value that grows needs a start: `count = 0` first, then `count = count + 1`."
    else:
        text = (
            f"{code(name)} is made in line {later.line}. Python goes from top to bottom, so in line {case.line} "
            "it does not exist yet."
        )
        how = "First make, then use:\n\n```python\nwidth = 4\nprint(width * 2)\n```"
    return Explanation(
        kind=Kind.NAME_USED_TOO_EARLY,
        where=f"{at(case.line)} uses {code(name)}. Look where {code(name)} gets its first value.",
        what=text,
        how=how,
    )


def _deleted(case: Case, name: str) -> Explanation:
    return Explanation(
        kind=Kind.UNDEFINED_NAME,
        where=f"{at(case.line)} uses {code(name)}. Look for a `del` with that name.",
        what=f"The notebook makes {code(name)} and also deletes it with `del`. After that the name is gone.",
        how="After `del x` the name `x` is unknown until it gets a value again: `x = 5`.",
    )


def missing_import(case: Case) -> Explanation | None:
    """The name of a well-known module, of its short form, or of something in it."""
    name = missing_name(case)
    if name is None:
        return None
    if name in ALIASES:
        module, what = (
            ALIASES[name],
            (
                f"{code(name)} is the usual short name of the module {code(ALIASES[name])}. No cell that was run "
                "imports it under that name."
            ),
        )
    elif name in STDLIB or name in PACKAGES:
        if not _used_as_module(case, name) and name not in PACKAGES:
            return None
        module, what = (
            name,
            f"{code(name)} is a module. A module must be imported before it is used, and no cell that was run does so.",
        )
    elif name in MEMBERS:
        module = MEMBERS[name]
        what = (
            f"{code(name)} is not one of Python's own names. It lives in the module {code(module)}, and it was "
            "not imported from there."
        )
    else:
        return None
    example = "import statistics" if module != "statistics" else "import fractions"
    return Explanation(
        kind=Kind.MISSING_IMPORT,
        where=(
            f"{at(case.line)} uses {code(name)}, and Python knows no such name. Look at the `import` lines of "
            f"the notebook.{case.elsewhere}"
        ),
        what=what + case.elsewhere,
        how=(
            f"Imports stand in the first cell and are run first. With `{example}` at the top, the rest of the "
            f"notebook can use `{example.split()[1]}`; `import calendar as cal` gives a short name."
        ),
    )


def _used_as_module(case: Case, name: str) -> bool:
    return any(isinstance(n.value, ast.Name) and n.value.id == name for n in case.nodes(ast.Attribute))


def misspelt_name(case: Case) -> Explanation | None:
    """A name close to one that exists."""
    name = missing_name(case)
    if name is None:
        return None
    meant, place = _nearest(case, name)
    if meant is None:
        return None
    return Explanation(
        kind=Kind.MISSPELT_NAME,
        where=f"{at(case.line)} uses {code(name)}, and Python knows no such name. {place}{case.elsewhere}",
        what=f"There is no {code(name)}. Did you mean {code(meant)}? Every letter counts, and so do capitals."
        + case.elsewhere,
        how=(
            "A name must be written the same way each time. After `apples = 3`, neither `aples` nor `Apples` is "
            "known, only `apples`."
        ),
    )


def _nearest(case: Case, name: str) -> tuple[str | None, str]:
    function = case.frame_page.function_at(case.frame_line)
    local = [b for b in case.frame_page.names.made if b.function is function and function is not None]
    meant = closest(name, dict.fromkeys(b.name for b in local))
    if meant is not None and case.frame_page is case.page:
        line = next(b.line for b in local if b.name == meant)
        return meant, f"A name close to it is made in line {line}."
    if meant is not None:
        return meant, "A name close to it is made in the same function."
    meant = closest(name, _globals_nearest_first(case))
    builtin = closest(name, BUILTINS)
    if meant is not None and not (builtin is not None and builtin.casefold() == name.casefold() != meant.casefold()):
        page, binding = case.book.global_names[meant][0]
        place = f"line {binding.line}" if page is case.page else f"line {binding.line} of {which_cell(page.cell)}"
        return meant, f"A name close to it is made in {place}."
    return (builtin, "One of Python's own names is close to it.") if builtin else (None, "")


def _globals_nearest_first(case: Case) -> Iterable[str]:
    own = [b.name for b in case.page.names.made if b.function is None]
    return dict.fromkeys([*own, *case.book.global_names])


def undefined_name(case: Case) -> Explanation | None:
    """A name that nothing in the notebook makes."""
    name = missing_name(case)
    if name is None:
        return None
    if _could_be_text(name) and _seems_text(case, name):
        return Explanation(
            kind=Kind.MISSING_QUOTES,
            where=(
                f"{at(case.line)} uses {code(name)} as a name, and nothing has that name. Is it a name or a "
                f"text?{case.elsewhere}"
            ),
            what=(
                f"Without quotes Python takes {code(name)} for a name, and no cell of this notebook gives that name "
                "a value. If it is meant as a text, it needs quotes."
            ),
            how='`print(hello)` looks for a value called `hello`. `print("hello")` shows the word.',
        )
    return Explanation(
        kind=Kind.UNDEFINED_NAME,
        where=(
            f"{at(case.line)} uses {code(name)}, and Python knows no such name. Look where it should get its "
            f"value.{case.elsewhere}"
        ),
        what=(
            f"No cell of this notebook makes {code(name)} with `=`, `def` or `import`. So Python cannot know "
            "what it stands for."
        )
        + case.elsewhere,
        how="Give a name its value before you use it: first `height = 1.75`, then `height * 2`.",
    )


def _could_be_text(name: str) -> bool:
    """Whether it looks like a word: letters only, and more than the ``x`` of a formula."""
    return len(name) > 2 and name.isalpha()


def _seems_text(case: Case, name: str) -> bool:
    """Whether the bare name stands where texts usually stand: printed, compared, an item, a key, a lone value."""
    for node in case.nodes(ast.AST):
        match node:
            case ast.Call(func=ast.Name(id="print" | "input" | "open"), args=args) if _has(args, name):
                return True
            case ast.Call(func=ast.Attribute(), args=[ast.Name(id=found)]) if found == name:
                return True
            case ast.Subscript(slice=ast.Name(id=found)) | ast.Assign(value=ast.Name(id=found)) if found == name:
                return True
            case ast.Compare(comparators=parts) | ast.List(elts=parts) | ast.Dict(keys=parts) if _has(parts, name):
                return True
            case ast.Dict(values=parts) if _has(parts, name):
                return True
            case _:
                continue
    return False


def _has(nodes: Iterable[ast.expr | None], name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in nodes)


RULES = (not_made_yet, missing_import, local_elsewhere, misspelt_name, undefined_name)
