"""What a token allows, tool by tool: to write and not to run, to run and not to write, and only in one's course."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ltt_collab.model.text import source_hash
from tests.integration.mcp.test_scopes import token_of
from tests.support.courses import REFERENCE
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Agent, Seat, Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

WORK = {"ltt_task": {"course": "basics", "task": "mean", "role": "work"}}

READS: dict[str, dict[str, Any]] = {
    "list_cells": {},
    "read_cell": {"cell_id": "c1"},
    "read_notebook": {},
    "wait_for_change": {"timeout": 0.1},
    "kernel": {},
}
WRITES: dict[str, dict[str, Any]] = {
    "insert_cell": {"source": "made = 1"},
    "edit_cell": {"source": "made = 2"},
    "point_at": {"cell_id": "c1", "line": 1},
    "propose_edit": {"cell_id": "c1", "source": "made = 3"},
    "undo_my_writes": {},
}
RUNS: dict[str, dict[str, Any]] = {
    "execute_cell": {"cell_id": "c1"},
    "execute_code": {"code": "made = 1"},
    "execute_code aside": {"code": "made = 1", "where": "scratch"},
    "run_check": {"cell_id": "c1"},
    "kernel interrupt": {"action": "interrupt"},
    "kernel restart": {"action": "restart"},
}
"""Each tool, and what it is given beside the notebook."""


ALL = [*READS, *WRITES, *RUNS]

REFERENCE_HASH = source_hash(REFERENCE)


def cell() -> dict[str, Any]:
    """The learner's cell of the task."""
    return code_cell(REFERENCE, "c1") | {"metadata": WORK}


async def asked(agent: Agent, seat: Seat, tools: Iterable[str]) -> dict[str, str]:
    """Each tool used as it should be, and the code of its answer."""
    codes = {}
    for tool in tools:
        given = {"notebook_path": seat.path} | {**READS, **WRITES, **RUNS}[tool]
        if tool == "propose_edit":
            seen = await agent.call("read_cell", notebook_path=seat.path, cell_id="c1")
            given |= {"expected_hash": seen.get("hash", "")}
        if tool == "edit_cell":
            made = await agent.call("insert_cell", notebook_path=seat.path, source="made = 1")
            given |= {"cell_id": made.get("cell_id", "c1"), "expected_hash": made.get("hash", REFERENCE_HASH)}
        codes[tool] = await agent.code(tool.partition(" ")[0], **given)
    return codes


async def knows(stage: Stage, seat: Seat) -> str:
    """What is left of ``kept``, which a restart would have taken away, and whether ``made`` is there."""
    async with agent_at(stage.service) as operator:
        code = "print('kept' in globals(), 'made' in globals())"
        return str((await operator.call("execute_code", notebook_path=seat.path, code=code))["output"]).strip()


async def keeps(stage: Stage, seat: Seat) -> None:
    """The learner's kernel knows the solution, and ``kept``."""
    async with agent_at(stage.service) as operator:
        code = f"{REFERENCE}\nkept = 1"
        assert (await operator.call("execute_code", notebook_path=seat.path, code=code))["ok"]


@pytest.mark.proves("mcp:token-roles")
async def test_who_may_write_and_not_execute_writes_and_runs_nothing(stage: Stage) -> None:
    async with stage.seat(cell(), kernel=True) as seat:
        await keeps(stage, seat)
        token = await token_of(stage, seat, "writer", may_execute=False)
        async with agent_at(stage.service, token) as agent:
            refused = await asked(agent, seat, RUNS)
            allowed = await asked(agent, seat, [*READS, *WRITES])
        left = await knows(stage, seat)
    assert refused == dict.fromkeys(RUNS, "forbidden")
    assert allowed == dict.fromkeys([*READS, *WRITES], "")
    assert left == "True False"


