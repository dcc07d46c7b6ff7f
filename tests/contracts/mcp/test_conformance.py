"""The protocol's own conformance suite, against the bridge with one room in memory."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from anyio import to_thread
from fastapi import FastAPI
from starlette.routing import Route

from ltt_collab.access.gatekeeper import OPERATOR
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.api.door import Door, Readiness
from ltt_collab.api.server import serve
from ltt_collab.mcp_bridge.calling import Behind
from ltt_collab.mcp_bridge.server import PATH, Bridge, BridgeOptions
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.ports.editing import RoomEditing, RoomRunning
from tests.support.directory import MemoryDirectory, MemoryInsight
from tests.support.door import nobody_is_away
from tests.support.node_packages import node_package, node_program

SUITE = "@modelcontextprotocol/conformance"

APPLY = (
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
)
"""Scenarios that ask for nothing but the protocol; the others call tools, prompts and resources of the suite's own."""

EVERYBODY = Sight(principal=Principal(name=OPERATOR, role=Role.SERVICE))


@asynccontextmanager
async def served_bridge() -> AsyncIterator[str]:
    """The bridge without a door before it, for a suite that sends no token; its URL."""
    directory = MemoryDirectory()
    behind = Behind(
        directory=directory,
        insight=MemoryInsight(directory),
        editing=cast("RoomEditing", None),
        running=cast("RoomRunning", None),
        clock=SystemClock(),
    )
    bridge = Bridge(behind, lambda _scope: EVERYBODY, BridgeOptions())
    app = FastAPI()
    app.state.door = Door(directory=directory, readiness=lambda: Readiness(ready=True), welcome=nobody_is_away)
    app.router.routes.append(Route(PATH, endpoint=bridge))
    async with bridge.running(), serve(app, "127.0.0.1", 0) as served:
        yield f"{served.url}mcp"


def conformance(scenario: str, url: str, home: Path) -> subprocess.CompletedProcess[str]:
    """One scenario of the suite."""
    program = node_package(SUITE) / "dist" / "index.js"
    command = [node_program("node"), str(program), "server", "--url", url, "--scenario", scenario]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.proves("mcp:conformance")
async def test_every_scenario_that_applies_passes(tmp_path: Path) -> None:
    failed: dict[str, str] = {}
    async with served_bridge() as url:
        for scenario in APPLY:
            done = await to_thread.run_sync(conformance, scenario, url, tmp_path)
            if done.returncode != 0 or "0 failed" not in done.stdout:
                failed[scenario] = done.stdout[-1500:] + done.stderr[-1500:]
    assert failed == {}
