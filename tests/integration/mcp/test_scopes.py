"""One learner's agent and another's room: for every tool of every set, the room is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from ltt_collab.mcp_bridge.catalogue import Compat, tools_of
from tests.integration.mcp.conftest import running_stage
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Seat, Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

SAMPLES: dict[str, Any] = {
    "cell_id": "b1", "cell_index": 0, "source": "stolen = 1", "code": "stolen = 1", "line": 1, "cell_type": "code",
    "cell_source": "stolen = 1", "cell_content": "stolen = 1", "query_type": "view_source", "operation": "delete",
    "execution_type": "execute_cell", "position_index": 0, "cell_indices": [0], "old_string": "secret",
    "new_string": "stolen", "updates": [{"source": "stolen = 1"}], "cells": [{"source": "stolen = 1"}],
    "start_index": 0, "end_index": 1, "position": {"cell_id": "b1"}, "mode": "connect", "timeout": 1,
}  # fmt: skip
"""What a tool is given for an argument of that name; the notebook comes on top."""

TOOLS = {compat: tools_of(compat) for compat in Compat}


async def token_of(stage: Stage, seat: Seat, name: str, **more: Any) -> str:
    """A token for an agent of one learner."""
    body = {"name": name, "role": "agent", "learner": seat.learner.username, "may_execute": True, **more}
    return str((await stage.service.http.post("/api/v1/tokens", json=body)).raise_for_status().json()["token"])


def arguments_for(tool: dict[str, Any], seat: Seat) -> dict[str, Any]:
    """Arguments that would do the most harm in that notebook."""
    names = [*tool["inputSchema"].get("properties", {}), *tool["inputSchema"].get("required", [])]
    given = {name: SAMPLES[name] for name in names if name in SAMPLES}
    paths = ("notebook_path", "path", "document_path", "path_prefix")
    given |= {name: seat.path for name in paths if name in names}
    given |= {name: seat.room for name in ("session_id",) if name in names}
    required = tool["inputSchema"].get("required", [])
    return given | {name: "x" for name in required if name not in given}


@pytest.mark.parametrize(
    ("compat", "mode"),
    [("native", "auto"), *((each.value, "legacy") for each in Compat)],  # quick answers are for older clients
)
@pytest.mark.proves("mcp:own-rooms-only")
async def test_no_tool_touches_or_tells_of_another_learners_room(
    stage: Stage, compat: str, mode: Literal["auto", "legacy"]
) -> None:
    async with (
        stage.seat(code_cell("a = 1", "a1")) as ada,
        stage.seat(code_cell("secret = 7", "b1"), name="Bob", kernel=True) as bob,
    ):
        token = await token_of(stage, ada, f"agent-of-ada-{compat}-{mode}")
        async with agent_at(stage.service) as operator:
            await operator.call("execute_code", notebook_path=bob.path, code="untouched = 'as it was'")
        async with agent_at(stage.service, token, f"?compat={compat}", mode=mode) as agent:
            for tool in TOOLS[Compat(compat)]:
                given = arguments_for(tool, bob)
                result = await agent.client.call_tool(tool["name"], given)
                told = result.model_dump_json()
                assert "secret" not in told, tool["name"]
                assert bob.learner.username not in told, tool["name"]
                if compat == "native" and tool["name"] != "list_notebooks":
                    assert result.structured_content is not None
                    assert result.structured_content["error"]["code"] == "unknown_room", tool["name"]
                if not result.is_error:  # an error repeats the path that it was asked about
                    assert bob.path not in told, tool["name"]
        async with agent_at(stage.service) as operator:
            kept = await operator.call("execute_code", notebook_path=bob.path, code="print(untouched)")
            cells = (await operator.call("read_notebook", notebook_path=bob.path))["cells"]
        assert kept["output"] == "as it was\n", "nobody restarted the kernel"
        assert [cell["source"] for cell in cells] == bob.learner.sources() == ["secret = 7"]
        assert not (bob.learner.tutor() or {}).get("cursors"), "nobody pointed at a line"


@pytest.mark.filterwarnings("ignore:resources/subscribe")
@pytest.mark.proves("mcp:own-rooms-only")
async def test_no_resource_tells_of_another_learners_room(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("a = 1", "a1")) as ada,
        stage.seat(code_cell("secret = 7", "b1"), name="Bob") as bob,
    ):
        token = await token_of(stage, ada, "reader-of-ada")
        async with agent_at(stage.service, token, mode="legacy") as agent:
            listed = [str(each.uri) for each in (await agent.client.list_resources()).resources]
            for uri in (f"ltt://rooms/{bob.room}", f"ltt://rooms/{bob.room}/cells/b1"):
                with pytest.raises(Exception, match="no open room"):
                    await agent.client.read_resource(uri)
                with pytest.raises(Exception, match="no open room"):
                    await agent.client.subscribe_resource(uri)
            own = await agent.client.read_resource(f"ltt://rooms/{ada.room}/cells/a1")
    assert f"ltt://rooms/{bob.room}" not in listed
    assert "a = 1" in own.model_dump_json()


@pytest.mark.proves("mcp:token-roles")
async def test_a_token_for_reading_writes_and_runs_nothing(stage: Stage) -> None:
    async with stage.seat(code_cell("a = 1", "a1"), kernel=True) as ada:
        token = await token_of(stage, ada, "onlooker", may_write=False, may_execute=False)
        async with agent_at(stage.service, token) as agent:
            seen = await agent.call("read_cell", notebook_path=ada.path, cell_id="a1")
            base = {"notebook_path": ada.path, "cell_id": "a1"}
            writes = {
                "insert_cell": base | {"source": "b = 1"},
                "edit_cell": base | {"source": "b = 1", "expected_hash": seen["hash"]},
                "execute_cell": base,
                "execute_code": {"notebook_path": ada.path, "code": "b = 1"},
                "point_at": base | {"line": 1},
                "propose_edit": base | {"source": "b = 1", "expected_hash": seen["hash"]},
                "undo_my_writes": {"notebook_path": ada.path},
                "run_check": base,
                "kernel": {"notebook_path": ada.path, "action": "restart"},
            }
            codes = {tool: await agent.code(tool, **given) for tool, given in writes.items()}
        assert codes == dict.fromkeys(writes, "forbidden")
        assert ada.learner.sources() == ["a = 1"]


@pytest.mark.proves("mcp:audited")
async def test_each_write_and_run_is_in_the_audit_under_the_agents_name(stage: Stage) -> None:
    async with stage.seat(code_cell("a = 1", "a1"), kernel=True) as ada:
        token = await token_of(stage, ada, "busy-agent")
        async with agent_at(stage.service, token) as agent:
            where = {"notebook_path": ada.path}
            made = await agent.call("insert_cell", **where, source="b = 1", execute=True)
            await agent.call("edit_cell", **where, cell_id=made["cell_id"], source="b = 2", expected_hash=made["hash"])
            await agent.call("undo_my_writes", **where)

        async def noted() -> set[str]:
            found = (await stage.service.http.get("/api/v1/audit", params={"actor": "busy-agent"})).json()
            actions = {each["action"] for each in found}
            wanted = {"agent.cell_inserted", "agent.code_run", "agent.cell_edited", "agent.undone"}
            return actions if wanted <= actions else set()

        await eventually(noted)


async def test_nobody_gets_in_without_a_token_or_by_another_name(stage: Stage) -> None:
    http, body = stage.service.http, {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    nobody = await http.post("/mcp", json=body, headers={"Authorization": "Bearer wrong"})
    rebound = await http.post("/mcp", json=body, headers={"Host": "evil.example:80"})
    page = await http.post("/mcp", json=body, headers={"Origin": "https://evil.example"})
    unknown = await http.post("/mcp?compat=nothing", json=body)
    assert [answer.status_code for answer in (nobody, rebound, page, unknown)] == [401, 421, 403, 400]


@pytest.mark.filterwarnings("ignore:resources/subscribe")
@pytest.mark.proves("mcp:rate-limit")
async def test_a_client_that_asks_too_often_is_told_when_to_come_back_whatever_it_asks(tmp_path: Path) -> None:
    async with (
        running_stage(tmp_path, LTT_MCP_CALLS_PER_MINUTE="12") as stage,  # two at once, one each 5 s
        stage.seat(code_cell("a = 1", "a1")) as ada,
    ):
        uri = f"ltt://rooms/{ada.room}"
        for number, asked in enumerate(("tool", "read", "list", "subscribe")):
            token = await token_of(stage, ada, f"hasty-{number}")
            async with agent_at(stage.service, token, mode="legacy") as agent:
                assert await agent.code("list_notebooks") == "", (
                    "to open the session was the first call, this the second"
                )
                match asked:
                    case "tool":
                        assert await agent.code("list_notebooks") == "rate_limited"
                    case "read":
                        with pytest.raises(Exception, match=r"rate_limited: too many calls; try again in \d"):
                            await agent.client.read_resource(uri)
                    case "list":
                        with pytest.raises(Exception, match="rate_limited"):
                            await agent.client.list_resources()
                    case _:
                        with pytest.raises(Exception, match="rate_limited"):
                            await agent.client.subscribe_resource(uri)
