"""A Jupyter server that goes away and comes back."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import pytest

from ltt_collab.mcp_bridge.resource_server import CHANGE_META_KEY
from tests.integration.mcp.conftest import SETTINGS
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell, running_jupyter
from tests.support.learner import learner_in
from tests.support.mcp_agent import Agent, agent_at
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.jupyter, pytest.mark.alone]


class Ears:
    """Two clients that are told of a notebook's changes: one subscribed as older ones do, one listens as newer ones."""

    def __init__(self) -> None:
        self.older: list[dict[str, Any]] = []
        self.newer: list[Any] = []

    async def heard(self, message: Any) -> None:
        """What the older one is told."""
        if isinstance(message, types.ResourceUpdatedNotification):
            self.older.append(message.model_dump(by_alias=True)["params"]["_meta"][CHANGE_META_KEY])

    def forget(self) -> None:
        """Begin anew."""
        self.older.clear()
        self.newer.clear()

    def heard_of(self, cell: str) -> bool:
        """Whether both were told that the cell's source changed."""
        told = [each for each in self.older if (each["cell_id"], each["kind"]) == (cell, "source_edited")]
        return bool(told) and bool(self.newer)


@asynccontextmanager
async def listening(service: Service, room: str) -> AsyncIterator[Ears]:
    """Both clients, subscribed to the whole notebook."""
    ears, uri = Ears(), f"ltt://rooms/{room}"

    async def listen(newer: Agent) -> None:
        async with newer.client.listen(resource_subscriptions=[uri]) as events:
            async for event in events:
                ears.newer.append(event)

    async with (
        agent_at(service, mode="legacy", message_handler=ears.heard) as older,
        agent_at(service) as newer,
        anyio.create_task_group() as tasks,
    ):
        await older.client.subscribe_resource(uri)
        tasks.start_soon(listen, newer)
        yield ears
        tasks.cancel_scope.cancel()


@pytest.mark.filterwarnings("ignore:resources/")
@pytest.mark.proves("mcp:change-notifications")
@pytest.mark.proves("mcp:jupyter-restart")
async def test_an_agent_works_on_ten_seconds_after_jupyter_restarted(tmp_path: Path) -> None:
    async with (
        running_jupyter(tmp_path / "jupyter") as jupyter,
        running_service(jupyter, tmp_path / "service", settings=SETTINGS) as service,
    ):
        jupyter.write_notebook("a.ipynb", code_cell("x = 1", "c1"))
        async with (
            learner_in(jupyter, "a.ipynb") as learner,
            agent_at(service) as agent,
            listening(service, (await service.room("a.ipynb"))["id"]) as ears,
        ):
            await agent.call("insert_cell", notebook_path="a.ipynb", source="before = 1")
            await eventually(lambda: len(learner.ids()) == 2)

            async def typing_is_heard_of() -> bool:
                await learner.type("c1", "0")
                return ears.heard_of("c1")

            await eventually(typing_is_heard_of)
            await jupyter.stop(signal.SIGKILL)
            refused = await eventually(lambda: agent.code("insert_cell", notebook_path="a.ipynb", source="lost = 1"))
            ears.forget()
            await jupyter.restart()
            await learner.join()
            await eventually(typing_is_heard_of, within=10)

            async def written() -> bool:
                wish = {"notebook_path": "a.ipynb", "source": "after = 1", "idempotency_key": "again"}
                return await agent.code("insert_cell", **wish) == ""

            await eventually(written, within=10)
            await eventually(lambda: "after = 1" in learner.sources())
            assert "lost = 1" not in learner.sources()
    assert refused == "room_read_only"
