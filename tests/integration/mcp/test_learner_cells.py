"""Where the operator lets agents edit learners' cells: what a learner typed is never taken back with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.learner import Learner
from tests.support.mcp_agent import Agent, Seat, Stage, agent_at
from tests.support.yjs_peers import YjsPeer, running_yjs_peers

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]


def typed_by(browser: YjsPeer, learner: Learner) -> Callable[[int, str], None]:
    """Typing in a page: what Yjs makes of it goes to the room as it is."""

    def typed(index: int, text: str) -> None:
        browser.apply(learner.doc.get_update())
        browser.ask("insert", cell="c1", index=index, text=text)
        for update in browser.take_outbox():
            learner.doc.apply_update(update)

    return typed


async def edited(agent: Agent, seat: Seat, source: str) -> None:
    where = {"notebook_path": seat.path, "cell_id": "c1"}
    seen = await agent.call("read_cell", **where)
    await agent.call("edit_cell", **where, source=source, expected_hash=seen["hash"])
    await eventually(lambda: seat.learner.source("c1") == source)


@pytest.mark.proves("mcp:undo-keeps-learner-text")
async def test_undo_leaves_a_learners_cell_alone_in_which_they_typed_since(allowing_stage: Stage) -> None:
    async with allowing_stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(allowing_stage.service) as agent:
        with running_yjs_peers() as node:
            browser = node.open("browser")
            await edited(agent, seat, "x = 2")
            typed_by(browser, seat.learner)(5, "34  # my own")

            async def read() -> bool:
                cell = await agent.call("read_cell", notebook_path=seat.path, cell_id="c1")
                return bool(cell["source"] == "x = 234  # my own")

            await eventually(read, what="what the learner typed at the tutor")
            undone = (await agent.call("undo_my_writes", notebook_path=seat.path))["undone"]
            browser.apply(seat.learner.doc.get_update())
            assert browser.sources()["c1"] == "x = 234  # my own"
    assert undone == []


@pytest.mark.proves("mcp:undo")
async def test_undo_gives_a_learners_cell_its_text_back_step_by_step(allowing_stage: Stage) -> None:
    async with allowing_stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(allowing_stage.service) as agent:
        await edited(agent, seat, "x = 2")
        await edited(agent, seat, "y = 3")
        assert (await agent.call("undo_my_writes", notebook_path=seat.path))["undone"] == ["c1", "c1"]
        await eventually(lambda: seat.learner.source("c1") == "x = 1")


@pytest.mark.proves("mcp:by-index-conflict")
async def test_writing_elsewhere_is_no_reading_of_what_a_learner_typed_meanwhile(allowing_stage: Stage) -> None:
    stage = allowing_stage
    async with (
        stage.seat(code_cell("x = 1", "c1")) as seat,
        agent_at(stage.service, query="?compat=jupyter-mcp-server", mode="legacy") as agent,
        agent_at(stage.service) as onlooker,
    ):
        await agent.text("use_notebook", notebook_name="nb", notebook_path=seat.path)
        with running_yjs_peers() as node:
            browser = node.open("browser")
            typed_by(browser, seat.learner)(5, "00  # mine")

            async def read() -> bool:
                cell = await onlooker.call("read_cell", notebook_path=seat.path, cell_id="c1")
                return bool(cell["source"] == "x = 100  # mine")

            await eventually(read, what="what the learner typed at the tutor")
            await agent.text("insert_cell", cell_index=-1, cell_type="code", cell_source="y = 2")
            await agent.text("overwrite_cell_source", cell_index=1, cell_source="y = 3")
            for which in ({"cell_index": 0}, {"cell_index": 0, "cell_id": "c1"}):
                wish = {**which, "cell_source": "x = 0"}
                assert await agent.code("overwrite_cell_source", **wish) == "conflict"
            await eventually(lambda: seat.learner.sources() == ["x = 100  # mine", "y = 3"])
            browser.apply(seat.learner.doc.get_update())
            assert browser.sources()["c1"] == "x = 100  # mine"
        await agent.text("read_cell", cell_index=0)
        await agent.text("overwrite_cell_source", cell_index=0, cell_source="x = 0")
        await eventually(lambda: seat.learner.source("c1") == "x = 0", what="the write of who has read it")
