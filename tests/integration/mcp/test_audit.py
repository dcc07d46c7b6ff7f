"""What an agent does is in the audit under its token's name, tool by tool; what it only reads is not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.mcp.test_scopes import token_of
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Agent, Seat, Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

SECRET = "swordfish"
"""In every text that is read, written or run: the audit is read by people who need not know it."""

WORK = {"ltt_task": {"course": "basics", "task": "mean", "role": "work"}}


@dataclass(frozen=True, slots=True)
class At:
    """An agent with a cell of its own in a learner's notebook."""

    agent: Agent
    where: Mapping[str, str]
    own: Mapping[str, str]

    async def call(self, tool: str, /, **arguments: Any) -> None:
        """Have it done."""
        told = await self.agent.call(tool, **self.where, **arguments)
        assert "error" not in told, told


async def inserts(at: At) -> None:
    await at.call("insert_cell", source=f"a = '{SECRET}'", cell_id="c1")


async def inserts_twice(at: At) -> None:
    for _ in range(2):
        await at.call("insert_cell", source=f"a = '{SECRET}'", idempotency_key="once")


async def inserts_and_runs(at: At) -> None:
    await at.call("insert_cell", source=f"a = '{SECRET}'", execute=True)


async def edits(at: At) -> None:
    await at.call("edit_cell", **at.own, source=f"b = '{SECRET}'")


async def deletes(at: At) -> None:
    await at.call("edit_cell", **at.own, delete=True)


async def points(at: At) -> None:
    await at.call("point_at", cell_id="c1", line=1)


async def undoes(at: At) -> None:
    await at.call("undo_my_writes")


async def runs_a_learners_cell(at: At) -> None:
    await at.call("execute_cell", cell_id="c1")


async def runs_its_own_cell(at: At) -> None:
    await at.call("execute_cell", cell_id=at.own["cell_id"])


async def runs_code(at: At) -> None:
    await at.call("execute_code", code=f"'{SECRET}'")


async def runs_what_raises(at: At) -> None:
    await at.call("execute_code", code=f"raise ValueError('{SECRET}')")


async def tries_code_aside(at: At) -> None:
    await at.call("execute_code", code=f"'{SECRET}'", where="scratch")


async def checks(at: At) -> None:
    await at.call("run_check", cell_id="c1")


async def interrupts(at: At) -> None:
    await at.call("kernel", action="interrupt")


async def restarts(at: At) -> None:
    await at.call("kernel", action="restart")


ACTS: Mapping[Callable[[At], Awaitable[None]], list[str]] = {
    inserts: ["agent.cell_inserted"],
    inserts_twice: ["agent.cell_inserted"],
    inserts_and_runs: ["agent.cell_inserted", "agent.code_run"],
    edits: ["agent.cell_edited"],
    deletes: ["agent.cell_deleted"],
    points: ["agent.pointed"],
    undoes: ["agent.undone"],
    runs_a_learners_cell: ["agent.code_run"],
    runs_its_own_cell: ["agent.code_run"],
    runs_code: ["agent.code_run"],
    runs_what_raises: ["agent.code_run"],
    tries_code_aside: ["agent.code_tried"],
    checks: ["agent.checked"],
    interrupts: ["agent.kernel_interrupted"],
    restarts: ["agent.kernel_restarted"],
}
"""What an agent does, and the entries of it."""


async def acts_of(stage: Stage, seat: Seat, name: str, last: str) -> list[str]:
    """What the audit has of an agent, in order, once it has that entry."""

    async def look() -> list[dict[str, str]]:
        told = await stage.service.http.get("/api/v1/audit", params={"actor": name})
        found = list(told.raise_for_status().json())
        return found if last in [each["action"] for each in found] else []

    found = await eventually(look, what=f"{last} of {name}")
    assert {each["subject"] for each in found} == {seat.learner.username}
    assert all(each["detail"].startswith(f"{seat.path}: ") for each in found)
    assert SECRET not in str(found)
    return [each["action"] for each in found]


@pytest.mark.proves("mcp:audited")
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_what_an_agent_does_is_in_the_audit(stage: Stage, act: Callable[[At], Awaitable[None]]) -> None:
    work = code_cell(f"x = '{SECRET}'", "c1") | {"metadata": WORK}
    async with stage.seat(work, kernel=True) as seat:
        name = f"agent-that-{act.__name__}"
        where = {"notebook_path": seat.path}
        async with agent_at(stage.service, await token_of(stage, seat, name)) as agent:
            made = await agent.call("insert_cell", **where, source=f"own = '{SECRET}'")
            own = {"cell_id": made["cell_id"], "expected_hash": made["hash"]}
            await act(At(agent, where, own))
            await agent.call("point_at", **where, cell_id="c1", line=1)  # the last word: entries come in order
        told = await acts_of(stage, seat, name, "agent.pointed")
        if act is points:
            told = await eventually(lambda: _twice(stage, seat, name))
    assert told == ["agent.cell_inserted", *ACTS[act], "agent.pointed"]


async def _twice(stage: Stage, seat: Seat, name: str) -> list[str]:
    told = await acts_of(stage, seat, name, "agent.pointed")
    return told if told.count("agent.pointed") == 2 else []


@pytest.mark.proves("mcp:audited")
async def test_what_an_agent_reads_or_is_refused_is_not_in_the_audit(stage: Stage) -> None:
    work = code_cell(f"x = '{SECRET}'", "c1") | {"metadata": WORK}
    async with stage.seat(work, kernel=True) as seat:
        where = {"notebook_path": seat.path}
        async with agent_at(stage.service, await token_of(stage, seat, "agent-that-reads")) as agent:
            now = (await agent.call("read_cell", **where, cell_id="c1"))["hash"]
            codes = [
                await agent.code("list_notebooks"),
                await agent.code("list_cells", **where),
                await agent.code("read_cell", **where, cell_id="c1"),
                await agent.code("read_notebook", **where),
                await agent.code("wait_for_change", **where, timeout=0.1),
                await agent.code("read_terminal", **where, cell_id="c1"),
                await agent.code("kernel", **where),
                await agent.code("undo_my_writes", **where),
                await agent.code("edit_cell", **where, cell_id="c1", source="x", expected_hash=now),
                await agent.code("insert_cell", **where, cell_id="c1", source="x", expected_hash="another"),
                await agent.code("execute_cell", **where, cell_id="c1", expected_hash="another"),
                await agent.code("run_check", **where, cell_id="none"),
            ]
            await agent.call("point_at", **where, cell_id="c1", line=1)
        told = await acts_of(stage, seat, "agent-that-reads", "agent.pointed")
    assert codes[:5] == [""] * 5
    assert codes[5:] == ["no_terminal", "", "", "not_ours", "conflict", "conflict", "unknown_cell"]
    assert told == ["agent.pointed"]
