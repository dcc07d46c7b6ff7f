"""The tool lists of the servers that we stand in for, as those servers give them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltt_collab.mcp_bridge.catalogue import NATIVE, Compat
from ltt_collab.mcp_bridge.tools import _SETS, LISTED

HERE = Path(__file__).parent

SNAPSHOTS = {
    Compat.JUPYTER_MCP_SERVER: "jupyter-mcp-server-2.2.4.json",
    Compat.MCP_JUPYTER: "mcp-jupyter-2.0.2.json",
    Compat.JUPYTER_COLLABORATION_MCP: "jupyter-collaboration-mcp-0.1.0.json",
}


@pytest.mark.parametrize("compat", SNAPSHOTS)
@pytest.mark.proves("mcp:compat-lists")
def test_every_name_and_argument_is_as_that_server_lists_it(compat: Compat) -> None:
    wanted = {tool["name"]: tool["input_schema"] for tool in json.loads((HERE / SNAPSHOTS[compat]).read_text())}
    listed = {tool["name"]: tool["inputSchema"] for tool in LISTED[compat]}
    assert listed == wanted


@pytest.mark.parametrize("compat", list(Compat))
@pytest.mark.proves("mcp:compat-lists")
def test_every_listed_tool_is_served_and_no_other(compat: Compat) -> None:
    assert set(_SETS[compat]) == {tool["name"] for tool in LISTED[compat]}


def test_the_set_of_all_takes_what_each_set_takes() -> None:
    merged = {tool["name"]: tool["inputSchema"]["properties"] for tool in LISTED[Compat.ALL]}
    for compat in SNAPSHOTS:
        for tool in LISTED[compat]:
            assert set(tool["inputSchema"].get("properties", {})) <= set(merged[tool["name"]])


@pytest.mark.proves("mcp:few-tools")
def test_there_are_at_most_fifteen_native_tools() -> None:
    assert len(NATIVE) <= 15
