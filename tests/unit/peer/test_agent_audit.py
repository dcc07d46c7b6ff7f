"""What agents do comes into the audit behind their backs: soon, in order, many acts in one write."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from ltt_collab.adapters.store.memory_audit import MemoryAudit
from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import Username
from ltt_collab.peer.agent_audit import AgentAudit
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.privacy import AuditEntry
from tests.support.deadlines import eventually
from tests.support.room_scene import HandClock

BOT = Username("bot")


class CountingAudit(MemoryAudit):
    """Counts its writes, and refuses what is about ``refused``."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[list[str]] = []
        self.refused = "nothing"

    async def append(self, *entries: AuditEntry) -> None:
        if any(entry.action == self.refused for entry in entries):
            raise StoreUnavailableError("write the audit", "refused")
        await super().append(*entries)
        self.writes.append([entry.action for entry in entries])


@asynccontextmanager
async def noting(store: CountingAudit) -> AsyncGenerator[AgentAudit]:
    audit = AgentAudit(store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(audit.run)
        yield audit
        tasks.cancel_scope.cancel()


def some_room() -> RoomPeer:
    info = SimpleNamespace(id="r", path="a.ipynb", learner="ada")
    return cast("RoomPeer", SimpleNamespace(info=info, around=SimpleNamespace(clock=HandClock())))


async def act(audit: AgentAudit, *actions: str) -> None:
    room: Any = some_room()
    for action in actions:
        await audit.note(room, BOT, action, "")


@pytest.mark.proves("mcp:audited")
async def test_many_acts_are_one_write_in_their_order() -> None:
    store = CountingAudit()
    async with noting(store) as audit:
        await act(audit, *map(str, range(20)))
        await eventually(lambda: store.writes)
        await act(audit, "later")
        await eventually(lambda: len(store.writes) == 2)
    assert store.writes == [[str(number) for number in range(20)], ["later"]]


@pytest.mark.proves("mcp:audited")
async def test_what_waits_when_the_service_stops_is_written() -> None:
    store = CountingAudit()
    async with noting(store) as audit:
        await act(audit, "one", "two")
    assert store.writes == [["one", "two"]]


@pytest.mark.proves("mcp:audited")
async def test_an_act_that_is_refused_takes_no_other_along() -> None:
    store = CountingAudit()
    store.refused = "two"
    async with noting(store) as audit:
        await act(audit, "one", "two", "three")
        await eventually(lambda: len(store.writes) == 2)
    assert store.writes == [["one"], ["three"]]
