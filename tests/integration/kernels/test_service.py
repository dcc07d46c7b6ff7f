"""The whole service: an agent asks over HTTP about a learner's real kernel."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from ltt_collab.client import HttpClient
from ltt_collab.model.ids import CellId
from ltt_collab.model.tasks import Fact
from tests.integration.kernels.conftest import Bench, sitting_at
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.learner import Learner
from tests.support.service import running_service

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

SOURCE = "prices = {'tea': 2}\nprices['tea']"


@pytest.mark.proves("insight:over-http")
async def test_an_agent_asks_a_running_service_for_facts_and_trials(bench: Bench, tmp_path: Path) -> None:
    async with sitting_at(bench) as desk, running_service(bench.jupyter, tmp_path) as service:
        bench.jupyter.write_notebook(desk.path, code_cell(SOURCE, "c1"))
        learner = Learner(bench.jupyter, desk.path, "Ada")
        await learner.join()
        try:
            room = await service.room(desk.path)
            async with HttpClient(service.url, SecretStr(service.token)) as client:
                agent = await client.room(room["id"])
                assert await agent.facts(CellId("c1"), {"names": "list(prices)"}) == {}, "nobody ran anything yet"
                await desk.run(SOURCE)
                await learner.run("c1")

                async def facts() -> dict[str, Fact]:
                    asked = {"names": "list(prices)", "gone": "prices['tee']", "evil": "prices.clear()"}
                    return dict(await agent.facts(CellId("c1"), asked))

                told = await eventually(facts)
                trial = await agent.try_code(CellId("c1"), SOURCE.replace("2", "3"))
                assert await agent.task(CellId("c1")) is None
                assert await agent.read_terminal(CellId("c1")) == ""
        finally:
            await learner.close()
    assert told["names"] == Fact(text="['tea']")
    assert told["gone"] == Fact(error="KeyError: 'tee'")
    assert "prices.clear" in told["evil"].error
    assert (trial.output, trial.passed) == ("3\n", None), trial
