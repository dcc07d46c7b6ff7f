"""Calls that take a moment are answered in JSON, with the very message that a stream would carry."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from ltt_collab.mcp_bridge.sessions import SESSIONS_OF_ONE
from tests.integration.mcp.test_scopes import token_of
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Stage

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package"), pytest.mark.proves("mcp:quick-answers")]

JSON, STREAM = "application/json", "text/event-stream"

INFO = {"name": "test", "version": "1"}


class Raw:
    """One session, message by message."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str], query: str = "") -> None:
        self.http, self.query = http, query
        self.headers = {"Accept": f"{JSON}, {STREAM}", "MCP-Protocol-Version": "2025-06-18", **headers}

    async def post(self, method: str, params: dict[str, Any], *, id: object = 1, **headers: str) -> httpx.Response:
        body = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        return await self.http.post(f"/mcp{self.query}", json=body, headers=self.headers | headers)

    async def call(self, tool: str, arguments: dict[str, Any], **more: Any) -> httpx.Response:
        return await self.post("tools/call", {"name": tool, "arguments": arguments, **more})


@asynccontextmanager
async def session(stage: Stage, query: str = "", token: str = "") -> AsyncIterator[Raw]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    raw = Raw(stage.service.http, headers, query)
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": INFO}
    raw.headers["Mcp-Session-Id"] = (await raw.post("initialize", params)).headers["mcp-session-id"]
    yield raw
    await raw.http.delete(f"/mcp{query}", headers=raw.headers)


def kind(answer: httpx.Response) -> str:
    return answer.headers["content-type"].partition(";")[0]


def message(answer: httpx.Response) -> Any:
    if kind(answer) == JSON:
        return answer.json()
    return json.loads([line for line in answer.text.splitlines() if line.startswith("data: ")][-1][6:])


async def test_a_quick_call_is_answered_in_json_as_a_stream_would_answer_it(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, session(stage) as agent:
        where = {"notebook_path": seat.path}
        calls: list[tuple[str, dict[str, Any]]] = [
            ("list_cells", where),
            ("read_cell", where | {"cell_id": "c1"}),
            ("read_cell", where | {"cell_id": "no such cell"}),
            ("read_notebook", where | {"start": "not a number"}),
            ("point_at", where | {"cell_id": "c1", "line": 1}),
            ("edit_cell", where | {"cell_id": "c1", "source": "lost", "expected_hash": "00"}),
            ("insert_cell", where | {"source": "y = 2", "idempotency_key": "quick"}),
        ]
        for tool, arguments in calls:
            quick = await agent.call(tool, arguments)
            streamed = await agent.call(tool, arguments, _meta={"progressToken": "p"})
            assert (kind(quick), kind(streamed)) == (JSON, STREAM), tool
            assert quick.headers["mcp-session-id"] == agent.headers["Mcp-Session-Id"]
            assert message(quick) == message(streamed), tool
        await eventually(lambda: len(seat.learner.ids()) == 2)


async def test_what_may_take_long_or_is_strange_is_left_to_the_stream(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, session(stage) as agent:
        where = {"notebook_path": seat.path}
        strange: list[tuple[dict[str, Any], object]] = [
            ({"name": "wait_for_change", "arguments": where | {"timeout": 0}}, 1),
            ({"name": "execute_code", "arguments": where | {"code": "1+1"}}, 1),
            ({"name": "insert_cell", "arguments": where | {"source": "1+1", "execute": True}}, 1),
            ({"name": "no_such_tool", "arguments": {}}, 1),
            ({"name": "list_cells", "arguments": where, "more": 1}, 1),
        ]
        for params, number in strange:
            assert kind(await agent.post("tools/call", params, id=number)) == STREAM, params
        wrong = await agent.post("tools/call", {"name": "list_cells", "arguments": [1]})
        assert message(wrong)["error"]["code"] == -32602


async def test_a_session_is_quick_only_for_its_owner_by_our_name_and_while_it_is_open(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, session(stage) as agent:
        token = await token_of(stage, seat, "somebody-else")
        call = {"name": "list_notebooks", "arguments": {}}
        stolen = await agent.post("tools/call", call, Authorization=f"Bearer {token}")
        rebound = await agent.post("tools/call", call, Host="evil.example:80")
        page = await agent.post("tools/call", call, Origin="https://evil.example")
        still = await agent.post("tools/call", call)
        await agent.http.delete("/mcp", headers=agent.headers)
        gone = await agent.post("tools/call", call)
    assert [each.status_code for each in (stolen, rebound, page, still, gone)] == [404, 421, 403, 200, 404]


async def test_a_by_index_write_rests_on_what_the_same_session_read_a_moment_ago(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, session(stage, "?compat=jupyter-mcp-server") as agent:
        await agent.call("use_notebook", {"notebook_name": "nb", "notebook_path": seat.path})
        read = await agent.call("read_cell", {"cell_index": 0})
        made = await agent.call("insert_cell", {"cell_index": -1, "cell_type": "code", "cell_source": "y = 2"})
        assert (kind(read), kind(made)) == (JSON, JSON)
        assert "x = 1" in read.text
        await eventually(lambda: seat.learner.sources() == ["x = 1", "y = 2"])


@pytest.mark.proves("mcp:session-limit")
async def test_who_opens_session_after_session_loses_their_oldest_and_nobody_elses(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, session(stage) as operators:
        token = await token_of(stage, seat, "forgetful")
        async with session(stage, token=token) as first, session(stage, token=token) as second:
            assert (await first.call("list_notebooks", {})).status_code == 200, "so the second is the oldest"
            params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": INFO}
            fresh = {name: value for name, value in first.headers.items() if name != "Mcp-Session-Id"}
            for _ in range(SESSIONS_OF_ONE - 1):
                opened = await Raw(stage.service.http, fresh).post("initialize", params)
                assert opened.status_code == 200
            gone = await second.call("list_notebooks", {})
            kept = await first.call("list_notebooks", {})
        others = await operators.call("list_notebooks", {})
    assert gone.status_code == 404
    assert kept.status_code == others.status_code == 200
