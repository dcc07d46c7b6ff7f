"""Arguments of a call, read and refused by name: which value, and what to give instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from fastjsonschema import JsonSchemaValueException
from fastjsonschema import compile as compile_schema

from ltt_collab.model.errors import UsageError

Arguments = Mapping[str, Any]

LONGEST_RUN, USUAL_RUN = 600.0, 30.0
"""Seconds."""


class BadArgumentError(UsageError):
    """An argument cannot be used; never leaves the bridge but as its sentence."""

    def __init__(self, name: str, value: object, remedy: str) -> None:
        super().__init__(f"{name}={value!r} cannot be used: {remedy}")
        self.name, self.value, self.remedy = name, value, remedy


class ArgumentSchema:
    """What a tool takes, as it is listed; made into code by fastjsonschema at the tool's first call."""

    def __init__(self, tool: str, schema: Mapping[str, Any]) -> None:
        self._tool, self._schema = tool, schema
        self._properties: Mapping[str, Any] = schema.get("properties", {})
        self._required: Sequence[str] = schema.get("required", [])

    def expect(self, given: Arguments) -> None:
        """Look at the arguments of a call.

        Raises:
            BadArgumentError: which one cannot be used, and what it must be.
        """
        for argument, value in given.items():
            if argument not in self._properties and argument not in self._required:
                known = ", ".join({**self._properties, **dict.fromkeys(self._required)}) or "nothing"
                raise BadArgumentError(argument, value, f"{self._tool} takes {known}")
        for required in self._required:
            if required not in given:
                raise BadArgumentError(required, "", "it is required")
        try:
            self._check(given)
        except JsonSchemaValueException as error:
            name = error.path[1] if len(error.path) > 1 else ""
            fits = {key: value for key, value in self._properties.get(name, {}).items() if key not in _WORDS}
            raise BadArgumentError(name, given.get(name), f"it must fit {json.dumps(fits)}") from error

    @cached_property
    def _check(self) -> Callable[[Arguments], object]:
        check: Callable[[Arguments], object] = compile_schema(dict(self._schema), use_default=False)
        return check


_WORDS = frozenset({"title", "description", "default"})
"""Of a schema: for people, and no condition."""


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
