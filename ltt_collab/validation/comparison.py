"""Compares what was expected with what a learner's code gave; the answer is a sentence about the first difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ltt_collab.validation.values import NUMBERS, Tree, canonical, kind_name, number, shown

LAST_DIGITS: Final = 1e-9
"""What two floats may be off by and still be equal: the order of a sum must not fail anybody."""

WITH_ITEMS: Final = frozenset({"list", "tuple", "iterator", "view", "range"})

HINTS: Final = {
    ("list", "iterator"): "put list(…) around it",
    ("list", "tuple"): "a list has square brackets",
    ("tuple", "list"): "a tuple has round brackets",
    ("list", "range"): "put list(…) around it",
    ("list", "view"): "put list(…) around it",
    ("list", "array"): "use .tolist()",
    ("list", "series"): "use .tolist()",
    ("str", "int"): "a number is not a text: str(…) makes one",
    ("int", "str"): "a text is not a number: int(…) makes one",
    ("float", "str"): "a text is not a number: float(…) makes one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far two numbers may be apart: absolutely, or relative to the expected one."""

    absolute: float = 1e-12
    relative: float = LAST_DIGITS


def difference(expected: Tree, got: Tree, tolerance: Tolerance) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a table of kinds
    """The first difference as a part of a sentence, None for equal values."""
    if expected[0] in NUMBERS and got[0] in NUMBERS:
        return None if _near(number(expected), number(got), tolerance) else _wanted(expected, got)
    if expected[0] != got[0]:
        return _other_kind(expected, got)
    match expected[0]:
        case "list" | "tuple" | "iterator" | "view" | "range":
            return _items(expected[2], got[2], tolerance)
        case "set":
            return _sets(expected[2], got[2])
        case "dict":
            return _pairs(expected[2], got[2], tolerance, "key")
        case "object":
            if expected[1] != got[1]:
                return f"expected {kind_name(expected)}, got {kind_name(got)}"
            return _pairs(expected[2], got[2], tolerance, "attribute")
        case "array":
            if expected[1] != got[1]:
                return f"expected an array of shape {shown(expected[1])}, got one of shape {shown(got[1])}"
            return difference(expected[2], got[2], tolerance)
        case "series":
            return _series(expected, got, tolerance)
        case "frame":
            return _frames(expected, got, tolerance)
        case "str":
            return _texts(expected[1], got[1])
        case "complex":
            parts = zip(expected[1:], got[1:], strict=True)
            return None if all(_near(float(e), float(g), tolerance) for e, g in parts) else _wanted(expected, got)
        case "deep" | "large" | "unreadable":
            return "the value is too large or too deep to be compared"
        case _:
            return None if expected == got else _wanted(expected, got)


def _near(expected: float, got: float, tolerance: Tolerance) -> bool:
    if isinstance(expected, int) and isinstance(got, int):
        exact = expected == got
        return exact or (tolerance.relative > LAST_DIGITS and abs(expected - got) <= tolerance.absolute)
    try:
        expected, got = float(expected), float(got)
    except OverflowError:
        return expected == got
    if math.isnan(expected) or math.isnan(got):
        return math.isnan(expected) and math.isnan(got)
    return math.isclose(expected, got, rel_tol=tolerance.relative, abs_tol=tolerance.absolute)


def _wanted(expected: Tree, got: Tree) -> str:
    return f"expected {shown(expected)}, got {shown(got)}"


def _other_kind(expected: Tree, got: Tree) -> str:
    if got == ["none"]:
        return f"expected {shown(expected)}, got None (a function gives None when it does not reach a return)"
    if expected[0] in {"bool", "none"}:
        return _wanted(expected, got)
    said = f"expected {kind_name(expected)} ({shown(expected)}), got {kind_name(got)} ({shown(got)})"
    hint = HINTS.get((expected[0], got[0]))
    return f"{said}; {hint}" if hint else said


def _items(expected: list[Tree], got: list[Tree], tolerance: Tolerance) -> str | None:
    for index, (wanted, found) in enumerate(zip(expected, got, strict=False)):
        if said := difference(wanted, found, tolerance):
            return f"item {index}: {said}"
    if len(expected) != len(got):
        return f"expected {_count(expected)}, got {_count(got)}"
    return None


def _count(items: list[Tree]) -> str:
    return f"{len(items)} item{'' if len(items) == 1 else 's'}"


def _sets(expected: list[Tree], got: list[Tree]) -> str | None:
    wanted, found = ({canonical(item): item for item in items} for items in (expected, got))
    for key, item in wanted.items():
        if key not in found:
            return f"{shown(item)} is missing"
    for key, item in found.items():
        if key not in wanted:
            return f"{shown(item)} should not be there"
    return None


def _pairs(expected: list[list[Tree]], got: list[list[Tree]], tolerance: Tolerance, what: str) -> str | None:
    wanted, found = ({canonical(key): (key, value) for key, value in pairs} for pairs in (expected, got))
    for name, (key, value) in wanted.items():
        if name not in found:
            return f"{what} {shown(key)} is missing"
        if said := difference(value, found[name][1], tolerance):
            return f"{what} {shown(key)}: {said}"
    for name, (key, _) in found.items():
        if name not in wanted:
            return f"{what} {shown(key)} should not be there"
    return None


def _texts(expected: str, got: str) -> str | None:
    if expected == got:
        return None
    said = _wanted(["str", expected], ["str", got])
    if expected.split() == got.split():
        return f"{said}; they differ only in spaces or line ends"
    if expected.casefold() == got.casefold():
        return f"{said}; they differ only in upper and lower case"
    return said


def _series(expected: Tree, got: Tree, tolerance: Tolerance) -> str | None:
    if said := difference(expected[3], got[3], tolerance):
        return said
    if said := difference(expected[2], got[2], tolerance):
        return f"the values are right, but the index differs: {said}"
    return None


def _frames(expected: Tree, got: Tree, tolerance: Tolerance) -> str | None:
    if said := difference(expected[1], got[1], tolerance):
        return f"the columns differ: {said}"
    if said := difference(expected[3], got[3], tolerance):
        return f"the rows differ: {said}"
    if said := difference(expected[2], got[2], tolerance):
        return f"the rows are right, but the index differs ({said}); perhaps reset_index(drop=True)"
    return None


def rows_difference(expected: Tree, got: Tree, *, ordered: bool) -> str | None:
    """The first difference of two query results (a list of tuples each), None for equal ones."""
    wanted, found = (list(tree[2]) for tree in (expected, got))
    if len(wanted) != len(found):
        return f"expected {_rows(len(wanted))}, got {_rows(len(found))}"
    if wanted and len(wanted[0][2]) != len(found[0][2]):
        return f"expected {len(wanted[0][2])} columns, got {len(found[0][2])}"
    if not ordered:
        wanted, found = sorted(wanted, key=canonical), sorted(found, key=canonical)
    for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
        if difference(one, other, Tolerance()):
            place = f"row {index + 1}: " if ordered else ""
            return f"{place}expected {shown(one)}, got {shown(other)}"
    return None


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"
