"""A fork comes back through the room server's own endpoints, where the operator lets agents change learners' cells."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import picows
import pytest

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.mcp_agent import Stage, agent_at
from tests.support.plain_peer import PlainPeer

pytestmark = [
    pytest.mark.jupyter,
    pytest.mark.proves("mcp:fork-merged"),
    pytest.mark.asyncio(loop_scope="package"),
]

COLLABORATION = "?compat=jupyter-collaboration-mcp"


@asynccontextmanager
async def in_fork(jupyter: Jupyter, fork: str) -> AsyncIterator[PlainPeer]:
    """Work in a fork, as a page that opened it does."""
    peer = PlainPeer()
    url = f"{jupyter.url}api/collaboration/room/{fork}".replace("http", "ws", 1)
    headers = {"Authorization": f"token {jupyter.token}"}
    await picows.ws_connect(lambda: peer, url, extra_headers=headers, max_redirects=0)
    await eventually(lambda: peer.synced, what="the first sync of the fork")
    yield peer
    peer.leave()


async def test_a_merge_brings_the_fork_into_its_notebook_and_loses_no_letter_typed_meanwhile(
    allowing_stage: Stage,
) -> None:
    stage = allowing_stage
    async with (
        stage.seat(code_cell("x = 1", "c1")) as seat,
        stage.seat(code_cell("other = 1", "o1"), name="Bob") as other,
        agent_at(stage.service, query=COLLABORATION, mode="legacy") as agent,
    ):
        fork = (await agent.call("fork_document", path=seat.path))["fork_id"]
        async with in_fork(stage.jupyter, fork) as copy, in_fork(stage.jupyter, fork) as witness:
            copy.append(0, "\ny = 2")
            await seat.learner.type("c1", "0")
            await eventually(lambda: witness.sources() == ["x = 1\ny = 2"], what="the change in the server's fork")
            elsewhere = await agent.client.call_tool("merge_document_fork", {"path": other.path, "fork_id": fork})
            merged = await agent.call("merge_document_fork", path=seat.path, fork_id=fork)
        await eventually(
            lambda: len(seat.learner.source("c1")) == len("x = 10\ny = 2"), what="the merge in the notebook"
        )
        again = await agent.client.call_tool("merge_document_fork", {"path": seat.path, "fork_id": fork})
        left = (await stage.jupyter.http.get(f"api/collaboration/fork/{seat.learner.room}")).json()
        source, untouched = seat.learner.source("c1"), other.learner.sources()

        async def seen() -> bool:
            cells = (await agent.call("get_notebook", path=seat.path))["cells"]
            return [each["source"] for each in cells] == [source]

        await eventually(seen, what="the merge before the tutor's eyes")
        file = stage.jupyter.root / seat.path
        await eventually(lambda: source in _sources(file), what="the merge on the disk")

        async def noted() -> bool:
            found = (await stage.service.http.get("/api/v1/audit", params={"actor": "service"})).json()
            return {"agent.forked", "agent.fork_merged"} <= {each["action"] for each in found}

        await eventually(noted)
    assert source.startswith("x = 1")
    assert sorted(source) == sorted("x = 10\ny = 2")
    assert "\ny = 2" in source
    assert merged["success"]
    assert untouched == ["other = 1"]
    assert left == {}
    for refused in (elsewhere, again):
        assert refused.is_error
        assert "has no such fork" in refused.model_dump_json()


def _sources(file: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(file.read_text())["cells"]]
