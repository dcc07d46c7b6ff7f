"""Runs of agents: they wait in turn, end in time, happen once, and show learners what learners may see."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from jupyter_ydoc import YNotebook

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.demo.kernel import running_kernel
from ltt_collab.peer.run_shown import SHOWN_CHARACTERS
from tests.integration.mcp.conftest import SETTINGS, running_stage
from tests.integration.mcp.test_scopes import token_of
from tests.integration.mcp.test_task_tools import WORK, work_cell
from tests.support.courses import REFERENCE
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell, running_jupyter
from tests.support.learner import learner_in
from tests.support.mcp_agent import Agent, Seat, Stage, agent_at
from tests.support.service import running_service

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

LONG = 60.0
"""Seconds that end only a test that would wait for ever."""


def once(log: Path) -> str:
    """Code that leaves a line for each time that it runs."""
    return f"with open({str(log)!r}, 'a') as log: log.write('ran\\n')\n"


def until(flag: Path) -> str:
    """Code that says that it has begun, and goes on until the flag is there."""
    return (
        "import os, time\nprint('begun', flush=True)\n"
        f"open({str(flag) + '.begun'!r}, 'w').close()\n"
        f"while not os.path.exists({str(flag)!r}): time.sleep(0.02)"
    )


async def begun(flag: Path) -> None:
    """Return once such code runs."""
    await eventually(lambda: Path(f"{flag}.begun").exists(), within=LONG)


def text_of(outputs: list[dict[str, Any]]) -> str:
    """All text of a cell's outputs."""
    return "".join(str(each.get("text", "")) + str(each.get("data", "")) for each in outputs)


@pytest.mark.proves("mcp:run-after-restart")
async def test_an_agent_runs_code_again_at_once_after_it_restarted_the_kernel(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path}
        for number in range(3):
            ran = await agent.call("execute_code", **where, code=f"mine = {number}\nprint(mine)")
            assert ran["output"] == f"{number}\n", ran
            assert await agent.code("kernel", **where, action="restart") == ""
        gone = await agent.call("execute_code", **where, code="mine")
    assert gone["raised"]["name"] == "NameError"


@pytest.mark.proves("mcp:run-after-restart")
async def test_a_notebook_that_jupyter_mcp_servers_tools_restarted_runs_code_again(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat,
        agent_at(stage.service, query="?compat=jupyter-mcp-server", mode="legacy") as agent,
    ):
        await agent.text("use_notebook", notebook_name="nb", notebook_path=seat.path)
        first = await agent.text("execute_code", code="print('first')")
        restarted = await agent.text("restart_notebook", notebook_name="nb")
        second = await agent.text("execute_code", code="print('second')")
        inserted = await agent.text("insert_execute_code_cell", cell_index=-1, cell_source="print('third')")
    assert "restarted successfully" in restarted
    assert ("first" in first, "second" in second, "third" in inserted) == (True, True, True), (second, inserted)


@pytest.mark.proves("mcp:run-after-restart")
async def test_a_kernel_that_died_runs_code_again_once_somebody_restarted_it(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path}
        for by_agent in (True, False):
            died = await agent.code("execute_code", **where, code="import os; os.kill(os.getpid(), 9)", timeout=LONG)
            assert died == "kernel_died"
            assert await agent.code("execute_code", **where, code="1") == "kernel_died", "nobody restarted it"
            if by_agent:
                assert await agent.code("kernel", **where, action="restart") == ""
            else:
                await stage.rest.demand("POST", f"api/kernels/{seat.kernel_id}/restart")
                # The news of it comes by another way than the answer.
                await eventually(lambda: runs(agent, seat), within=LONG)
            alive = await agent.call("execute_code", **where, code="print('alive')")
            assert alive.get("output") == "alive\n", repr(alive)


async def runs(agent: Agent, seat: Seat) -> bool:
    """Whether code can be run."""
    return await agent.code("execute_code", notebook_path=seat.path, code="1") == ""


