"""What agents write and propose: whole, in its place, once, and in the audit, whatever happens at the same moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from tests.integration.mcp.test_scopes import token_of
from tests.integration.mcp.test_task_tools import WORK, read, work_cell
from tests.support.courses import REFERENCE
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Agent, Seat, Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

PIECES = ("return sum(numbers)", "/ len(numbers)")
"""A line of the solution of the task ``mean``; neither half gives it away alone."""

SAID = "Look at the first line again, slowly, and then at what it does to each of the numbers that come after it. "

LONG = "".join(f"total_{number} = price_{number} * amount_{number}  # of the list above\n" for number in range(90))
"""A cell longer than any note: more than 160 words, more than 1,200 characters."""


@asynccontextmanager
async def tutor_typing(stage: Stage, seat: Seat, below: str) -> AsyncIterator[None]:
    """Have us type a long note: for more than a second whatever else is to be written waits for it."""

    async def say() -> None:
        body = {"cell_id": below, "text": SAID * 9}
        said = await stage.service.http.post(f"/api/v1/rooms/{seat.room}/whispers", json=body)
        assert said.is_success, said.text

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(say)
        await eventually(lambda: seat.learner.notes("whisper"), what="the first letters of the note")
        yield


@pytest.mark.proves("mcp:leak-gate")
@pytest.mark.parametrize("pieces", [PIECES, PIECES[::-1]], ids=["downwards", "upwards"])
async def test_a_solution_in_pieces_wherever_they_go_is_one_too(stage: Stage, pieces: tuple[str, str]) -> None:
    upwards = pieces != PIECES
    async with stage.seat(work_cell(WORK, "c1")) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path}
        first = await agent.call("insert_cell", **where, source=pieces[0], cell_id="c1")
        codes = [
            await agent.code("insert_cell", **where, source=pieces[1], cell_id="c1" if upwards else first["cell_id"]),
            await agent.code("insert_cell", **where, source=pieces[1], cell_index=1 if upwards else 2),
        ]
        await eventually(lambda: seat.learner.sources() == [WORK, pieces[0]])
    assert codes == ["leak", "leak"]


@pytest.mark.proves("mcp:leak-gate")
async def test_a_cell_may_be_written_anew_and_its_old_text_does_not_count(stage: Stage) -> None:
    async with stage.seat(work_cell(WORK, "c1")) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path}
        made = await agent.call("insert_cell", **where, source=PIECES[0], cell_id="c1")
        own = {"cell_id": made["cell_id"], "expected_hash": made["hash"]}
        assert await agent.code("edit_cell", **where, **own, source="\n".join(PIECES)) == "leak"
        await agent.call("edit_cell", **where, **own, source=PIECES[1])
        await eventually(lambda: seat.learner.sources() == [WORK, PIECES[1]])


@pytest.mark.proves("mcp:leak-gate")
@pytest.mark.parametrize("tool", ["insert_cell", "propose_edit"])
async def test_pieces_of_a_solution_that_come_at_the_same_moment_see_each_other(stage: Stage, tool: str) -> None:
    async with (
        stage.seat(work_cell(WORK, "c1"), code_cell("x = 1", "c2")) as seat,
        agent_at(stage.service) as agent,
        agent_at(stage.service) as other,
    ):
        codes: list[str] = []
        seen = await read(agent, seat, "c1")
        where = {"notebook_path": seat.path, "cell_id": "c1", "expected_hash": seen["hash"]}

        async def write(at: Agent, tool: str, source: str) -> None:
            codes.append(await at.code(tool, **where, source=source))

        async with tutor_typing(stage, seat, "c2"), anyio.create_task_group() as tasks:
            tasks.start_soon(write, agent, tool, PIECES[0])
            tasks.start_soon(write, other, "insert_cell", PIECES[1])
        standing = [source for source in seat.learner.sources() if source in PIECES]
    assert sorted(codes) == ["", "leak"]
    assert len(standing) == 1


@pytest.mark.proves("mcp:leak-gate")
@pytest.mark.parametrize("about", ["c1", "c2"])
async def test_a_proposal_is_no_missing_piece_of_what_its_agent_wrote(stage: Stage, about: str) -> None:
    async with (
        stage.seat(work_cell(WORK, "c1"), code_cell("x = 1", "c2")) as seat,
        agent_at(stage.service) as agent,
    ):
        where = {"notebook_path": seat.path}
        wish = {"cell_id": about, "expected_hash": (await read(agent, seat, about))["hash"], "source": PIECES[1]}
        await agent.call("insert_cell", **where, source=PIECES[0], cell_id="c1")
        assert await agent.code("propose_edit", **where, **wish) == "leak"
        await eventually(lambda: seat.learner.sources() == [WORK, PIECES[0], "x = 1"])


@pytest.mark.proves("mcp:leak-gate")
async def test_proposals_about_two_cells_are_no_solution_together(stage: Stage) -> None:
    async with (
        stage.seat(work_cell(WORK, "c1"), code_cell("x = 1", "c2")) as seat,
        agent_at(stage.service) as agent,
    ):
        codes = []
        for cell, piece in zip(("c1", "c2"), PIECES, strict=True):
            seen = await read(agent, seat, cell)
            wish = {"cell_id": cell, "expected_hash": seen["hash"], "source": piece}
            codes.append(await agent.code("propose_edit", notebook_path=seat.path, **wish))
    assert codes == ["", "leak"]


@pytest.mark.proves("mcp:leak-gate")
@pytest.mark.parametrize("tool", ["insert_cell", "propose_edit", "edit_cell"])
async def test_what_an_agent_wrote_into_a_learners_cell_is_a_piece_too(allowing_stage: Stage, tool: str) -> None:
    async with (
        allowing_stage.seat(work_cell(WORK, "c1"), code_cell("x = 1", "c2")) as seat,
        agent_at(allowing_stage.service) as agent,
    ):
        where = {"notebook_path": seat.path}
        first = {"cell_id": "c2", "expected_hash": (await read(agent, seat, "c2"))["hash"], "source": PIECES[0]}
        assert await agent.code("edit_cell", **where, **first) == ""
        seen = await read(agent, seat, "c2" if tool != "edit_cell" else "c1")
        then = {"cell_id": seen["cell_id"], "expected_hash": seen["hash"], "source": PIECES[1]}
        assert await agent.code(tool, **where, **then) == "leak"
        await eventually(lambda: seat.learner.sources() == [WORK, PIECES[0]])


@pytest.mark.proves("mcp:in-its-place")
@pytest.mark.parametrize("tool", ["insert_cell", "propose_edit"])
async def test_a_cell_stands_where_it_was_wished_though_the_learner_inserts_above_meanwhile(
    stage: Stage, tool: str
) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1"), code_cell("y = 2", "c2"), code_cell("z = 3", "c3")) as seat,
        agent_at(stage.service) as agent,
    ):
        seen, page, answered = await read(agent, seat, "c2"), seat.learner.notebook, anyio.Event()
        where = {"notebook_path": seat.path, "cell_id": "c2", "expected_hash": seen["hash"]}

        async def write() -> None:
            await agent.call(tool, **where, source="y = 22")
            answered.set()

        async with tutor_typing(stage, seat, "c3"), anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            while not answered.is_set():  # some of these fall into the time in which the write waits
                page.ycells.insert(0, page.create_ycell(code_cell("mine = 1", f"m{len(page.ycells)}")))
                await anyio.sleep(0.05)
        await eventually(lambda: "y = 22" in seat.learner.sources())
        ids, at = seat.learner.ids(), seat.learner.sources().index("y = 22")
        assert ids.index("c2") == at - 1
        assert ids[0].startswith("m")


@pytest.mark.proves("mcp:conflict")
async def test_who_reads_again_after_a_conflict_may_come_back_with_the_same_key(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        wish = {"notebook_path": seat.path, "cell_id": "c1", "source": "x = 2", "idempotency_key": "k1"}
        seen = await read(agent, seat, "c1")
        await seat.learner.type("c1", "0")

        async def read_again() -> str:
            now = str((await read(agent, seat, "c1"))["hash"])
            return now if now != seen["hash"] else ""

        now = await eventually(read_again)
        stale = await agent.call("propose_edit", **wish, expected_hash=seen["hash"])
        shown = await agent.call("propose_edit", **wish, expected_hash=now)
        again = await agent.call("propose_edit", **wish, expected_hash=now)
        await eventually(lambda: seat.learner.sources() == ["x = 10", "x = 2"])
    assert (stale["error"]["code"], stale["error"]["current_source"]) == ("conflict", "x = 10")
    assert shown["answer"] == "shown"
    assert again["suggestion"] == shown["suggestion"]


@pytest.mark.proves("mcp:long-proposals")
async def test_a_long_cell_is_proposed_whole_and_one_without_bounds_is_told_the_limit(stage: Stage) -> None:
    assert len(LONG) > 1_200
    async with stage.seat(code_cell(LONG, "c1")) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path, "cell_id": "c1"}
        seen = await read(agent, seat, "c1")
        where["expected_hash"] = seen["hash"]
        better = LONG.replace("price_7 *", "price_7 +")
        assert (await agent.call("propose_edit", **where, source=better))["answer"] == "shown"
        await eventually(lambda: seat.learner.sources() == [LONG, better])
        refused = await agent.call("propose_edit", **where, source="x = 1\n" * 4_000)
        (tool,) = [each for each in (await agent.client.list_tools()).tools if each.name == "propose_edit"]
    assert refused["error"]["code"] == "too_long"
    assert "20000" in refused["error"]["detail"]
    assert "20,000 characters" in str(tool.description)


@pytest.mark.proves("mcp:leak-gate")
async def test_a_solution_at_the_end_of_a_long_proposal_is_seen_and_so_is_a_piece_at_its_beginning(
    stage: Stage,
) -> None:
    async with stage.seat(work_cell(WORK, "c1")) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path, "cell_id": "c1"}
        where["expected_hash"] = (await read(agent, seat, "c1"))["hash"]
        codes = [
            await agent.code("propose_edit", **where, source=LONG + REFERENCE),
            await agent.code("propose_edit", **where, source=f"{PIECES[0]}\n{LONG}"),
            await agent.code("propose_edit", **where, source=f"{PIECES[1]}\n{LONG}"),
        ]
    assert codes == ["leak", "", ""], "far apart they are no line of the solution"


@pytest.mark.proves("mcp:audited")
async def test_a_proposal_is_in_the_audit_with_its_answer_and_no_word_of_it(stage: Stage) -> None:
    async with stage.seat(work_cell(WORK, "c1")) as seat:
        token = await token_of(stage, seat, "proposing-agent")
        async with agent_at(stage.service, token) as agent:
            where = {"notebook_path": seat.path, "cell_id": "c1"}
            where["expected_hash"] = (await read(agent, seat, "c1"))["hash"]
            await agent.call("propose_edit", **where, source="numbers = [1, 2]")
            await agent.call("propose_edit", **where, source=REFERENCE)

        async def noted() -> list[dict[str, str]]:
            found = (await stage.service.http.get("/api/v1/audit", params={"actor": "proposing-agent"})).json()
            return list(found) if len(found) == 2 else []

        entries = await eventually(noted)
    assert {(each["action"], each["subject"]) for each in entries} == {("agent.proposed", seat.learner.username)}
    assert {each["detail"] for each in entries} == {
        f"{seat.path}: cell c1, 16 characters, shown",
        f"{seat.path}: cell c1, {len(REFERENCE)} characters, rejected (leak)",
    }
