"""What a model may cost."""

from __future__ import annotations

import pytest

from agent.spending import DAY, HOUR, MOST_PURSES, Spending


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.proves("agent:budget")
def test_a_learner_has_so_much_an_hour_and_a_course_so_much_a_day() -> None:
    clock = Clock()
    spending = Spending(100, 250, clock)
    spending.spend("ada", "intro", 100)
    assert not spending.allows("ada", "intro")
    assert spending.allows("bob", "intro")
    clock.now = HOUR
    assert spending.allows("ada", "intro")
    spending.spend("ada", "intro", 150)
    assert not spending.allows("bob", "intro")
    assert spending.allows("bob", "other")
    clock.now = DAY + HOUR
    assert spending.allows("bob", "intro")


def test_nothing_is_allowed_with_no_budget() -> None:
    assert not Spending(0, 100, Clock()).allows("ada", "intro")


def test_what_is_remembered_is_bounded() -> None:
    spending = Spending(1, 10**9, Clock())
    for number in range(2 * MOST_PURSES):
        spending.spend(f"learner-{number}", "intro", 1)
    assert len(spending._purses) <= MOST_PURSES
    assert not spending.allows(f"learner-{2 * MOST_PURSES - 1}", "intro")
