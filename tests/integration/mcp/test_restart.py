"""A Jupyter server that goes away and comes back."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.integration.mcp.conftest import SETTINGS
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell, running_jupyter
from tests.support.learner import learner_in
from tests.support.mcp_agent import agent_at
from tests.support.service import running_service

pytestmark = [pytest.mark.jupyter]


@pytest.mark.proves("mcp:jupyter-restart")
async def test_an_agent_works_on_ten_seconds_after_jupyter_restarted(tmp_path: Path) -> None:
    async with (
        running_jupyter(tmp_path / "jupyter") as jupyter,
        running_service(jupyter, tmp_path / "service", settings=SETTINGS) as service,
    ):
        jupyter.write_notebook("a.ipynb", code_cell("x = 1", "c1"))
        async with learner_in(jupyter, "a.ipynb") as learner, agent_at(service) as agent:
            await service.room("a.ipynb")
            await agent.call("insert_cell", notebook_path="a.ipynb", source="before = 1")
            await eventually(lambda: len(learner.ids()) == 2)
            await jupyter.stop(signal.SIGKILL)
            refused = await eventually(lambda: agent.code("insert_cell", notebook_path="a.ipynb", source="lost = 1"))
            await jupyter.restart()
            await learner.join()

            async def written() -> bool:
                wish = {"notebook_path": "a.ipynb", "source": "after = 1", "idempotency_key": "again"}
                return await agent.code("insert_cell", **wish) == ""

            await eventually(written, within=10)
            await eventually(lambda: "after = 1" in learner.sources())
            assert "lost = 1" not in learner.sources()
    assert refused == "room_read_only"
