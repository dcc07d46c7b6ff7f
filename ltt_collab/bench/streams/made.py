"""Sessions that are made: one shape for each way of working, drawn with a seed.

The held-out half is drawn with other seeds and with another ``Tempo``: people who type, think and pause otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from ltt_collab.bench.streams.reading import Stream, read_streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How fast people are, each a range of seconds: for a small edit, to read an error, to look something up."""

    edit: tuple[float, float]
    think: tuple[float, float]
    look_up: tuple[float, float]


BRISK = Tempo(edit=(2.0, 6.0), think=(3.0, 12.0), look_up=(10.0, 30.0))
SLOW = Tempo(edit=(4.0, 15.0), think=(6.0, 22.0), look_up=(15.0, 40.0))

_ERRORS = (
    "TypeError {line} unsupported operand type(s) for +: 'int' and 'str'",
    "NameError {line} name 'valeu' is not defined",
    "IndexError {line} list index out of range",
    "KeyError {line} 'age'",
    "AttributeError {line} 'list' object has no attribute 'add'",
    "ZeroDivisionError {line} division by zero",
)


class _Pen:
    """Writes one session down, with a clock and dice."""

    def __init__(self, name: str, dice: Random, tempo: Tempo) -> None:
        self.dice, self.tempo, self.now = dice, tempo, 0.0
        self.head = [f"== {name}"]
        self.lines: list[str] = []
        self._versions = 0
        self.does("joins")

    def wait(self, between: tuple[float, float]) -> None:
        self.now += self.dice.uniform(*between)

    def think(self) -> None:
        self.wait(self.tempo.think)

    def does(self, what: str, *source: str) -> None:
        self.lines += [f"{self.now:.2f} ada {what}", *(f"| {line}" for line in source)]

    def cell(self, name: str, *source: str) -> None:
        self.head += [f"cell {name} code", *(f"| {line}" for line in source)]

    def edits(self, cell: str, *source: str) -> None:
        seconds = self.dice.uniform(*self.tempo.edit)
        self.does(f"writes {cell} {seconds:.1f}", *source)
        self.now += seconds + self.dice.uniform(0.3, 1.2)

    def tries(self, cell: str) -> None:
        """Another version of a cell of which line 2 fails."""
        self._versions += 1
        self.edits(cell, "values = load()", f"print(values + [{self._versions}])")

    def fails(self, cell: str, error: str, line: int = 2) -> None:
        self.does(f"runs {cell} 0.1 {error.format(line=line)}")
        self.now += 0.2

    def ends(self, stuck: float | None, after: float = 70.0) -> str:
        label = "calm" if stuck is None else f"stuck {stuck:.2f}"
        return "\n".join([self.head[0], label, *self.head[1:], *self.lines, f"end {self.now + after:.0f}"])


def _typing(pen: _Pen) -> str:
    pen.cell("a", "# work")
    for count in range(pen.dice.randint(4, 9)):
        pen.edits("a", *(f"step_{n} = {n}" for n in range(count + 1)))
        if pen.dice.random() < 0.5:
            pen.does("runs a 0.1 ok")
        pen.think()
    return pen.ends(None)


def _reading(pen: _Pen) -> str:
    pen.cell("a", "x = 1")
    pen.cell("b", "print(x)")
    for _ in range(pen.dice.randint(5, 12)):
        pen.wait(pen.tempo.look_up)
        pen.does(f"moves {pen.dice.choice('ab')}")
    return pen.ends(None)


def _stuck(pen: _Pen) -> str:
    pen.cell("a", "values = load()", "print(values)")
    error = pen.dice.choice(_ERRORS)
    pen.fails("a", error)
    for _ in range(pen.dice.randint(0, 1)):
        pen.think()
        pen.does("moves a")
    pen.think()
    pen.tries("a")
    stuck = pen.now
    pen.fails("a", error)
    for _ in range(pen.dice.randint(1, 3)):
        pen.think()
        pen.tries("a")
        pen.fails("a", error)
    return pen.ends(stuck)


def _ping_pong(pen: _Pen) -> str:
    """Two errors that take turns."""
    pen.cell("a", "values = load()", "print(values)")
    one, two = pen.dice.sample(_ERRORS, 2)
    pen.fails("a", one)
    pen.think()
    pen.tries("a")
    pen.fails("a", two)
    pen.think()
    pen.tries("a")
    stuck = pen.now
    pen.fails("a", one)
    pen.think()
    pen.tries("a")
    pen.fails("a", two)
    return pen.ends(stuck)


def _to_and_fro(pen: _Pen) -> str:
    pen.cell("a", "i = 0", "print(i < 3)")
    stuck = 0.0
    for count in range(pen.dice.randint(5, 7)):
        pen.wait((2.0, 8.0))
        pen.edits("a", "i = 0", f"print(i {'<=' if count % 2 else '<'} 3)")
        if count == 4:
            stuck = pen.now
        if pen.dice.random() < 0.6:
            pen.does("runs a 0.1 ok")
    return pen.ends(stuck)


