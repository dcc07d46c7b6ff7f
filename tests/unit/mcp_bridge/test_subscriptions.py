"""Subscriptions that end."""

from __future__ import annotations

from typing import Any

import pytest

from ltt_collab.mcp_bridge.subscriptions import Subscriber, Subscriptions
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.model.ids import Username
from tests.support.directory import MemoryDirectory
from tests.support.room_scene import HandClock

SIGHT = Sight(principal=Principal(name=Username("operator"), role=Role.SERVICE))
IDLE = 60.0


async def tell(_uri: str, _change: dict[str, Any]) -> bool:
    return True


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def subscriptions(clock: HandClock) -> Subscriptions:
    return Subscriptions(MemoryDirectory(), clock, IDLE)


def of(session: str) -> Subscriber:
    return Subscriber(SIGHT, tell, {"ltt://rooms/r"}, session)


@pytest.mark.proves("mcp:subscriptions-end")
def test_a_session_that_says_goodbye_is_told_no_more(subscriptions: Subscriptions) -> None:
    subscriptions.add(of("a"))
    subscriptions.end("a")
    subscriptions.end("never subscribed")
    assert len(subscriptions) == 0
    assert subscriptions.of("a") is None


@pytest.mark.proves("mcp:subscriptions-end")
def test_a_session_that_went_away_in_silence_is_forgotten_and_one_that_listens_is_not(
    subscriptions: Subscriptions, clock: HandClock
) -> None:
    for session in ("gone", "listens", "asks"):
        subscriptions.add(of(session))
    with subscriptions.asking("listens", SIGHT):
        clock.pass_time(IDLE - 1)
        with subscriptions.asking("asks", SIGHT):
            pass
        clock.pass_time(2.0)
        subscriptions.add(of("another"))
        assert {each for each in ("gone", "listens", "asks", "another") if subscriptions.of(each)} == {
            "listens",
            "asks",
            "another",
        }


def test_who_may_see_less_by_now_is_told_less(subscriptions: Subscriptions) -> None:
    subscriptions.add(of("a"))
    less = Sight(principal=Principal(name=Username("operator"), role=Role.LEARNER))
    with subscriptions.asking("a", less):
        pass
    found = subscriptions.of("a")
    assert found is not None
    assert found.sight is less
