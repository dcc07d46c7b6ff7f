"""Tools that reach beyond the document: checks, the terminal, the sandbox; and the gate before all that is written."""

from __future__ import annotations

from typing import Any

import pytest

from ltt_collab.adapters.jupyter.terminals import JupyterTerminals
from tests.support.courses import REFERENCE
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Agent, Seat, Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

WORK = "def mean(numbers):\n    ..."
CARELESS = "def mean(numbers):\n    return sum(numbers) / len(numbers)"

BY_INDEX = "?compat=jupyter-mcp-server"


def work_cell(source: str, cell_id: str, task: str = "mean") -> dict[str, Any]:
    """A learner's cell of a task."""
    mark = {"ltt_task": {"course": "basics", "task": task, "role": "work"}}
    return code_cell(source, cell_id) | {"metadata": mark}


def own_cell(source: str, cell_id: str, role: str, **metadata: Any) -> dict[str, Any]:
    """A cell that the tutor wrote."""
    mark = {"role": role, "suggestion": f"s-{cell_id}", "about": "c1", "rung": 1, "author": "ltt-tutor"}
    return code_cell(source, cell_id) | {"cell_type": "code", "metadata": {"ltt": mark, **metadata}}


async def read(agent: Agent, seat: Seat, cell: str) -> dict[str, Any]:
    """A cell and its hash."""
    return await agent.call("read_cell", notebook_path=seat.path, cell_id=cell)


@pytest.mark.proves("mcp:run-check")
async def test_a_check_gives_the_verdict_on_the_learners_kernel_and_no_hidden_part_of_it(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("x = 1", "above"), work_cell(CARELESS, "c1"), kernel=True) as seat,
        agent_at(stage.service) as agent,
    ):
        where = {"notebook_path": seat.path, "cell_id": "c1"}
        await agent.call("execute_cell", **where)
        told = await agent.call("run_check", **where, idempotency_key="first")
        again = await agent.call("run_check", **where, idempotency_key="first")
        none = await agent.code("run_check", notebook_path=seat.path, cell_id="above")
    verdict = told["verdict"]
    assert (told["course"], told["task"], again["validation"]) == ("basics", "mean", told["validation"])
    assert {check["name"]: check["passed"] for check in verdict["checks"]} == {"three numbers": True, "nothing": False}
    assert (verdict["outcome"], verdict["passed"]) == ("failed", False)
    assert "other numbers" not in str(told), "the hidden check"
    assert none == "no_task"


@pytest.mark.proves("mcp:read-terminal")
async def test_a_terminal_is_read_where_its_task_says_so_and_nowhere_else(stage: Stage) -> None:
    terminals = JupyterTerminals(stage.address, stage.rest)
    async with (
        stage.seat(work_cell("# ready", "c1", "packing"), work_cell(WORK, "c2")) as seat,
        agent_at(stage.service) as agent,
    ):
        assert await agent.code("read_terminal", notebook_path=seat.path, cell_id="c1") == "no_terminal"
        name = await terminals.create()
        await terminals.write(name, "echo lamp$((40 + 2)); seq 1 200\r")

        async def text() -> str:
            told = await agent.call("read_terminal", notebook_path=seat.path, cell_id="c1")
            said = str(told.get("text", ""))
            return said if "lamp42" in said and "\n200\n" in said else ""

        await eventually(text)
        cut = await agent.call("read_terminal", notebook_path=seat.path, cell_id="c1", max_output_chars=100)
        elsewhere = await agent.code("read_terminal", notebook_path=seat.path, cell_id="c2")
        await terminals.close(name)
    assert cut["truncated"]
    assert "characters cut" in cut["text"]
    assert elsewhere == "no_terminal"


@pytest.mark.proves("mcp:scratch")
async def test_code_tried_aside_runs_in_a_sandbox_and_leaves_the_learners_kernel_alone(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path}
        await agent.call("execute_code", **where, code="mine = 'of the learner'")
        before = {info.id for info in await stage.kernels.kernels()}
        aside = await agent.call("execute_code", **where, where="scratch", code="mine = 'aside'\nprint(mine)")
        blind = await agent.call("execute_code", **where, where="scratch", code="mine")
        late = await agent.call("execute_code", **where, where="scratch", code="while True: pass", timeout=0.5)
        after = await agent.call("execute_code", **where, code="print(mine)")
        kernels = {info.id for info in await stage.kernels.kernels()}
    assert aside["output"] == "aside\n"
    assert blind["raised"]["name"] == "NameError"
    assert late["error"]["code"] == "kernel_timeout"
    assert after["output"] == "of the learner\n"
    assert kernels == before