def _guessing(pen: _Pen) -> str:
    """Always another error, never further down."""
    pen.cell("a", "values = load()", "print(values)")
    stuck = 0.0
    for count, error in enumerate(pen.dice.sample(_ERRORS, 5)):
        if count:
            pen.think()
            pen.tries("a")
        stuck = pen.now if count == 3 else stuck
        pen.fails("a", error)
    return pen.ends(stuck)


def _productive(pen: _Pen) -> str:
    lines = ["a = load()", "b = a[0]", "c = b + 1", "d = c / 2", "print(d)"]
    pen.cell("a", *lines)
    errors = pen.dice.sample(_ERRORS, pen.dice.randint(2, 4))
    for number, error in enumerate(errors):
        pen.fails("a", error, line=number + 1)
        pen.think()
        lines[number] += "  # mended"
        pen.edits("a", *lines)
    pen.does("runs a 0.1 ok")
    return pen.ends(None)


def _quick_fix(pen: _Pen) -> str:
    pen.cell("a", "x = 1", "print(y)")
    pen.wait((2.0, 6.0))
    pen.fails("a", pen.dice.choice(_ERRORS))
    pen.wait((2.0, 9.0))
    pen.edits("a", "x = 1", "print(x)")
    pen.does("runs a 0.1 ok")
    return pen.ends(None)


def _looking_up(pen: _Pen) -> str:
    pen.cell("a", "x = 1", "print(y)")
    pen.fails("a", pen.dice.choice(_ERRORS))
    for _ in range(pen.dice.randint(2, 5)):
        pen.wait(pen.tempo.look_up)
        pen.does("moves a")
    pen.think()
    pen.edits("a", "x = 1", "print(x)")
    pen.does("runs a 0.1 ok")
    return pen.ends(None)


def _idle_tab(pen: _Pen) -> str:
    pen.cell("a", "x = 1")
    pen.edits("a", "x = 2")
    if pen.dice.random() < 0.5:
        pen.fails("a", pen.dice.choice(_ERRORS))
    return pen.ends(None, after=pen.dice.uniform(600, 3000))


def _halted(pen: _Pen) -> str:
    """Changed something after an error, did not dare to run it, and stopped."""
    pen.cell("a", "x = 1", "print(y)")
    pen.fails("a", pen.dice.choice(_ERRORS))
    pen.wait((8.0, 20.0))
    pen.tries("a")
    pen.does("moves a")
    return pen.ends(pen.now + 30, after=110.0)


def _pasting(pen: _Pen) -> str:
    pen.cell("a", "x = 1")
    for number in range(pen.dice.randint(2, 5)):
        pen.think()
        pen.does(f"pastes p{number} code", f"y{number} = {number}", f"print(y{number})")
        pen.wait((1.0, 4.0))
        pen.does(f"runs p{number} 0.1 ok")
    return pen.ends(None)


def _training(pen: _Pen) -> str:
    pen.cell("a", "while epoch < 100:", "    epoch += fit()", "    print(epoch)")
    length = pen.dice.uniform(100, 400)
    pen.does(f"runs a {length:.0f} ok")
    start = pen.now
    while pen.now < start + length - 20:
        pen.wait((5.0, 18.0))
        pen.does("prints a")
    return pen.ends(None, after=length)


def _endless(pen: _Pen) -> str:
    pen.cell("a", "n = 3", "while n > 0:", f"    total = {pen.dice.randint(1, 9)}")
    pen.wait((1.0, 9.0))
    pen.does("runs a forever")
    return pen.ends(pen.now + 15.0, after=100.0)


def _stale(pen: _Pen) -> str:
    pen.cell("a", "rate = 1")
    pen.cell("b", "print(rate)")
    pen.does("runs a 0.1 ok")
    pen.think()
    pen.does("runs b 0.1 ok")
    pen.think()
    pen.edits("a", f"rate = {pen.dice.randint(2, 99)}")
    pen.think()
    stuck = pen.now
    pen.does("runs b 0.1 ok")
    return pen.ends(stuck)


def _in_order(pen: _Pen) -> str:
    pen.cell("a", "import math", "rate = 1")
    pen.cell("b", "print(rate, math.pi, len([1]))")
    for value in range(pen.dice.randint(2, 4)):
        pen.does("runs a 0.1 ok")
        pen.wait((1.0, 4.0))
        pen.does("runs b 0.1 ok")
        pen.think()
        pen.edits("a", "import math", f"rate = {value + 2}")
    return pen.ends(None)


SHAPES: tuple[Callable[[_Pen], str], ...] = (
    _typing, _reading, _stuck, _ping_pong, _to_and_fro, _guessing, _productive, _quick_fix, _looking_up, _idle_tab,
    _halted, _pasting, _training, _endless, _stale, _in_order,
)  # fmt: skip


def make_streams(seed: int, tempo: Tempo, each: int) -> list[Stream]:
    """So many sessions of each shape."""
    made: list[str] = []
    for shape in SHAPES:
        for number in range(each):
            name = f"{shape.__name__.strip('_')} {seed}-{number}"
            made.append(shape(_Pen(name, Random(f"{seed} {name}"), tempo)))
    return read_streams("\n".join(made))
