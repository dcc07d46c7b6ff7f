"""Whatever a client sends in the place of an argument, it is told what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ltt_collab.mcp_bridge.catalogue import Compat
from ltt_collab.peer.editing import MOST_CHARACTERS
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package"), pytest.mark.proves("mcp:bad-arguments")]

ODD: tuple[Any, ...] = ("x", -1, 1.5, 10**30, True, [None], [[1]], {}, {"x": []})
ONE_OF: Mapping[str, Any] = {"string": "x", "integer": 0, "number": 1, "boolean": True, "array": [], "object": {}}


def usual(schema: Mapping[str, Any]) -> Any:
    """Something that fits."""
    if "enum" in schema:
        return schema["enum"][0]
    return ONE_OF[schema.get("type") or schema.get("anyOf", [{"type": "string"}])[0]["type"]]


@pytest.mark.parametrize("compat", [each for each in Compat if each is not Compat.ALL])
async def test_no_argument_makes_the_service_fail(stage: Stage, compat: Compat) -> None:
    failed: list[tuple[str, dict[str, Any], str]] = []
    async with (
        stage.seat(code_cell("x = 1", "c1")) as seat,
        agent_at(stage.service, query=f"?compat={compat.value}", mode="legacy") as agent,
    ):
        for tool in (await agent.client.list_tools()).tools:
            properties = tool.input_schema.get("properties", {})
            base = {name: usual(properties.get(name, {})) for name in tool.input_schema.get("required", [])}
            base |= {name: seat.path for name in ("notebook_path", "path", "document_path") if name in properties}
            base |= {name: "c1" for name in ("cell_id",) if name in base}
            base |= {name: 0.05 for name in ("timeout",) if properties.get(name, {}).get("type") == "number"}
            for argument in properties:
                for odd in ODD:
                    result = await agent.client.call_tool(tool.name, base | {argument: odd})
                    told = result.model_dump_json()
                    if '"internal"' in told or "internal:" in told:
                        failed.append((tool.name, {argument: odd}, told))
        source = seat.learner.source("c1")
    assert failed == []
    assert source == "x = 1"


async def test_a_value_of_the_wrong_kind_is_named_with_what_it_must_fit(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        wrong = await agent.call("read_cell", notebook_path=seat.path, cell_index="first")
        left_out = await agent.call("read_cell", notebook_path=seat.path, cell_id="c1", cell_index=None)
    assert wrong["error"]["detail"] == (
        'cell_index=\'first\' cannot be used: it must fit {"type": "integer", "minimum": 0}'
    )
    assert left_out["source"] == "x = 1", "null is as good as nothing"


async def test_a_text_that_is_too_long_for_a_cell_is_refused_and_nothing_is_written(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1")) as seat,
        agent_at(stage.service) as agent,
        agent_at(stage.service, query=f"?compat={Compat.JUPYTER_MCP_SERVER.value}", mode="legacy") as other,
    ):
        where, long = {"notebook_path": seat.path}, "x" * (MOST_CHARACTERS + 1)
        await other.call("use_notebook", notebook_name="nb", notebook_path=seat.path)
        mine = await agent.call("insert_cell", **where, source="y = 1")
        refused = await agent.call("insert_cell", **where, source=long)
        edit = {"cell_id": mine["cell_id"], "expected_hash": mine["hash"], "source": long}
        codes = [
            await agent.code("edit_cell", **where, **edit),
            await other.code("insert_cell", cell_index=-1, cell_type="code", cell_source=long),
        ]
        fits = await agent.call("insert_cell", **where, source=long[1:])
        await eventually(lambda: seat.learner.sources() == ["x = 1", "y = 1", long[1:]])
    assert "several cells" in refused["error"]["detail"]
    assert [refused["error"]["code"], *codes] == ["text_too_long"] * 3
    assert fits["index"] == 2
