"""Marks one check: what was expected against what came, as a result fit to be shown to the learner. Pure."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ltt_collab.model.courses import Check, Expected
from ltt_collab.model.validations import CheckResult
from ltt_collab.validation.asking import Told
from ltt_collab.validation.comparison import Tolerance, difference, rows_difference
from ltt_collab.validation.queries import Rows, query_fault
from ltt_collab.validation.values import shown

HIDDEN_FAILED: Final = "A hidden check does not pass yet. Try your code with other inputs, unusual ones too."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one check gave.

    ``fault``: None when it passed. ``asked``: the expression that was wrong. ``raised``: the learner's code ended in
    an error.
    """

    fault: str | None = None
    expected: str | None = None
    got: str | None = None
    raised: Told | None = None
    asked: str | None = None


def mark_values(check: Check, inputs: Sequence[str], expected: Sequence[Told], got: Sequence[Told]) -> Mark:
    """Mark an EXPRESSION check, all its inputs: the first that is wrong counts."""
    for subject, wanted, told in zip(inputs, expected, got, strict=True):
        mark = _mark(check, wanted, told)
        if mark.fault is not None:
            asked = _short(subject)
            return replace(mark, fault=f"{asked}: {mark.fault}", asked=asked)
    return Mark()


def _mark(check: Check, wanted: Told, told: Told) -> Mark:
    if wanted.value is None:
        return _mark_raising(wanted, told)
    text = shown(wanted.value)
    if told.value is None:
        return Mark(fault=f"expected {text}, but it raised {error_text(told)}", expected=text, got=_error_line(told),
                    raised=told)  # fmt: skip
    tolerance = Tolerance()
    if check.expected is Expected.APPROX:
        tolerance = Tolerance(absolute=check.tolerance, relative=max(check.tolerance, 1e-9))
    fault = difference(wanted.value, told.value, tolerance)
    if fault is not None and told.operands:
        left, right = (shown(side) for side in told.operands)
        fault = f"expected {text}, got {shown(told.value)} (left side: {left}, right side: {right})"
    return Mark(fault=fault, expected=text, got=shown(told.value)) if fault is not None else Mark()


def _mark_raising(wanted: Told, told: Told) -> Mark:
    name = wanted.error_name
    if told.value is not None:
        fault = f"expected {name} to be raised, got {shown(told.value)}"
        return Mark(fault=fault, expected=name, got=shown(told.value))
    if any(known == name and (module == "builtins" or not _is_builtin(name)) for module, known in told.classes):
        return Mark()
    return Mark(fault=f"expected {name}, but it raised {error_text(told)}", expected=name, got=_error_line(told),
                raised=told)  # fmt: skip


def _is_builtin(name: str) -> bool:
    return isinstance(getattr(builtins, name, None), type)


def _error_line(told: Told) -> str:
    return f"{told.error_name}: {told.said.strip().splitlines()[0][:160]}" if told.said.strip() else told.error_name


def error_text(told: Told) -> str:
    """The error, and where in the learner's code it was raised."""
    return _error_line(told) + place_text(told)


def place_text(told: Told) -> str:
    """Where in the learner's code an error was raised, in brackets; '' for unknown."""
    place = next((place for place in reversed(told.places) if place.text), None)
    return f" (in {place.function}, line {place.line}: `{place.text[:120]}`)" if place else ""


def mark_rows(check: Check, expected: Sequence[Rows], got: Sequence[Rows]) -> Mark:
    """Mark a SQL check."""
    for wanted, rows in zip(expected, got, strict=True):
        if rows.rows is None or wanted.rows is None:
            return Mark(fault=query_fault(rows))
        fault = rows_difference(wanted.rows, rows.rows, ordered=check.ordered)
        if fault is not None:
            return Mark(fault=fault, expected=shown(wanted.rows), got=shown(rows.rows))
    return Mark()


def result(check: Check, mark: Mark) -> CheckResult:
    """The check's result; a hidden one tells neither input nor value nor error."""
    passed = mark.fault is None
    hidden = check.hidden and not passed
    message = check.success_message or "Passed."
    if not passed:
        message = HIDDEN_FAILED if check.hidden else f"{mark.fault}."
        message = f"{check.failure_message} ({mark.fault})" if check.failure_message else message
        message = check.failure_message if hidden and check.failure_message else message
    return CheckResult(
        name=check.name,
        passed=passed,
        hidden=check.hidden,
        points=check.points if passed else 0.0,
        max_points=check.points,
        message=message,
        expected=None if hidden else mark.expected,
        got=None if hidden else mark.got,
        asked=None if hidden else mark.asked,
    )


def unchecked(check: Check, reason: str, *, skipped: bool = True) -> CheckResult:
    """A check that did not run."""
    return CheckResult(
        name=check.name, passed=False, hidden=check.hidden, points=0.0, max_points=check.points, message=reason,
        skipped=skipped,
    )  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"
