"""Checks that an agent asks for: of the notebook that it names, by the rules of a run, and answered once judged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from ltt_collab.demo.kernel import running_kernel
from ltt_collab.model.ids import KernelId
from ltt_collab.ports.kernels import Limits, Printed
from tests.integration.mcp.test_scopes import token_of
from tests.support.courses import REFERENCE
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.learner import Learner, present
from tests.support.mcp_agent import Agent, Seat, Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

CARELESS = "def mean(numbers):\n    return sum(numbers) / len(numbers)"
TASK = "/api/v1/courses/basics/tasks/mean"


def work_cell(cell_id: str, source: str = CARELESS) -> dict[str, Any]:
    """A learner's cell of the task."""
    mark = {"ltt_task": {"course": "basics", "task": "mean", "role": "work"}}
    return code_cell(source, cell_id) | {"metadata": mark}


async def has_run(stage: Stage, seat: Seat, source: str) -> None:
    """The notebook's kernel knows that source."""
    async with agent_at(stage.service) as operator:
        assert (await operator.call("execute_code", notebook_path=seat.path, code=source))["ok"]


@asynccontextmanager
async def visit(stage: Stage, who: Seat, to: Seat, cell: str) -> AsyncIterator[None]:
    """The learner of one seat opens another's notebook too, and types there."""
    tab = Learner(stage.jupyter, to.path, "Ada")
    tab._http.cookies.update(who.learner._http.cookies)  # which the server knows people by
    async with present(tab), agent_at(stage.service) as operator:
        assert tab.username == who.learner.username
        where = {"notebook_path": to.path, "cell_id": cell}
        start = (await operator.call("read_cell", **where))["seq"]
        await tab.type(cell, " ")

        async def seen() -> bool:
            told = await operator.call("wait_for_change", **where, after=start, timeout=1)
            return tab.username in {change["author"]["username"] for change in told["changes"]}

        await eventually(seen, what=f"{tab.username} seen in {to.path}")
        yield


@asynccontextmanager
async def busy(stage: Stage, seat: Seat, until: Path) -> AsyncIterator[None]:
    """The learner's own code runs there, until that file exists."""
    kernel = await stage.kernels.connect(KernelId(seat.kernel_id))
    begun = anyio.Event()
    code = f"print('begun', flush=True)\nimport os, time\nwhile not os.path.exists({str(until)!r}): time.sleep(0.01)"

    async def run() -> None:
        async for output in kernel.execute(code, limits=Limits(seconds=60)):
            if isinstance(output, Printed):
                begun.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await begun.wait()
        yield
        until.touch()


async def acts_of(stage: Stage, name: str) -> list[dict[str, str]]:
    """What the audit has of somebody."""
    told = await stage.service.http.get("/api/v1/audit", params={"actor": name})
    return list(told.raise_for_status().json())


@pytest.mark.proves("mcp:check-where-asked")
async def test_of_a_learners_two_notebooks_of_a_task_the_named_one_is_checked(stage: Stage) -> None:
    async with (
        stage.seat(work_cell("c1"), kernel=True) as first,
        stage.seat(work_cell("d1"), kernel=True) as second,
        visit(stage, first, second, "d1"),
        agent_at(stage.service) as agent,
    ):
        await has_run(stage, first, CARELESS)
        await has_run(stage, second, REFERENCE)
        outcomes = [
            (await agent.call("run_check", notebook_path=seat.path, cell_id=cell))["verdict"]["outcome"]
            for seat, cell in ((first, "c1"), (second, "d1"), (first, "c1"))
        ]
    assert outcomes == ["failed", "passed", "failed"]


@pytest.mark.proves("mcp:check-where-asked")
async def test_a_learner_who_visits_another_is_checked_in_their_own_notebook(stage: Stage) -> None:
    async with (
        stage.seat(work_cell("b1"), name="Bob", kernel=True) as bob,
        stage.seat(work_cell("a1"), kernel=True) as ada,
    ):
        await has_run(stage, bob, REFERENCE)
        await has_run(stage, ada, CARELESS)
        token = await token_of(stage, ada, "checker-of-the-visitor")
        async with visit(stage, ada, bob, "b1"), agent_at(stage.service, token) as agent:
            told = await agent.call("run_check", notebook_path=ada.path, cell_id="a1")
            not_hers = await agent.code("run_check", notebook_path=bob.path, cell_id="b1")
            body = {"learner": ada.learner.username, "mode": "live", "idempotency_key": "visitor"}
            page = (await stage.service.http.post(f"{TASK}/validations", json=body)).json()
            params = {"learner": ada.learner.username}
            booked = (await stage.service.http.get("/api/v1/validations", params=params)).json()
    assert told["verdict"]["outcome"] == "failed"
    assert not_hers == "unknown_room"
    assert page["verdict"]["outcome"] == "failed", "the HTTP door takes the learner's own notebook too"
    assert [each["verdict"]["passed"] for each in booked] == [False, False]