@pytest.mark.proves("mcp:token-roles")
async def test_who_may_execute_and_not_write_runs_and_writes_nothing(stage: Stage) -> None:
    async with stage.seat(cell(), kernel=True) as seat:
        await keeps(stage, seat)
        token = await token_of(stage, seat, "runner", may_write=False)
        async with agent_at(stage.service, token) as agent:
            refused = await asked(agent, seat, WRITES)
            wish = {"notebook_path": seat.path, "source": "made = 1", "execute": True}
            refused["insert_cell and run"] = await agent.code("insert_cell", **wish)
            left, pointed = await knows(stage, seat), (seat.learner.tutor() or {}).get("cursors")
            allowed = await asked(agent, seat, [*READS, *RUNS])
        assert seat.learner.sources() == [REFERENCE]
    assert refused == dict.fromkeys([*WRITES, "insert_cell and run"], "forbidden")
    assert (left, pointed or []) == ("True False", [])
    assert allowed == dict.fromkeys([*READS, *RUNS], "")


@pytest.mark.proves("mcp:token-roles", "mcp:no-cell-left-behind")
async def test_a_cell_that_may_be_written_and_not_run_does_not_come_and_go(stage: Stage) -> None:
    async with stage.seat(cell(), kernel=True) as seat:
        token = await token_of(stage, seat, "hasty-writer", may_execute=False)
        async with agent_at(stage.service, token) as agent:
            wish = {"notebook_path": seat.path, "source": "made = 1", "execute": True}
            assert await agent.code("insert_cell", **wish) == "forbidden"
            await agent.call("point_at", notebook_path=seat.path, cell_id="c1", line=1)
        acts = await eventually(lambda: acts_of(stage, "hasty-writer"))
    assert acts == ["agent.pointed"]


@pytest.mark.proves("mcp:own-rooms-only", "mcp:token-roles")
async def test_an_agent_of_a_course_works_with_its_learners_and_with_no_others(stage: Stage) -> None:
    async with (
        stage.seat(cell(), kernel=True) as ada,
        stage.seat(cell(), name="Bob", kernel=True) as bob,
        enrolled(stage, ada),
    ):
        for seat in (ada, bob):
            await keeps(stage, seat)
        token = await token_of(stage, ada, "of-basics", learner=None, courses=["basics"])
        async with agent_at(stage.service, token) as agent:
            listed = {each["notebook_path"] for each in (await agent.call("list_notebooks"))["notebooks"]}
            strange = await asked(agent, bob, ALL)
            own = await asked(agent, ada, ALL)
        assert bob.learner.sources() == [REFERENCE]
        assert await knows(stage, bob) == "True False"
    assert own == dict.fromkeys(ALL, "")
    assert strange == dict.fromkeys(ALL, "unknown_room")
    assert ada.path in listed
    assert bob.path not in listed


@pytest.mark.proves("mcp:own-rooms-only")
async def test_an_agent_of_a_course_loses_a_learner_who_leaves_it(stage: Stage) -> None:
    async with stage.seat(cell()) as ada:
        token = await token_of(stage, ada, "of-basics-for-a-while", learner=None, courses=["basics"])
        async with agent_at(stage.service, token) as agent:
            codes = [await agent.code("read_notebook", notebook_path=ada.path)]
            async with enrolled(stage, ada):
                codes.append(await agent.code("read_notebook", notebook_path=ada.path))
            codes.append(await agent.code("read_notebook", notebook_path=ada.path))
    assert codes == ["unknown_room", "", "unknown_room"]


@asynccontextmanager
async def enrolled(stage: Stage, seat: Seat) -> AsyncIterator[None]:
    """The learner takes the course."""
    who = f"/api/v1/courses/basics/enrolments/{seat.learner.username}"
    (await stage.service.http.put(who, json={"role": "learner"})).raise_for_status()
    yield
    (await stage.service.http.delete(who)).raise_for_status()


async def acts_of(stage: Stage, name: str) -> list[str]:
    """What the audit has of an agent."""
    told = await stage.service.http.get("/api/v1/audit", params={"actor": name})
    return [str(each["action"]) for each in told.raise_for_status().json()]
