"""Shared values as plain ones, whatever a browser put there."""

from __future__ import annotations

from typing import Any

from pycrdt import Array, Map, Text

from ltt_collab.model.cells import Cell
from ltt_collab.model.reading import read_cell


def plain(value: object) -> Any:
    """The value without shared types; XML, subdocuments and binary values, which no notebook has, become None.

    Unlike pycrdt's ``to_py`` it does not fail over one odd value somewhere inside.
    """
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, Map):
        return {key: plain(value.get(key)) for key in value.keys()}  # noqa: SIM118 - a pycrdt Map is no dict
    if isinstance(value, Array):
        return [plain(value[index]) for index in range(len(value))]
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return None


def shared_cell(cells: Array[Any], index: int) -> Cell:
    """One cell of the shared notebook as a value."""
    return read_cell(plain(cells[index]))