@pytest.mark.proves("mcp:check-by-the-rules")
async def test_no_check_begins_while_an_instructor_pauses_the_ai(stage: Stage) -> None:
    async with stage.seat(work_cell("c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        await has_run(stage, seat, REFERENCE)
        where, http = {"notebook_path": seat.path, "cell_id": "c1"}, stage.service.http
        extent = {"learner": seat.learner.username}
        (await http.post("/api/v1/steering/orders", json={"order": "pause", **extent})).raise_for_status()
        try:
            paused = await agent.call("run_check", **where, idempotency_key="k")
        finally:
            (await http.post("/api/v1/steering/orders/lift", json=extent)).raise_for_status()
        after = await agent.call("run_check", **where, idempotency_key="k")
    assert paused["error"]["code"] == "room_read_only"
    assert "paused" in paused["error"]["detail"]
    assert after["verdict"]["passed"]


@pytest.mark.proves("mcp:check-by-the-rules")
async def test_no_check_begins_once_nobody_is_there(stage: Stage) -> None:
    async with stage.seat(work_cell("c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        await has_run(stage, seat, REFERENCE)
        where = {"notebook_path": seat.path, "cell_id": "c1"}
        assert await agent.code("run_check", **where) == ""
        seat.learner.say_goodbye()

        async def alone() -> bool:
            return await agent.code("execute_cell", **where) == "room_read_only"

        await eventually(alone, what="the empty notebook noticed")
        assert await agent.code("run_check", **where) == "room_read_only"


@pytest.mark.proves("mcp:check-by-the-rules")
async def test_no_check_begins_for_a_learner_who_sent_the_tutor_away(stage: Stage) -> None:
    async with stage.seat(work_cell("c1"), code_cell("", "word"), kernel=True) as seat:
        await has_run(stage, seat, REFERENCE)
        async with agent_at(stage.service) as agent:
            await seat.learner.type("word", "# @tutor leave\n")
            await seat.learner.run("word")

            async def gone() -> bool:
                code = await agent.code("run_check", notebook_path=seat.path, cell_id="c1")
                return code == "unknown_room"

            await eventually(gone, what="the tutor gone")


@pytest.mark.proves("mcp:audited")
async def test_a_check_is_in_the_audit_with_its_outcome_and_no_word_of_the_learners(stage: Stage) -> None:
    async with stage.seat(work_cell("c1"), kernel=True) as seat:
        await has_run(stage, seat, CARELESS)
        token = await token_of(stage, seat, "audited-checker", may_write=False)
        async with agent_at(stage.service, token) as agent:
            await agent.call("run_check", notebook_path=seat.path, cell_id="c1")
        (entry,) = await eventually(lambda: acts_of(stage, "audited-checker"))
    assert (entry["action"], entry["subject"]) == ("agent.checked", seat.learner.username)
    assert entry["detail"] == f"{seat.path}: task basics/mean, failed"


@pytest.mark.proves("mcp:check-tried-again")
async def test_a_check_that_found_the_kernel_busy_is_made_by_the_next_call_with_its_key(
    stage: Stage, tmp_path: Path
) -> None:
    async with stage.seat(work_cell("c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        await has_run(stage, seat, REFERENCE)
        where = {"notebook_path": seat.path, "cell_id": "c1", "idempotency_key": "again"}
        async with busy(stage, seat, tmp_path / "go on"):
            told = await agent.call("run_check", **where)
        judged = await eventually(lambda: _judged(agent, where))
        once_more = await agent.call("run_check", **where)
    assert (told["error"]["code"], told["verdict"]["outcome"]) == ("not_judged", "busy")
    assert judged["verdict"]["passed"]
    assert once_more["validation"] == judged["validation"]


@pytest.mark.proves("mcp:check-tried-again")
async def test_a_check_without_a_kernel_is_made_once_there_is_one(stage: Stage) -> None:
    async with stage.seat(work_cell("c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path, "cell_id": "c1", "idempotency_key": "again"}
        await stage.rest.ask("DELETE", f"api/kernels/{seat.kernel_id}")
        told = await agent.call("run_check", **where)
        async with running_kernel(stage.address, stage.rest, seat.path):
            await has_run(stage, seat, REFERENCE)
            judged = await agent.call("run_check", **where)
            anew = await stage.kernels.kernel_of(seat.path)
            assert anew is not None
            await stage.rest.ask("DELETE", f"api/kernels/{anew.id}")
    assert (told["error"]["code"], told["verdict"]["outcome"]) == ("not_judged", "no_kernel")
    assert "run the notebook's cells" in told["error"]["detail"]
    assert judged["verdict"]["passed"]


async def _judged(agent: Agent, where: dict[str, str]) -> dict[str, Any]:
    """The answer, once the learner's code has ended for the kernel too."""
    told = await agent.call("run_check", **where)
    return told if "error" not in told else {}
