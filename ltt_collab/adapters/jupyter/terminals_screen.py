"""What a terminal shows, from what its programs printed; no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyte.screens import Char

KEPT_CHARACTERS = 64_000
"""Of what was printed: resolving its escape sequences takes some 12 µs a character."""

KEPT_LINES = 300
"""Of scrollback and screen together."""

SHOWN_CHARACTERS = 20_000
"""Of the result: the latest of it."""

COLUMNS, ROWS = 240, 60
"""Larger than a learner's window, whose size we are not told: nothing of it is cut off."""


def as_screen(printed: str) -> str:
    """The recent lines as plain text: colours gone, cursor moves and overwriting done, blank margins left out."""
    import pyte  # noqa: PLC0415 - 2 MiB, where a task reads a terminal; we run in a thread

    screen = pyte.HistoryScreen(COLUMNS, ROWS, history=KEPT_LINES, ratio=0.5)
    pyte.Stream(screen).feed(printed[-KEPT_CHARACTERS:])
    lines = [*(_line(line) for line in screen.history.top), *screen.display]
    text = "\n".join(line.rstrip() for line in lines[-KEPT_LINES - ROWS :]).strip("\n")
    return text[-SHOWN_CHARACTERS:]


def _line(line: Mapping[int, Char]) -> str:
    return "".join(line[column].data for column in _columns(line))


def _columns(line: Mapping[int, Char]) -> Iterable[int]:
    return range(max(line, default=-1) + 1)
