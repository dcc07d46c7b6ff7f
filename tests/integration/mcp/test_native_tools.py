"""The native tools, in a real notebook with a learner in it."""

from __future__ import annotations

import pytest

from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]


async def test_an_agent_reads_what_the_learner_typed_a_moment_ago(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        await seat.learner.type("c1", " + 41")
        listed = (await agent.call("list_notebooks"))["notebooks"]

        async def read() -> bool:
            return (await agent.call("read_cell", notebook_path=seat.path, cell_id="c1"))["source"] == "x = 1 + 41"

        assert await eventually(read)
    assert seat.path in [each["notebook_path"] for each in listed]


async def test_a_cell_of_the_agents_appears_with_its_name_and_a_retry_writes_no_second_one(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        wish = {"notebook_path": seat.path, "source": "y = 2", "cell_id": "c1", "idempotency_key": "k1"}
        first = await agent.call("insert_cell", **wish)
        async with agent_at(stage.service) as another_session:
            again = await another_session.call("insert_cell", **wish)
        await eventually(lambda: len(seat.learner.ids()) == 2)
        assert seat.learner.ids() == ["c1", first["cell_id"]]
        assert seat.learner.notes("proposal")[0]["author"] == "service"
        assert again["cell_id"] == first["cell_id"]