@pytest.mark.proves("mcp:turns")
async def test_an_agent_waits_behind_anothers_run_no_longer_than_its_own_time(stage: Stage, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat:
        token = await token_of(stage, seat, "second-agent")
        async with agent_at(stage.service) as first, agent_at(stage.service, token) as second:
            where = {"notebook_path": seat.path}
            answers: list[dict[str, Any]] = []

            async def run_long() -> None:
                answers.append(await first.call("execute_code", **where, code=until(flag), timeout=LONG))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(run_long)
                await begun(flag)
                with anyio.fail_after(LONG / 2):
                    busy = await second.code("execute_code", **where, code="print('lost')", timeout=0.5)
                    refused = await second.code(
                        "insert_cell", **where, source="print('lost')", execute=True, timeout=0.5
                    )
                assert not answers, "the first one's run goes on"
                flag.touch()
            assert (busy, refused) == ("kernel_busy", "kernel_busy")
            assert answers[0]["output"] == "begun\n"
            after = await second.call("execute_code", **where, code="print('next')")
            await eventually(lambda: seat.learner.ids() == ["c1"], what="no cell left behind")
    assert after["output"] == "next\n"


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a short name: the names of sockets in it must be short."""
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        yield Path(folder)


@pytest.mark.proves("mcp:scratch-bound")
@pytest.mark.soak
async def test_scratch_kernels_are_never_more_than_allowed_and_all_are_gone_afterwards(
    tmp_path: Path, short_folder: Path
) -> None:
    settings = {"TMPDIR": str(short_folder), "LTT_MCP_SCRATCH_KERNELS": "3"}
    async with running_stage(tmp_path, **settings) as stage, stage.seat(code_cell("x = 1", "c1")) as seat:
        token = await token_of(stage, seat, "second-agent")
        async with agent_at(stage.service) as first, agent_at(stage.service, token) as second:
            wish = {"notebook_path": seat.path, "where": "scratch", "timeout": LONG}
            most = 0
            answers: list[str] = []

            async def run(agent: Agent) -> None:
                answers.append(
                    (await agent.call("execute_code", **wish, code="import time; time.sleep(0.3); 6 * 7"))["output"]
                )

            async with anyio.create_task_group() as tasks:
                for number in range(16):
                    tasks.start_soon(run, (first, second)[number % 2])
                while len(answers) < 16:
                    most = max(most, len(kernels_in(short_folder)))
                    await anyio.sleep(0.01)
            assert answers == ["42"] * 16
            assert 2 <= most <= 3 + 1, "and one that waits ready"
            await eventually(lambda: len(kernels_in(short_folder)) == 1)


@pytest.mark.proves("mcp:scratch-bound")
@pytest.mark.soak
async def test_an_agent_with_as_many_scratch_kernels_as_it_may_have_hears_so_in_time(
    tmp_path: Path, short_folder: Path
) -> None:
    settings = {"TMPDIR": str(short_folder), "LTT_MCP_SCRATCH_KERNELS": "3"}
    async with running_stage(tmp_path, **settings) as stage, stage.seat(code_cell("x = 1", "c1")) as seat:
        token = await token_of(stage, seat, "second-agent")
        async with agent_at(stage.service) as first, agent_at(stage.service, token) as second:
            wish = {"notebook_path": seat.path, "where": "scratch"}

            async def run_long() -> None:
                await first.call("execute_code", **wish, code="while True: pass", timeout=LONG)

            async with anyio.create_task_group() as tasks:
                for _ in range(2):
                    tasks.start_soon(run_long)
                await eventually(lambda: len(kernels_in(short_folder)) >= 2, within=LONG)
                with anyio.fail_after(LONG / 2):
                    refused = await first.call("execute_code", **wish, code="1", timeout=0.3)
                    other = await second.call("execute_code", **wish, code="print('mine')")
                tasks.cancel_scope.cancel()
    assert refused["error"]["code"] == "kernel_busy"
    assert "2 scratch kernels" in refused["error"]["detail"]
    assert other["output"] == "mine\n"


def kernels_in(folder: Path) -> list[Path]:
    """The sandbox's kernels, by their folders."""
    return [each for each in folder.glob("ltt-*/*") if (each / "work").is_dir()]


@pytest.mark.proves("mcp:run-once")
@pytest.mark.parametrize("end", ["while True: pass", "import os; os.kill(os.getpid(), 9)"])
async def test_a_retry_with_the_same_key_runs_nothing_twice_however_the_first_run_ended(
    stage: Stage, tmp_path: Path, end: str
) -> None:
    log = tmp_path / "log"
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        wish = {"notebook_path": seat.path, "code": once(log) + end, "timeout": 2, "idempotency_key": "k"}
        first = await agent.call("execute_code", **wish)
        if "kill" in end:
            assert await agent.code("kernel", notebook_path=seat.path, action="restart") == ""
        again = await agent.call("execute_code", **wish)
    assert first["error"]["code"] in {"kernel_timeout", "kernel_died"}
    assert again == first
    assert log.read_text() == "ran\n"


@pytest.mark.proves("mcp:run-once")
async def test_a_call_that_failed_before_its_run_began_may_be_tried_again(stage: Stage, tmp_path: Path) -> None:
    flag, log = tmp_path / "flag", tmp_path / "log"
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path}
        wish = where | {"source": once(log) + "print('ran')", "execute": True, "idempotency_key": "k"}
        async with anyio.create_task_group() as tasks:

            async def run_long() -> None:
                await agent.call("execute_code", **where, code=until(flag), timeout=LONG)

            tasks.start_soon(run_long)
            await begun(flag)
            busy = await agent.code("insert_cell", **wish, timeout=0.3)
            flag.touch()
        ran = await agent.call("insert_cell", **wish)
        await eventually(lambda: seat.learner.ids() == ["c1", ran["cell_id"]])
    assert busy == "kernel_busy"
    assert (ran["output"], ran["fresh"]) == ("ran\n", True)
    assert log.read_text() == "ran\n"


