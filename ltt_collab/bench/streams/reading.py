"""The text format of a session, read.

    == fixes quickly                    a name
    calm                                the label: `calm`, or `stuck 42` (from second 42 on)
    cell a code task:mean               a cell that stands there; its source follows
    | print(nmae)
    0 ada joins                         second, learner, what happens
    2 ada writes a 6                    typed within 6 seconds until the cell reads
    | print(name)
    9 ada pastes b code                 a cell appears at once (`code` or `markdown`, `task:…` may follow)
    | x = 1
    12 ada runs a 0.2 ok                or: 0.2 NameError 1 name 'nmae' is not defined (the line, the message)
    20 ada runs b forever
    21 ada prints b                     the running cell says something
    25 ada moves a                      the caret
    30 ada checked mean 2/4 rounds up   so many checks pass; the first that fails
    33 ada says what is a list?         in the chat
    35 ada deletes                      the latest note
    36 ada interrupts b
    40 ada leaves
    end 90

Times are seconds, in any order; names are words without spaces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ltt_collab.bench.errors import BenchmarkError


@dataclass(slots=True, kw_only=True)
class Step:
    """One line: who did what when; ``source``: the lines that follow it."""

    at: float
    who: str
    verb: str
    rest: tuple[str, ...]
    text: str
    source: str = ""


@dataclass(slots=True, kw_only=True)
class Placed:
    """A cell that stands there at the beginning."""

    name: str
    type: str
    task: str
    source: str = ""


@dataclass(slots=True, kw_only=True)
class Stream:
    """A session; ``stuck`` is the second from which its learner is stuck, None for never."""

    name: str
    stuck: float | None = None
    cells: list[Placed] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    end: float = 0.0


def read_streams(text: str) -> list[Stream]:
    """Read the sessions of a file.

    Raises:
        BenchmarkError: a line cannot be read; it is named.
    """
    streams: list[Stream] = []
    into: Step | Placed | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            if line.startswith("=="):
                streams.append(Stream(name=line.strip("= ")))
                into = None
            elif line.startswith("|"):
                _append(into, line[1:].removeprefix(" "))
            else:
                into = _line(streams[-1], line)
        except (ValueError, IndexError, TypeError) as error:
            raise BenchmarkError(f"line {number} of the streams cannot be read: {line!r}") from error
    return streams


def task_in(words: Iterable[str]) -> str:
    """The task that words name, '' for none."""
    return next((word.removeprefix("task:") for word in words if word.startswith("task:")), "")


def _append(into: Step | Placed | None, line: str) -> None:
    if into is None:
        raise ValueError(line)
    into.source = f"{into.source}\n{line}" if into.source else line


def _line(stream: Stream, line: str) -> Step | Placed | None:
    words = line.split()
    match words:
        case ["calm"]:
            return None
        case ["stuck", at]:
            stream.stuck = float(at)
            return None
        case ["end", at]:
            stream.end = float(at)
            return None
        case ["cell", name, kind, *rest]:
            placed = Placed(name=name, type=kind, task=task_in(rest))
            stream.cells.append(placed)
            return placed
        case [at, who, verb, *rest]:
            text = line.split(maxsplit=3)[3] if rest else ""
            step = Step(at=float(at), who=who, verb=verb, rest=tuple(rest), text=text)
            stream.steps.append(step)
            stream.end = max(stream.end, step.at + 1.0)
            return step
        case _:
            raise ValueError(line)
