"""Notebooks as resources, and clients of both protocol eras that are told what changed."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import mcp_types as types
import pytest
from mcp_types import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY

from ltt_collab.mcp_bridge.resource_server import CHANGE_META_KEY
from tests.integration.mcp.test_scopes import token_of
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Agent, Seat, Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def drawn(agent: Agent, seat: Seat) -> str:
    """A cell with a text of 50,000 characters and a picture as its outputs."""
    source = (
        "from IPython.display import display\n"
        f"print('x' * 50_000)\ndisplay({{'image/png': '{PIXEL}', 'text/plain': '<Figure>'}}, raw=True)"
    )
    made = await agent.call("insert_cell", notebook_path=seat.path, source=source, execute=True)
    await eventually(lambda: made["cell_id"] in seat.learner.ids())

    async def shown() -> bool:
        cell = await agent.call("read_cell", notebook_path=seat.path, cell_id=made["cell_id"])
        return "<Figure>" in cell.get("outputs", "")

    await eventually(shown)
    return str(made["cell_id"])


@pytest.mark.proves("mcp:images")
async def test_a_picture_in_a_notebook_is_a_resource_and_comes_with_its_cell_if_wished(stage: Stage) -> None:
    async with stage.seat(code_cell("a = 1", "a1"), kernel=True) as seat, agent_at(stage.service) as agent:
        cell = await drawn(agent, seat)
        where = {"notebook_path": seat.path, "cell_id": cell}
        plain = await agent.client.call_tool("read_cell", where)
        told = plain.structured_content or {}
        uri = told["images"][0]["uri"]
        picture = (await agent.client.read_resource(uri)).contents[0]
        shown = await agent.client.call_tool("read_cell", {**where, "include_images": True})
        async with agent_at(stage.service, query="?compat=jupyter-mcp-server", mode="legacy") as other:
            await other.call("use_notebook", notebook_name="nb", notebook_path=seat.path)
            theirs = await other.client.call_tool("read_cell", {"cell_index": 1})
    assert [each.type for each in plain.content] == ["text"]
    assert uri == f"ltt://rooms/{seat.room}/cells/{cell}/outputs/1"
    assert isinstance(picture, types.BlobResourceContents)
    assert (picture.mime_type, picture.blob) == ("image/png", PIXEL)
    for answer in (shown, theirs):
        assert [each.data for each in answer.content if each.type == "image"] == [PIXEL]
    assert (theirs.structured_content or {})["images"] == 1


@pytest.mark.proves("mcp:output-budget")
async def test_texts_of_resources_keep_to_the_budget_and_a_wrong_address_is_told(stage: Stage) -> None:
    async with stage.seat(code_cell("a = 1", "a1"), kernel=True) as seat, agent_at(stage.service) as agent:
        cell = await drawn(agent, seat)
        for uri in (f"ltt://rooms/{seat.room}/cells/{cell}/outputs", f"ltt://rooms/{seat.room}/cells/{cell}/outputs/0"):
            content = (await agent.client.read_resource(uri)).contents[0]
            assert isinstance(content, types.TextResourceContents)
            assert len(content.text) < 20_100
            assert "characters cut" in content.text
        for wrong, why in (
            (f"ltt://rooms/{seat.room}/cells/{cell}/outputs/9", "has 2 outputs"),
            (f"ltt://rooms/{seat.room}/cells/{cell}/outputs/first", "use one as in"),
            (f"ltt://rooms/{seat.room}/cells/gone", "gone"),
        ):
            with pytest.raises(Exception, match=why):
                await agent.client.read_resource(wrong)


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


async def heard_by_listening(stage: Stage, *uris: str, token: str = "") -> AsyncGenerator[dict[str, Any]]:
    """The messages on the stream of a newer client; the SDK's own client keeps the part with what changed to itself."""
    version = "2026-07-28"
    meta = {PROTOCOL_VERSION_META_KEY: version, CLIENT_INFO_META_KEY: {"name": "test", "version": "1"}}
    params = {
        "notifications": {"resourceSubscriptions": list(uris)},
        "_meta": {**meta, CLIENT_CAPABILITIES_META_KEY: {}},
    }
    body = {"jsonrpc": "2.0", "id": "listen", "method": "subscriptions/listen", "params": params}
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": version,
        "Mcp-Method": "subscriptions/listen",
        "Authorization": f"Bearer {token or stage.service.token}",
    }
    async with stage.service.http.stream("POST", "/mcp", json=body, headers=headers, timeout=20) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))
            elif line.startswith("{"):  # no stream: an error
                yield json.loads(line)


@pytest.mark.proves("mcp:change-notifications")
async def test_a_newer_client_that_listens_is_told_which_cell_changed_and_by_whom(stage: Stage) -> None:
    async with stage.seat(code_cell("a = 1", "a1"), code_cell("b = 1", "b1")) as seat:
        uri = f"ltt://rooms/{seat.room}/cells/a1"
        async with aclosing(heard_by_listening(stage, uri)) as messages:
            acknowledged = await anext(messages)
            await seat.learner.type("b1", "0")
            await seat.learner.type("a1", "0")
            told = (await anext(messages))["params"]
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    change = told["_meta"][CHANGE_META_KEY]
    assert told["uri"] == uri
    assert (change["cell_id"], change["kind"], change["author"]["username"]) == (
        "a1",
        "source_edited",
        seat.learner.username,
    )


@pytest.mark.proves("mcp:own-rooms-only")
async def test_a_newer_client_cannot_listen_in_another_learners_room(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("a = 1", "a1")) as ada,
        stage.seat(code_cell("secret = 7", "b1"), name="Bob") as bob,
    ):
        token = await token_of(stage, ada, "listener-of-ada")
        async with aclosing(heard_by_listening(stage, f"ltt://rooms/{bob.room}", token=token)) as messages:
            refused = await anext(messages)
    assert "no open room" in refused["error"]["message"]