@asynccontextmanager
async def room_with_kernel(home: Path) -> AsyncIterator[Any]:
    """A Jupyter server with one notebook, its kernel and its learner; the service is the test's to start."""
    async with running_jupyter(home / "jupyter") as jupyter:
        jupyter.write_notebook("a.ipynb", code_cell("x = 1", "c1"))
        address = JupyterAddress.parse(jupyter.url, jupyter.token)
        rest = RestClient(address, None)
        async with running_kernel(address, rest, "a.ipynb"), learner_in(jupyter, "a.ipynb") as learner:
            yield jupyter, learner
        await rest.aclose()


@pytest.mark.proves("mcp:run-once")
@pytest.mark.soak
async def test_a_cell_that_ran_before_the_service_restarted_is_told_and_not_run_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with room_with_kernel(tmp_path) as (jupyter, learner):
        wish = {"notebook_path": "a.ipynb", "source": once(log) + "print('once')", "execute": True}
        wish |= {"idempotency_key": "k"}
        told = []
        for _ in range(2):
            async with running_service(jupyter, tmp_path / "service", settings=SETTINGS) as service:

                async def seen(service: Any = service) -> bool:
                    return bool((await service.room("a.ipynb"))["learner"] == learner.username)

                await eventually(seen)
                async with agent_at(service) as agent:
                    told.append(await agent.call("insert_cell", **wish))
        assert len(learner.ids()) == 2
    first, again = told
    assert log.read_text() == "ran\n"
    assert (first["fresh"], again["fresh"]) == (True, False)
    assert [again[key] for key in ("cell_id", "index", "hash")] == [first[key] for key in ("cell_id", "index", "hash")]
    assert (again["output"], again["running"]) == ("once\n", False)