@pytest.mark.proves("mcp:approval")
async def test_where_people_approve_a_proposal_waits_and_no_cell_goes_past_them(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        http, extent = stage.service.http, {"learner": seat.learner.username}
        made = await agent.call("insert_cell", notebook_path=seat.path, source="mine = 1")
        order = await http.post("/api/v1/steering/orders", json={"order": "approve", **extent})
        assert order.is_success, order.text
        try:
            seen = await read(agent, seat, "c1")
            wish = {"notebook_path": seat.path, "cell_id": "c1", "expected_hash": seen["hash"], "source": "x = 2"}
            held = await agent.call("propose_edit", **wish)
            assert await agent.code("insert_cell", notebook_path=seat.path, source="y = 2") == "room_read_only"
            own = {"notebook_path": seat.path, "cell_id": made["cell_id"], "expected_hash": made["hash"]}
            assert await agent.code("edit_cell", **own, source="mine = 2") == "room_read_only"
            await eventually(lambda: len(seat.learner.ids()) == 2)
            waiting = (await http.get("/api/v1/steering/held")).json()
            assert [(each["suggestion"], each["text"]) for each in waiting] == [(held["suggestion"], "x = 2")]
            shown = await http.post(f"/api/v1/steering/held/{held['suggestion']}/approve", json={})
            assert shown.json()["answer"] == "shown"
            await eventually(lambda: "x = 2" in seat.learner.sources())
        finally:
            await http.post("/api/v1/steering/orders/lift", json=extent)
    assert held["answer"] == "held"


@pytest.mark.proves("mcp:leak-gate")
async def test_no_tool_writes_the_solution_of_a_task(stage: Stage) -> None:
    async with (
        stage.seat(work_cell(WORK, "c1")) as seat,
        agent_at(stage.service) as agent,
        agent_at(stage.service, query=BY_INDEX, mode="legacy") as other,
    ):
        where = {"notebook_path": seat.path}
        seen = await read(agent, seat, "c1")
        mine = await agent.call("insert_cell", **where, source="# a plan", cell_id="c1")
        await other.text("use_notebook", notebook_name="nb", notebook_path=seat.path)
        own = {"cell_id": mine["cell_id"], "expected_hash": mine["hash"]}
        solved = [
            await agent.code("insert_cell", **where, source=REFERENCE),
            await agent.code("insert_cell", **where, source=REFERENCE, cell_id="c1", execute=False),
            await agent.code("insert_cell", **where, source=f"Try this:\n\n{REFERENCE}", cell_type="markdown"),
            await agent.code("edit_cell", **where, **own, source=REFERENCE),
            await other.code("insert_cell", cell_index=-1, cell_type="code", cell_source=REFERENCE),
            await other.code("overwrite_cell_source", cell_index=1, cell_source=REFERENCE),
            await other.code("edit_cell_source", cell_index=1, old_string="# a plan", new_string=REFERENCE),
        ]
        proposed = await agent.call("propose_edit", **where, cell_id="c1", expected_hash=seen["hash"], source=REFERENCE)
        await eventually(lambda: seat.learner.sources() == [WORK, "# a plan"])
    assert solved == ["leak"] * len(solved)
    assert proposed["error"]["code"] == "leak"
    assert "sum(numbers)" not in str(proposed)


@pytest.mark.proves("mcp:leak-gate")
async def test_a_solution_in_pieces_is_one_too(stage: Stage) -> None:
    async with stage.seat(work_cell(WORK, "c1")) as seat, agent_at(stage.service) as agent:
        head, tail = REFERENCE.split("    return", 1)
        codes = [
            await agent.code("insert_cell", notebook_path=seat.path, source=piece) for piece in (head, f"return{tail}")
        ]
    assert "leak" in codes


@pytest.mark.proves("mcp:locked-cells")
@pytest.mark.parametrize("compat", ["native", "jupyter-mcp-server", "mcp-jupyter", "jupyter-collaboration-mcp"])
async def test_no_tool_changes_a_locked_cell_or_one_that_the_tutor_wrote(stage: Stage, compat: str) -> None:
    locked = code_cell("given = 1", "c1") | {"metadata": {"editable": False, "deletable": False}}
    cells = (locked, own_cell("3 of 4 checks pass", "s1", "status"), own_cell("said = 1", "w1", "whisper"))
    async with (
        stage.seat(*cells) as seat,
        agent_at(stage.service, query=f"?compat={compat}", mode="legacy") as agent,
    ):
        before = seat.learner.sources()
        assert len(before) == 3
        codes: list[str] = []
        for index, cell in enumerate(seat.learner.ids()):
            codes += await attacks(agent, seat, compat, cell, index)
        async with agent_at(stage.service) as onlooker:
            listed = (await onlooker.call("read_notebook", notebook_path=seat.path))["cells"]
        assert [cell["source"] for cell in listed] == seat.learner.sources() == before
    assert set(codes) == {"not_ours"}


async def attacks(agent: Agent, seat: Seat, compat: str, cell: str, index: int) -> list[str]:
    """The codes with which every way to change a cell is refused."""
    path = seat.path
    match compat:
        case "native":
            seen = await read(agent, seat, cell)
            base = {"notebook_path": path, "cell_id": cell, "expected_hash": seen["hash"]}
            return [
                await agent.code("edit_cell", **base, source="changed = 1"),
                await agent.code("edit_cell", **base, delete=True),
            ]
        case "jupyter-mcp-server":
            await agent.text("use_notebook", notebook_name="nb", notebook_path=path)
            return [
                await agent.code("overwrite_cell_source", cell_index=index, cell_source="changed = 1"),
                await agent.code("edit_cell_source", cell_id=cell, old_string=" ", new_string="_", replace_all=True),
                await agent.code("delete_cell", cell_indices=[index]),
                await agent.code("delete_cell", cell_ids_to_delete=[cell]),
            ]
        case "mcp-jupyter":
            await agent.call("setup_notebook", notebook_path=path)
            change = {"notebook_path": path, "position_index": index}
            return [
                await agent.code("modify_notebook_cells", **change, operation="edit_code", cell_content="changed = 1"),
                await agent.code("modify_notebook_cells", **change, operation="edit_markdown", cell_content="changed"),
                await agent.code("modify_notebook_cells", **change, operation="delete"),
            ]
        case _:
            await agent.call("get_notebook", path=path)
            return [
                await agent.code(
                    "batch_update_notebook_cells",
                    path=path,
                    cell_ids=[cell],
                    updates=[{"source": "changed = 1"}],
                    exec=False,
                ),
                await agent.code("batch_delete_notebook_cells", path=path, cell_ids=[cell]),
                await agent.code("batch_delete_notebook_cells", path=path, start_index=index, end_index=index + 1),
            ]
