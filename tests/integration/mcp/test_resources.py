"""Notebooks as resources, and clients of both protocol eras that are told what changed."""

from __future__ import annotations

from typing import Any

import anyio
import mcp_types as types
import pytest

from ltt_collab.mcp_bridge.server import CHANGE_META_KEY
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]


@pytest.mark.filterwarnings("ignore:resources/")
@pytest.mark.proves("mcp:change-notifications")
async def test_an_older_client_that_subscribed_is_told_which_cell_changed_and_by_whom(stage: Stage) -> None:
    told: list[dict[str, Any]] = []

    async def heard(message: Any) -> None:
        if isinstance(message, types.ResourceUpdatedNotification):
            told.append(message.model_dump(by_alias=True)["params"])

    async with (
        stage.seat(code_cell("a = 1", "a1"), code_cell("b = 1", "b1")) as seat,
        agent_at(stage.service, mode="legacy", message_handler=heard) as agent,
    ):
        uri = f"ltt://rooms/{seat.room}/cells/a1"
        await agent.client.subscribe_resource(uri)

        async def heard_of_typing() -> bool:
            await seat.learner.type("b1", "0")
            await seat.learner.type("a1", "0")
            return bool(told)

        await eventually(heard_of_typing, within=10)
        change = told[0]["_meta"][CHANGE_META_KEY]
        await agent.client.unsubscribe_resource(uri)
    assert {each["uri"] for each in told} == {uri}
    assert (change["cell_id"], change["kind"], change["author"]["username"]) == (
        "a1",
        "source_edited",
        seat.learner.username,
    )


@pytest.mark.proves("mcp:change-notifications")
async def test_a_newer_client_that_listens_is_told_too(stage: Stage) -> None:
    async with stage.seat(code_cell("a = 1", "a1")) as seat, agent_at(stage.service) as agent:
        uri = f"ltt://rooms/{seat.room}"
        with anyio.fail_after(15):
            async with agent.client.listen(resource_subscriptions=[uri]) as events:
                await seat.learner.type("a1", "0")
                async for event in events:
                    assert uri in repr(event)
                    break