@pytest.mark.proves("mcp:outputs-capped")
async def test_what_a_cell_shows_of_a_flood_is_cut_with_a_mark_whatever_the_agent_asks_for(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        # Over the cap, and under what the server lets through in its 3 s.
        source = "for _ in range(150): print('y' * 9_999)\n'the result'"
        wish = {"notebook_path": seat.path, "source": source, "execute": True, "max_output_chars": 200_000}
        ran = await agent.call("insert_cell", **wish)
        await eventually(lambda: ran["cell_id"] in seat.learner.ids())
        cell = seat.learner.cell(ran["cell_id"])
        await eventually(lambda: cell["execution_state"] == "idle" and len(cell["outputs"]) > 0, within=LONG)
        shown = text_of([output.to_py() for output in cell["outputs"]])
    assert len(shown) <= SHOWN_CHARACTERS + 300
    assert f"more than {SHOWN_CHARACTERS:,} characters" in shown
    assert ran["ok"]
    assert 190_000 < len(ran["output"]) < 210_000, "the agent's own answer keeps to its own budget"


@pytest.mark.proves("mcp:outputs-capped")
async def test_a_picture_within_the_operators_limit_reaches_the_agent_however_large(tmp_path: Path) -> None:
    async with (
        running_stage(tmp_path, LTT_MCP_IMAGE_KIB="8000") as stage,
        stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat,
        agent_at(stage.service) as agent,
    ):
        code = (
            "import base64, os\nfrom IPython.display import display\n"
            "data = base64.b64encode(b'\\x89PNG' + os.urandom(5_000_000)).decode()\n"
            "display({'image/png': data, 'text/plain': 'a picture'}, raw=True)"
        )
        found = await agent.client.call_tool("execute_code", {"notebook_path": seat.path, "code": code})
    pictures = [each for each in found.content if each.type == "image"]
    assert [len(each.data) > 6_000_000 for each in pictures] == [True], found.structured_content


@pytest.mark.proves("mcp:leak-gate")
async def test_no_output_of_an_agents_cell_shows_a_solution(stage: Stage) -> None:
    hidden = REFERENCE.encode().hex()
    head, tail = REFERENCE.split("    return", 1)
    async with (
        stage.seat(work_cell(WORK, "c1"), kernel=True) as seat,
        agent_at(stage.service) as agent,
    ):
        wish = {"notebook_path": seat.path, "execute": True}
        printed = await agent.call("insert_cell", **wish, source=f"print(bytes.fromhex('{hidden}').decode())")
        one_by_one = f"for line in bytes.fromhex('{hidden}').decode().splitlines(): print(line, flush=True)"
        lines = await agent.call("insert_cell", **wish, source=one_by_one)
        rich = await agent.call(
            "insert_cell",
            **wish,
            source=f"display({{'text/markdown': bytes.fromhex('{hidden}').decode()}}, raw=True)",
        )
        tags = await agent.call(
            "insert_cell",
            **wish,
            source=f"text = ''.join(f'<i>{{each}}</i>' for each in bytes.fromhex('{hidden}').decode())\n"
            "display({'text/html': f'<pre>{text}</pre>'}, raw=True)",
        )
        pieces = [
            await agent.code(
                "insert_cell", **wish, source=f"print(bytes.fromhex('{piece.encode().hex()}').decode(), end='')"
            )
            for piece in (head, f"    return{tail}")
        ]
        fine = await agent.call("insert_cell", **wish, source="print('a plan')")
        await eventually(lambda: fine["cell_id"] in seat.learner.ids())
        last = seat.learner.cell(fine["cell_id"])
        await eventually(lambda: last["execution_state"] == "idle" and len(last["outputs"]) > 0)
        everything = str(seat.learner.notebook.get())
        withheld = text_of([output.to_py() for output in seat.learner.cell(printed["cell_id"])["outputs"]])
    for told in (printed, lines, rich, tags):
        assert told["error"]["code"] == "leak", told
    assert "leak" in pieces
    assert "sum(numbers) / len(numbers)" not in everything
    assert "withheld" in withheld
    assert fine["ok"]


@pytest.mark.proves("mcp:no-cell-left-behind")
async def test_an_agent_that_may_not_run_code_never_makes_a_cell_appear(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat:
        token = await token_of(stage, seat, "writing-agent", may_execute=False)
        updates = [seat.learner.doc.get_update()]
        watched = seat.learner.doc.observe(lambda event: updates.append(event.update))
        async with agent_at(stage.service, token) as agent:
            wish = {"notebook_path": seat.path, "execute": True, "source": "y = 1"}
            code = await agent.code("insert_cell", **wish)
            made = await agent.call("insert_cell", notebook_path=seat.path, source="z = 1")
        await eventually(lambda: made["cell_id"] in seat.learner.ids())
        seat.learner.doc.unobserve(watched)
        found = (await stage.service.http.get("/api/v1/audit", params={"actor": "writing-agent"})).json()
    assert code == "forbidden"
    seen, page = [], YNotebook()
    for update in updates:  # all that the learner's page showed, one after the other
        page.ydoc.apply_update(update)
        seen.append([str(cell["id"]) for cell in page.ycells])
    assert seen[0] == ["c1"]
    assert seen[-1] == ["c1", made["cell_id"]]
    assert all(set(ids) <= {"c1", made["cell_id"]} for ids in seen)
    assert "agent.cell_deleted" not in {each["action"] for each in found}
