"""Where things stand in a plot: scales and their ticks, in the plot's own units."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

TICKS = 5
"""Ticks of an axis at most, beside the one at its beginning."""

_TIMES = (60, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000)
"""Steps in seconds that read well: a minute to thirty days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark of an axis: where, and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Maps ``low`` … ``high`` to ``begin`` … ``end``."""

    low: float
    high: float
    begin: float
    end: float

    def at(self, value: float) -> float:
        """Where that value stands."""
        width = self.high - self.low
        share = (value - self.low) / width if width > 0 else 0.0
        return round(self.begin + share * (self.end - self.begin), 1)


def count_ticks(scale: Scale) -> Sequence[Tick]:
    """Whole numbers from 0, in steps of 1, 2 or 5 times a power of ten."""
    rough = max(1.0, scale.high / TICKS)
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    numbers = range(0, int(scale.high) + 1, int(step))
    return [Tick(at=scale.at(number), label=str(number)) for number in numbers]


def time_ticks(scale: Scale) -> Sequence[Tick]:
    """Whole minutes, hours or days of UTC within the scale."""
    span = scale.high - scale.low
    step = next((each for each in _TIMES if span / each <= TICKS), _TIMES[-1])
    pattern = "%H:%M" if span <= 86_400 else "%d %b"
    first = math.ceil(scale.low / step)
    last = math.floor(scale.high / step)
    return [
        Tick(at=scale.at(number * step), label=time.strftime(pattern, time.gmtime(number * step)))
        for number in range(first, last + 1)
    ]
