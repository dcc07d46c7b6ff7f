"""Arguments of a call, read and refused by name: which value, and what to give instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltt_collab.model.errors import UsageError

Arguments = Mapping[str, Any]

LONGEST_RUN, USUAL_RUN = 600.0, 30.0
"""Seconds."""


class BadArgumentError(UsageError):
    """An argument cannot be used; never leaves the bridge but as its sentence."""

    def __init__(self, name: str, value: object, remedy: str) -> None:
        super().__init__(f"{name}={value!r} cannot be used: {remedy}")
        self.name, self.value, self.remedy = name, value, remedy


def text_argument(arguments: Mapping[str, object], name: str) -> str | None:
    """A text, or None when it is not given.

    Raises:
        BadArgumentError
    """
    value = arguments.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadArgumentError(name, value, "give a text")


def required_text(arguments: Arguments, name: str) -> str:
    """A text that must be given.

    Raises:
        BadArgumentError
    """
    value = text_argument(arguments, name)
    if value is None:
        raise BadArgumentError(name, "", "it is required")
    return value


def number_argument(arguments: Mapping[str, object], name: str, default: float, low: float, high: float) -> float:
    """A number within bounds.

    Raises:
        BadArgumentError
    """
    value = arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadArgumentError(name, value, f"give a number from {low:g} to {high:g}")
    return float(value)


def whole_argument(arguments: Mapping[str, object], name: str) -> int | None:
    """A whole number from 0, or None when it is not given.

    Raises:
        BadArgumentError
    """
    value = arguments.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadArgumentError(name, value, "give a whole number from 0")
    return value


def integer_argument(arguments: Arguments, name: str, default: int) -> int:
    """A whole number, below 0 too.

    Raises:
        BadArgumentError
    """
    value = arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadArgumentError(name, value, "give a whole number")
    return value


def flag_argument(arguments: Mapping[str, object], name: str, *, default: bool = False) -> bool:
    """True or false.

    Raises:
        BadArgumentError
    """
    value = arguments.get(name, default)
    if not isinstance(value, bool):
        raise BadArgumentError(name, value, "give true or false")
    return value


def choice_argument(arguments: Arguments, name: str, choices: tuple[str, ...]) -> str:
    """One of the choices, the first when none is given.

    Raises:
        BadArgumentError
    """
    value = arguments.get(name, choices[0])
    if value not in choices:
        raise BadArgumentError(name, value, f"give one of {', '.join(choices)}")
    return str(value)


def seconds_argument(arguments: Arguments) -> float:
    """How long a run may take.

    Raises:
        BadArgumentError
    """
    return number_argument(arguments, "timeout", USUAL_RUN, 0.01, LONGEST_RUN)


def characters_argument(arguments: Arguments) -> int | None:
    """How much output is wanted; None: the usual.

    Raises:
        BadArgumentError
    """
    if arguments.get("max_output_chars") is None:
        return None
    return int(number_argument(arguments, "max_output_chars", 0, 100, 200_000))
