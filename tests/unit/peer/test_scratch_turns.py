"""Turns in the sandbox: a few for each agent, a few for all."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from ltt_collab.model.errors import KernelBusyError
from ltt_collab.model.ids import Username
from ltt_collab.peer.scratch_turns import OF_ONE, ScratchTurns

LONG, SHORT = 60.0, 0.05
ADA, BOB = Username("ada's"), Username("bob's")


class Runs:
    """Runs under way."""

    def __init__(self, turns: ScratchTurns) -> None:
        self.turns = turns
        self.under_way: list[Username] = []
        self.most: dict[Username, int] = {}
        self.most_of_all = 0
        self.go_on = anyio.Event()

    async def one(self, who: Username, seconds: float = LONG) -> None:
        async with self.turns.taken(who, seconds) as left:
            assert 0 < left <= seconds
            self.under_way.append(who)
            self.most[who] = max(self.most.get(who, 0), self.under_way.count(who))
            self.most_of_all = max(self.most_of_all, len(self.under_way))
            await self.go_on.wait()
            await anyio.lowlevel.checkpoint()
            self.under_way.remove(who)


@pytest.mark.proves("mcp:scratch-bound")
async def test_two_hundred_at_once_have_their_turns_a_few_at_a_time() -> None:
    runs = Runs(ScratchTurns(3))
    async with anyio.create_task_group() as tasks:
        for number in range(200):
            tasks.start_soon(runs.one, (ADA, BOB)[number % 2])
        await anyio.wait_all_tasks_blocked()
        assert len(runs.under_way) == 3
        runs.go_on.set()
    assert (runs.most, runs.most_of_all) == ({ADA: OF_ONE, BOB: OF_ONE}, 3)


@pytest.mark.proves("mcp:scratch-bound")
async def test_an_agent_that_has_its_share_is_told_so_in_time_and_takes_none_from_another() -> None:
    runs = Runs(ScratchTurns(3))
    async with anyio.create_task_group() as tasks:
        for _ in range(OF_ONE + 5):
            tasks.start_soon(runs.one, ADA)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(KernelBusyError, match="2 scratch kernels at most at once, all together 3"):
            await runs.one(ADA, SHORT)
        tasks.start_soon(runs.one, BOB)
        await anyio.wait_all_tasks_blocked()
        assert sorted(runs.under_way) == [ADA] * OF_ONE + [BOB]
        tasks.cancel_scope.cancel()
    again = Runs(runs.turns)
    again.go_on.set()
    await again.one(ADA, LONG)
    assert again.most_of_all == 1, "turns of who was cancelled are free again"
