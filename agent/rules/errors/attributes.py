"""AttributeError: something after a dot that is not there."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from functools import cache

from agent.rules.case import Case
from agent.rules.errors.none_values import none_value
from agent.rules.infer import literal_strings
from agent.rules.kinds import Kind
from agent.rules.known import METHODS, OTHER_METHODS, SPECIAL
from agent.rules.similar import closest
from agent.rules.wording import Explanation, at, code, type_words

_MISSING = re.compile(r"'([\w.]+)' object has no attribute '(\w+)'|type object '([\w.]+)' has no attribute '(\w+)'")
_MODULE = re.compile(r"(?:partially initialized )?module '([\w.]+)' has no attribute '(\w+)'")
_SAFE_MODULES = frozenset(
    {
        "math",
        "random",
        "statistics",
        "time",
        "datetime",
        "os",
        "sys",
        "json",
        "re",
        "string",
        "collections",
        "itertools",
        "functools",
        "csv",
        "pathlib",
        "decimal",
        "fractions",
        "copy",
        "operator",
        "calendar",
        "textwrap",
        "typing",
        "cmath",
        "heapq",
        "bisect",
        "shutil",
        "glob",
    }
)
"""Modules of the standard library that are looked into, by importing them here."""


def none_attribute(case: Case) -> Explanation | None:
    """A method of None."""
    if "'NoneType' object has no attribute" not in case.message:
        return None
    found = none_value(case)
    if found is None:
        return None
    attribute = re.search(r"attribute '(\w+)'", case.message)
    name = attribute.group(1) if attribute else ""
    return Explanation(
        kind=found.kind, where=found.where, what=f"{found.what} So there is no {code('.' + name)} in it.", how=found.how
    )


def module_attribute(case: Case) -> Explanation | None:
    """A name that a module does not have."""
    found = _MODULE.search(case.message)
    if found is None:
        return None
    module, name = found.groups()
    meant = closest(name, members(module))
    hint = f" Did you mean {code(meant)}?" if meant else ""
    if meant is None and _inside_namesake(module, name):
        hint = f" In the module there is a class that is also called {code(module)}, and that one has it."
    if "partially initialized" in case.message or "circular import" in case.message:
        hint = f" Perhaps a file of your own is called {code(module + '.py')} and hides the real module."
    return Explanation(
        kind=Kind.MISSING_MODULE_ATTRIBUTE,
        where=(
            f"{at(case.line)} takes {code(name)} from the module {code(module)}. Look at how it is "
            f"spelled.{case.elsewhere}"
        ),
        what=f"The module {code(module)} has nothing called {code(name)}.{hint}" + case.elsewhere,
        how=(
            "`dir(calendar)` lists all that a module has. Names are small letters in most modules: "
            "`calendar.isleap(2024)`."
        ),
    )


def _inside_namesake(module: str, name: str) -> bool:
    """Whether the module has a class of its own name with that attribute, as ``datetime`` does."""
    return module in members(module) and hasattr(getattr(importlib.import_module(module), module), name)


@cache
def members(module: str) -> tuple[str, ...]:
    """The public names of a well-known module of the standard library, () for any other."""
    if module not in _SAFE_MODULES or module not in sys.stdlib_module_names:
        return ()
    return tuple(name for name in dir(importlib.import_module(module)) if not name.startswith("_"))


def missing_attribute(case: Case) -> Explanation | None:
    """A method or value that the object's type does not have."""
    found = _MISSING.search(case.message)
    if found is None:
        return None
    held, name = (found.group(1) or found.group(3)).rsplit(".", 1)[-1], found.group(2) or found.group(4)
    holder = next((case.text(n.value) for n in case.nodes(ast.Attribute) if n.attr == name), "")
    subject = code(holder, 40) if holder else "The value before the dot"
    known = METHODS.get(held) or OTHER_METHODS.get(held) or _own_attributes(case, held)
    special = SPECIAL.get((held, name))
    meant = None if special else closest(name, known)
    if special:
        hint = f" What does such a thing here is {code(special)}."
    elif meant:
        hint = f" Did you mean {code(meant)}?"
    elif other := next((t for t in ("list", "str", "dict", "set") if t != held and name in METHODS[t]), None):
        hint = f" It is {type_words(other)} that has `{name}`."
    elif held == "dict" and name in literal_strings(case.book):
        hint = " What a dictionary holds is looked up by its key, in square brackets."
    else:
        hint = ""
    if held in {"function", "method", "builtin_function_or_method"}:
        hint += " A function without parentheses was not called."
    return Explanation(
        kind=Kind.MISSING_ATTRIBUTE,
        where=(
            f"{at(case.line)} asks for {code('.' + name)}. Look at what stands before the dot and whether it has "
            f"that.{case.elsewhere}"
        ),
        what=f"{subject} is {type_words(held)} and has nothing called {code(name)}.{hint}" + case.elsewhere,
        how=(
            "`type(value)` tells what a value is, and `dir(value)` what it can do. For example a text has "
            "`title` and `split`, a list has `insert` and `count`."
        ),
    )


def _own_attributes(case: Case, held: str) -> tuple[str, ...]:
    """What a class of the notebook gives its objects: methods, class names, ``self.x = …``."""
    names: dict[str, None] = {}
    for page in case.book.pages:
        for node in page.nodes:
            if isinstance(node, ast.ClassDef) and node.name == held:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("__"):
                        names[inner.name] = None
                    elif isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
                        names[inner.attr] = None
                    elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                        names[inner.id] = None
    return tuple(names)


RULES = (none_attribute, module_attribute, missing_attribute)
