"""What the model may still cost: tokens of a learner within an hour, of a course within a day."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

HOUR, DAY = 3600.0, 86_400.0
"""Seconds of the two windows."""

MOST_PURSES = 5_000
"""Learners and courses remembered at a time; those who spent longest ago are forgotten first."""


@dataclass(slots=True)
class _Purse:
    spent: deque[tuple[float, int]]

    def total(self, since: float) -> int:
        while self.spent and self.spent[0][0] <= since:
            self.spent.popleft()
        return sum(tokens for _, tokens in self.spent)


class Spending:
    """Counts tokens.

    Invariants:
        1. A request that begins within both limits may exceed them by itself; the next one may not begin.
        2. At most ``MOST_PURSES`` purses are kept.
    """

    def __init__(self, per_learner_hour: int, per_course_day: int, now: Callable[[], float]) -> None:
        self._limits = {"learner": (per_learner_hour, HOUR), "course": (per_course_day, DAY)}
        self._now = now
        self._purses: dict[tuple[str, str], _Purse] = {}

    def allows(self, learner: str, course: str) -> bool:
        """Whether one more request may begin."""
        now = self._now()
        for kind, name in (("learner", learner), ("course", course)):
            limit, window = self._limits[kind]
            purse = self._purses.get((kind, name))
            if purse is not None and purse.total(now - window) >= limit:
                return False
        return self._limits["learner"][0] > 0 and self._limits["course"][0] > 0

    def spend(self, learner: str, course: str, tokens: int) -> None:
        """Count what one call to the model read and wrote."""
        for key in (("learner", learner), ("course", course)):
            purse = self._purses.pop(key, None) or _Purse(deque())
            purse.spent.append((self._now(), tokens))
            self._purses[key] = purse  # the newest is last
        while len(self._purses) > MOST_PURSES:
            del self._purses[next(iter(self._purses))]
