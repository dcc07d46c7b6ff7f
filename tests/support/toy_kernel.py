"""Runs a cell in this process and says what a kernel would say: enough for a learner who has no browser."""

from __future__ import annotations

import contextlib
import io
import traceback
from dataclasses import dataclass
from typing import Any

RULE = "-" * 75


@dataclass(frozen=True)
class ToyResult:
    """What came of one run; ``error`` as an nbformat error output, None if it ran well."""

    number: int
    stdout: str
    error: dict[str, Any] | None


class ToyKernel:
    """One namespace, as one notebook's kernel has it."""

    def __init__(self) -> None:
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._number = 0

    def run(self, source: str) -> ToyResult:
        """Execute a cell's source."""
        self._number += 1
        printed, error = io.StringIO(), None
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(source, "<cell>", "exec"), self._names)
            except Exception as raised:  # noqa: BLE001 - whatever the learner's code raises is the result
                error = self._error(raised, source.split("\n"))
        return ToyResult(self._number, printed.getvalue(), error)

    def _error(self, raised: Exception, lines: list[str]) -> dict[str, Any]:
        name = type(raised).__name__
        frames = [frame for frame in traceback.extract_tb(raised.__traceback__) if frame.filename == "<cell>"]
        line = (raised.lineno if isinstance(raised, SyntaxError) else frames[-1].lineno) or 1
        shown = [
            f"{'----> ' if number == line else '      '}{number} {text}" for number, text in enumerate(lines, start=1)
        ]
        said = [RULE, f"{name:<42}Traceback (most recent call last)"]
        said += ["\n".join([f"Cell In[{self._number}], line {line}", *shown]) + "\n", f"{name}: {raised}"]
        return {"output_type": "error", "ename": name, "evalue": str(raised), "traceback": said}
