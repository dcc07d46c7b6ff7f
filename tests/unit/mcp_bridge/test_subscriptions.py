"""Who is told of changes, and who is told no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from ltt_collab.mcp_bridge.arguments import BadArgumentError
from ltt_collab.mcp_bridge.resources import Address
from ltt_collab.mcp_bridge.subscriptions import MISSED, MOST_WATCHED, Subscriber, Subscriptions, Tell
from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.model.ids import CellId, Username
from tests.support.directory import MemoryDirectory, MemoryRoom
from tests.support.room_scene import HandClock

SIGHT = Sight(principal=Principal(name=Username("operator"), role=Role.SERVICE))
IDLE = 60.0
CELL = Cell(id=CellId("c1"), type=CellType.CODE, source="")


async def tell(_uri: str, _change: dict[str, Any]) -> bool:
    return True


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def directory() -> MemoryDirectory:
    return MemoryDirectory(bound=5)


@pytest.fixture
def room(directory: MemoryDirectory) -> MemoryRoom:
    return directory.open("a.ipynb", CELL)


@pytest.fixture
def subscriptions(directory: MemoryDirectory, clock: HandClock) -> Subscriptions:
    return Subscriptions(directory, clock, IDLE)


@asynccontextmanager
async def telling(subscriptions: Subscriptions) -> AsyncIterator[None]:
    """While it is open changes are told; in the end those of before have been."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(subscriptions.run)
        await anyio.wait_all_tasks_blocked()
        yield
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()


def of(session: str, *uris: str, by: Tell = tell) -> Subscriber:
    subscriber = Subscriber(SIGHT, by, session)
    for uri in uris:
        subscriber.watch(uri)
    return subscriber


class Heard:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str]] = []

    async def __call__(self, uri: str, change: dict[str, Any]) -> bool:
        self.changes.append((uri, change["kind"]))
        return True


@pytest.mark.proves("mcp:change-notifications")
async def test_a_client_that_leaves_while_it_is_about_to_be_told_disturbs_nobody(
    subscriptions: Subscriptions, room: MemoryRoom
) -> None:
    uri = f"ltt://rooms/{room.id}"
    heard, left = Heard(), Heard()
    leaving = of("", uri, by=left)

    async def slow(_uri: str, _change: dict[str, Any]) -> bool:
        subscriptions.remove(leaving)  # while the others wait for this one
        await anyio.lowlevel.checkpoint()
        return True

    async def broken(_uri: str, _change: dict[str, Any]) -> bool:
        raise anyio.ClosedResourceError

    for each in (of("slow", uri, by=slow), leaving, of("broken", uri, by=broken), of("whole", uri, by=heard)):
        subscriptions.add(each)
    async with telling(subscriptions):
        room.types("c1", "x")
        await anyio.wait_all_tasks_blocked()
        room.types("c1", "y")
    assert heard.changes == [(uri, "source_edited")] * 2
    assert len(left.changes) <= 1, "it may have had its turn before the slow one"
    assert subscriptions.of("broken") is None
    assert subscriptions.of("slow") is not None


@pytest.mark.proves("mcp:change-notifications")
async def test_who_watches_a_cell_is_told_of_that_cell_and_of_what_was_missed(
    subscriptions: Subscriptions, directory: MemoryDirectory, room: MemoryRoom
) -> None:
    other = directory.open("b.ipynb", CELL)
    whole, cell, foreign = Heard(), Heard(), Heard()
    notebook, one = f"ltt://rooms/{room.id}", f"ltt://rooms/{room.id}/cells/c1"
    subscriptions.add(of("whole", notebook, by=whole))
    subscriptions.add(of("cell", one, f"ltt://rooms/{room.id}/cells/another", by=cell))
    subscriptions.add(of("foreign", f"ltt://rooms/{other.id}", by=foreign))
    async with telling(subscriptions):
        room.types("c1", "x")
        await anyio.wait_all_tasks_blocked()
        assert (whole.changes, cell.changes) == ([(notebook, "source_edited")], [(one, "source_edited")])
        for _ in range(20):  # more at once than the directory keeps for us
            room.types("c1", "y")
    assert foreign.changes == [(f"ltt://rooms/{other.id}", MISSED["kind"])]
    assert (notebook, MISSED["kind"]) in whole.changes
    assert (one, MISSED["kind"]) in cell.changes


def test_there_is_an_end_to_what_one_client_watches(subscriptions: Subscriptions) -> None:
    subscriber = of("a", *(f"ltt://rooms/r/cells/{number}" for number in range(MOST_WATCHED)))
    assert subscriber.watch("ltt://rooms/r/cells/0") == Address.parse("ltt://rooms/r/cells/0")
    with pytest.raises(BadArgumentError, match="subscribe to whole notebooks"):
        subscriber.watch("ltt://rooms/r/cells/one-more")
    subscriptions.add(subscriber)
    assert len(subscriptions) == 1


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
