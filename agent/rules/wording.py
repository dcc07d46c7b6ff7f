"""How the rules speak: learner text in code spans, line and cell references, bounded lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ltt_collab.model.cells import Cell

MAX_SPAN = 60
"""Longest learner text that a note quotes: more does not help and floods the note."""

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a rule says: a kind, the line it means (None: the line that raised), and the three rungs."""

    kind: str
    where: str
    what: str
    how: str
    line: int | None = None


def code(text: object, limit: int = MAX_SPAN) -> str:
    """``text`` as a Markdown code span: one line, at most ``limit`` characters, safe with backticks inside."""
    flat = _SPACE.sub(" ", "".join(c if c.isprintable() else " " for c in str(text)[: 4 * limit])).strip()
    if len(flat) > limit:
        flat = flat[: limit - 1].rstrip() + "…"
    if not flat:
        return "(nothing)"
    if "`" not in flat:
        return f"`{flat}`"
    fence = "`" * (max(len(run) for run in re.findall(r"`+", flat)) + 1)
    return f"{fence} {flat} {fence}"


def at(line: int) -> str:
    """The line as a note names it at the start of a sentence."""
    return f"**Line {line}**"


def one_of(words: Sequence[str], most: int = 5) -> str:
    """``a``, ``b`` and ``c`` as code spans, at most ``most`` of them."""
    shown = [code(word) for word in words[:most]]
    if len(words) > most:
        return ", ".join(shown) + ", …"
    if len(shown) < 2:
        return "".join(shown)
    return ", ".join(shown[:-1]) + " and " + shown[-1]


def which_cell(cell: Cell) -> str:
    """How a learner recognises another cell: its run number, or else how it begins."""
    if cell.execution_count is not None:
        return f"the cell marked `[{cell.execution_count}]`"
    first = next((line for line in cell.source[:2000].splitlines() if line.strip()), "")
    return f"the cell that begins with {code(first, 40)}"


def plural(count: int, noun: str) -> str:
    """``1 value``, ``2 values``, ``0 values``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


_TYPE_WORDS = {
    "str": "text (`str`)",
    "int": "a whole number (`int`)",
    "float": "a decimal number (`float`)",
    "bool": "a truth value (`bool`)",
    "list": "a list",
    "tuple": "a tuple",
    "dict": "a dictionary",
    "set": "a set",
    "NoneType": "`None`, which means no value",
    "function": "a function",
    "method": "a method",
    "builtin_function_or_method": "a built-in function",
    "type": "a type",
    "module": "a module",
    "range": "a `range`",
    "generator": "a generator",
    "coroutine": "a coroutine, a call that was not awaited",
}


def type_words(type_name: str) -> str:
    """A type's name in plain words."""
    return _TYPE_WORDS.get(type_name, f"a value of type {code(type_name)}")
