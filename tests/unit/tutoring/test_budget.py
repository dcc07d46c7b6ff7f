"""Never more than the budget within any hour."""

from __future__ import annotations

import random

import pytest

from ltt_collab.tutoring.budget import HOUR, Budget


@pytest.mark.parametrize("seed", range(20))
def test_no_hour_ever_holds_more_than_the_limit(seed: int) -> None:
    dice, budget, now, spent = random.Random(seed), Budget(3), 0.0, []
    for _ in range(300):
        now += dice.uniform(0, HOUR / 2)
        if budget.allows("ada", now):
            budget.spend("ada", now)
            spent.append(now)
    assert len(spent) > 50
    for at in spent:
        assert sum(at - HOUR < other <= at for other in spent) <= 3


def test_a_hint_counts_for_one_hour_exactly() -> None:
    budget = Budget(1)
    budget.spend("ada", 100.0)
    assert not budget.allows("ada", 100.0 + HOUR - 0.001)
    assert budget.allows("ada", 100.0 + HOUR)


def test_no_budget_allows_nothing() -> None:
    assert not Budget(0).allows("ada", 0.0)


def test_learners_without_a_recent_hint_are_forgotten() -> None:
    budget = Budget(1)
    for number in range(100):
        budget.spend(f"learner-{number}", number * HOUR)
    assert len(budget._spent) == 1
