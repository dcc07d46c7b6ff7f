"""The native tools, in a real notebook with a learner in it."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Literal

import anyio
import pytest

from ltt_collab.mcp_bridge.limits import CALLS_AT_ONCE
from ltt_collab.model.ids import KernelId
from ltt_collab.ports.kernels import Limits, Printed
from tests.integration.mcp.test_scopes import token_of
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell, markdown_cell
from tests.support.mcp_agent import Agent, Stage, agent_at
from tests.support.yjs_peers import running_yjs_peers

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

KEYS = "".join(f"total_{number} = values[{number}] + 1\n" for number in range(14))


@pytest.mark.proves("mcp:reads-live")
async def test_an_agent_reads_what_the_learner_typed_a_moment_ago(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        await seat.learner.type("c1", " + 41")
        listed = (await agent.call("list_notebooks"))["notebooks"]

        async def read() -> bool:
            return bool(
                (await agent.call("read_cell", notebook_path=seat.path, cell_id="c1"))["source"] == "x = 1 + 41"
            )

        assert await eventually(read)
        cells = (await agent.call("list_cells", notebook_path=seat.path))["cells"]
        assert [(cell["cell_id"], cell["owner"]) for cell in cells] == [("c1", "learner")]
    assert seat.path in [each["notebook_path"] for each in listed]


@pytest.mark.proves("mcp:idempotent")
async def test_a_cell_of_the_agents_appears_with_its_name_and_a_retry_writes_no_second_one(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        wish = {"notebook_path": seat.path, "source": "y = 2", "cell_id": "c1", "idempotency_key": "k1"}
        first = await agent.call("insert_cell", **wish)
        async with agent_at(stage.service) as another_session:
            again = await another_session.call("insert_cell", **wish)
        await eventually(lambda: len(seat.learner.ids()) == 2)
        assert seat.learner.ids() == ["c1", first["cell_id"]]
        assert seat.learner.notes("proposal")[0]["author"] == "service"
        assert again["cell_id"] == first["cell_id"]


@pytest.mark.proves("mcp:idempotent")
async def test_a_key_holds_for_one_notebook(stage: Stage) -> None:
    first, second = code_cell("x = 1", "c1"), code_cell("x = 1", "d1")
    async with stage.seat(first) as one, stage.seat(second) as other, agent_at(stage.service) as agent:
        made = [
            await agent.call("insert_cell", notebook_path=seat.path, source="y = 2", idempotency_key="1")
            for seat in (one, other)
        ]
        await eventually(lambda: one.learner.ids() == ["c1", made[0]["cell_id"]])
        await eventually(lambda: other.learner.ids() == ["d1", made[1]["cell_id"]])


@pytest.mark.proves("mcp:conflict")
async def test_a_stale_write_is_a_conflict_with_the_current_source_and_writes_nothing(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        seen = await agent.call("read_cell", notebook_path=seat.path, cell_id="c1")
        await seat.learner.type("c1", "0")

        async def hash_changed() -> bool:
            return bool((await agent.call("read_cell", notebook_path=seat.path, cell_id="c1"))["hash"] != seen["hash"])

        await eventually(hash_changed)
        for tool in ("insert_cell", "propose_edit"):
            stale = await agent.call(
                tool, notebook_path=seat.path, cell_id="c1", expected_hash=seen["hash"], source="y = 2"
            )
            assert stale["error"]["code"] == "conflict"
            assert stale["error"]["current_source"] == "x = 10"
        assert seat.learner.sources() == ["x = 10"]


@pytest.mark.proves("mcp:learner-cells")
async def test_a_learners_cell_is_changed_by_proposal_only(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path, "cell_id": "c1"}
        seen = await agent.call("read_cell", **where)
        wish = where | {"source": "x = 2", "expected_hash": seen["hash"]}
        assert await agent.code("edit_cell", **wish) == "not_ours"
        assert await agent.code("edit_cell", **where, delete=True, expected_hash=seen["hash"]) == "not_ours"
        assert (await agent.call("propose_edit", **wish))["answer"] == "shown"
        await eventually(lambda: seat.learner.sources() == ["x = 1", "x = 2"])
        assert seat.learner.notes("proposal")[0]["about"] == "c1"


@pytest.mark.proves("mcp:undo")
async def test_undo_takes_back_what_only_the_agent_wrote(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        kept = await agent.call("insert_cell", notebook_path=seat.path, source="a = 1")
        edited = await agent.call("insert_cell", notebook_path=seat.path, source="b = 1")
        await agent.call(
            "edit_cell",
            notebook_path=seat.path,
            cell_id=edited["cell_id"],
            source="b = 2",
            expected_hash=edited["hash"],
        )
        one = await agent.call("undo_my_writes", notebook_path=seat.path, most=1)
        await eventually(lambda: seat.learner.sources() == ["x = 1", "a = 1", "b = 1"])
        await seat.learner.type(kept["cell_id"], "0")

        async def read() -> bool:
            cell = await agent.call("read_cell", notebook_path=seat.path, cell_id=kept["cell_id"])
            return bool(cell["source"] == "a = 10")

        await eventually(read)
        await agent.call("undo_my_writes", notebook_path=seat.path)
        await eventually(lambda: seat.learner.sources() == ["x = 1", "a = 10"], what="the learner's letters stay")
        assert one["undone"] == [edited["cell_id"]]


@pytest.mark.proves("mcp:race")
async def test_300_keys_arrive_exactly_while_an_agent_writes_around_them(stage: Stage) -> None:
    assert len(KEYS) >= 300
    async with stage.seat(code_cell("", "c1"), markdown_cell("# end", "m1")) as seat, agent_at(stage.service) as agent:
        with running_yjs_peers() as node:
            browser = node.open("browser")
            browser.apply(seat.learner.doc.get_update())
            typed = anyio.Event()
            acts = 0

            async def act() -> None:
                nonlocal acts
                while not typed.is_set():
                    made = await agent.call("insert_cell", notebook_path=seat.path, cell_id="c1", source="n = 1")
                    where = {"notebook_path": seat.path, "cell_id": made["cell_id"]}
                    await agent.call("edit_cell", **where, source="n = 22", expected_hash=made["hash"])
                    await agent.call("undo_my_writes", notebook_path=seat.path)
                    acts += 1

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(act)
                for at, key in enumerate(KEYS):
                    browser.ask("insert", cell="c1", index=at, text=key)
                    for update in browser.take_outbox():
                        seat.learner.doc.apply_update(update)
                    if at % 10 == 0:
                        browser.apply(seat.learner.doc.get_update())
                    await anyio.sleep(0.005)
                typed.set()
            await agent.call("undo_my_writes", notebook_path=seat.path)

            async def read() -> bool:
                return bool((await agent.call("read_cell", notebook_path=seat.path, cell_id="c1"))["source"] == KEYS)

            await eventually(read, what="every key at the tutor")
            browser.apply(seat.learner.doc.get_update())
            assert browser.sources()["c1"] == KEYS
            assert acts >= 3


@pytest.mark.proves("mcp:runs-shown")
async def test_a_cell_that_an_agent_runs_shows_its_outputs_to_the_learner(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        source = "print('hello')\n6 * 7"
        ran = await agent.call("insert_cell", notebook_path=seat.path, source=source, execute=True)
        assert (ran["ok"], ran["output"].split()) == (True, ["hello", "42"])
        await eventually(lambda: ran["cell_id"] in seat.learner.ids())
        cell = seat.learner.cell(ran["cell_id"])
        await eventually(lambda: cell["execution_state"] == "idle" and len(cell["outputs"]) == 2)
        outputs = [output.to_py() for output in cell["outputs"]]
        assert outputs[0]["text"] == "hello\n"
        assert outputs[1]["data"]["text/plain"] == "42"
        raised = await agent.call("execute_code", notebook_path=seat.path, code="1 / 0")
        assert raised["raised"]["name"] == "ZeroDivisionError"


@pytest.mark.proves("mcp:no-cell-left-behind")
async def test_a_cell_that_cannot_run_is_not_left_behind(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        assert await agent.code("insert_cell", notebook_path=seat.path, source="1", execute=True) == "no_kernel"
        assert (await agent.call("kernel", notebook_path=seat.path))["kernel"] is None
        assert seat.learner.ids() == ["c1"]


@pytest.mark.proves("mcp:progress")
@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_what_a_run_prints_is_told_while_it_runs(
    stage: Stage, tmp_path: Path, mode: Literal["legacy", "auto"]
) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service, mode=mode) as agent:
        heard: list[str] = []
        go_on = tmp_path / "go-on"

        async def heard_of(progress: float, total: float | None, message: str | None) -> None:
            heard.append(message or "")
            go_on.touch()

        code = (
            "import pathlib, time\nprint('begun', flush=True)\n"
            f"while not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.02)\nprint('done')"
        )
        wish = {"notebook_path": seat.path, "code": code, "timeout": 60}
        ran = await agent.client.call_tool("execute_code", wish, progress_callback=heard_of)
    assert "begun" in heard[0], "it would have waited for ever"
    assert (ran.structured_content or {})["output"].split() == ["begun", "done"]


@pytest.mark.proves("mcp:time-out")
async def test_a_run_that_takes_too_long_is_interrupted_and_the_next_one_begins_at_once(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        endless = "print('begun', flush=True)\nwhile True: pass"
        late = await agent.call("execute_code", notebook_path=seat.path, code=endless, timeout=0.7)
        began = time.monotonic()
        after = await agent.call("execute_code", notebook_path=seat.path, code="'next'")
        assert time.monotonic() - began < 10.0, (
            "at once, on however busy a machine; it would wait 30 s for a busy kernel"
        )
    assert late["error"]["code"] == "kernel_timeout"
    assert "begun" in late["output"]
    assert "next" in after["output"]


@pytest.mark.proves("mcp:turns")
async def test_an_agents_run_waits_for_the_learners_and_interrupts_nothing(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path}
        kernel = await stage.kernels.connect(KernelId(seat.kernel_id))
        begun = anyio.Event()

        async def learner_runs() -> None:
            code = "print('begun', flush=True)\nimport time; time.sleep(1.5)\nmine = 'done'"
            async for output in kernel.execute(code, limits=Limits(seconds=30)):
                if isinstance(output, Printed):
                    begun.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(learner_runs)
            await begun.wait()
            impatient = await agent.code("execute_code", **where, code="mine = 'lost'", timeout=0.3)
            patient = await agent.call("execute_code", **where, code="print(mine)")
    assert impatient == "kernel_busy"
    assert patient["output"] == "done\n"


@pytest.mark.alone
@pytest.mark.proves("mcp:kernel-death")
async def test_a_kernels_death_is_known_within_two_seconds_and_no_other_takes_its_place(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        await agent.call("execute_code", notebook_path=seat.path, code="import os, signal, time")
        suicide = (
            "time.sleep(0.3); print(time.time(), flush=True); time.sleep(0.3); os.kill(os.getpid(), signal.SIGKILL)"
        )
        before = {info.id for info in await stage.kernels.kernels()}
        died = await agent.call("execute_code", notebook_path=seat.path, code=suicide, timeout=20)
        known = time.time()
        assert died["error"]["code"] == "kernel_died", died
        assert known - float(died["output"].split()[0]) - 0.3 <= 2.5  # 2 s, and what a busy machine takes to say it
        assert {info.id for info in await stage.kernels.kernels()} <= before


@pytest.mark.proves("mcp:waits-for-change")
async def test_a_change_is_told_with_its_cell_kind_and_author(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        seen = await agent.call("read_cell", notebook_path=seat.path, cell_id="c1")
        await seat.learner.type("c1", "2")
        told = await agent.call("wait_for_change", notebook_path=seat.path, after=seen["seq"], cell_id="c1", timeout=5)
        quiet = await agent.call("wait_for_change", notebook_path=seat.path, cell_id="none", timeout=0.2)
    change = told["changes"][0]
    assert (change["kind"], change["cell_id"], change["author"]["kind"]) == ("source_edited", "c1", "learner")
    assert change["author"]["username"] == seat.learner.username
    assert quiet["timed_out"]


@pytest.mark.proves("mcp:rate-limit")
async def test_who_waits_too_often_at_once_is_told_so_and_others_are_not_kept_out(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        token = await token_of(stage, seat, "patient")
        codes: list[str] = []
        async with (
            agent_at(stage.service, token) as patient,
            agent_at(stage.service, token) as another,  # one HTTP client opens no more than a hundred connections
            anyio.create_task_group() as tasks,
        ):

            async def waits(client: Agent) -> None:
                wish = {"notebook_path": seat.path, "cell_id": "none", "timeout": 300}
                codes.append(await client.code("wait_for_change", **wish))

            for number in range(CALLS_AT_ONCE + 1):
                tasks.start_soon(waits, another if number % 2 else patient)
            await eventually(lambda: codes, within=60)
            assert codes == ["rate_limited"]
            assert await patient.code("list_notebooks") == "rate_limited"
            assert await agent.code("list_notebooks") == ""
            tasks.cancel_scope.cancel()

        async def free_again() -> bool:
            async with agent_at(stage.service, token) as patient:
                return not await patient.code("list_notebooks")

        assert await eventually(free_again, what="those that left wait no more")


@pytest.mark.proves("mcp:no-cross-talk")
@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_two_clients_of_one_token_on_two_notebooks_never_meet(
    stage: Stage, mode: Literal["legacy", "auto"]
) -> None:
    async with (
        stage.seat(code_cell("mine = 1", "c1")) as one,
        stage.seat(code_cell("yours = 1", "c1"), name="Bob") as other,
        agent_at(stage.service, query="?compat=jupyter-mcp-server", mode=mode) as first,
        agent_at(stage.service, query="?compat=jupyter-mcp-server", mode=mode) as second,
    ):
        await first.call("use_notebook", notebook_name="nb", notebook_path=one.path)
        await second.call("use_notebook", notebook_name="nb", notebook_path=other.path)
        async with anyio.create_task_group() as tasks:
            for agent, text in ((first, "a"), (second, "b")):
                for at in range(5):
                    wish = {"cell_index": -1, "cell_type": "code", "cell_source": f"{text}{at} = 0"}
                    tasks.start_soon(partial(agent.call, "insert_cell", **wish))
        await eventually(lambda: len(one.learner.ids()) == len(other.learner.ids()) == 6)
        assert {source[0] for source in one.learner.sources()} == {"m", "a"}
        assert {source[0] for source in other.learner.sources()} == {"y", "b"}


@pytest.mark.proves("mcp:no-cross-talk")
async def test_what_one_client_has_read_is_no_other_clients_precondition(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1")) as seat,
        agent_at(stage.service) as reader,  # of the newer protocol, which has no sessions
        agent_at(stage.service) as writer,
    ):
        where = {"notebook_path": seat.path, "cell_id": "c1"}
        seen = await reader.call("read_cell", **where)
        blind = await writer.call("propose_edit", **where, source="x = 2")
        assert "expected_hash" in blind["error"]["detail"]
        assert seat.learner.sources() == ["x = 1"]
        given = await writer.call("propose_edit", **where, source="x = 2", expected_hash=seen["hash"])
    assert given["answer"] == "shown"


@pytest.mark.proves("mcp:idempotent")
async def test_a_key_holds_for_a_room_however_it_is_named(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        wish = {"notebook_path": seat.path, "code": "print('ran')", "idempotency_key": "1"}
        first = await agent.call("execute_code", **wish)
        by_id = await agent.call("execute_code", **wish | {"notebook_path": seat.room, "code": "print('again')"})
    assert first["output"] == by_id["output"] == "ran\n"


@pytest.mark.proves("mcp:point")
async def test_pointing_selects_a_line_and_changes_no_letter(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1\ny = 2", "c1")) as seat, agent_at(stage.service) as agent:
        await agent.call("point_at", notebook_path=seat.path, cell_id="c1", line=2)
        await eventually(lambda: (seat.learner.tutor() or {}).get("cursors"))
        assert seat.learner.sources() == ["x = 1\ny = 2"]


async def test_a_wrong_argument_is_named_with_what_to_do(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path}
        typo = await agent.call("read_cell", **where, cel_id="c1")
        gone = await agent.call("read_cell", **where, cell_id="gone")
        blind = await agent.call("edit_cell", **where, cell_id="c1", source="x")
        assert "cel_id" in typo["error"]["detail"]
        assert "cell_id" in typo["error"]["detail"]
        assert gone["error"]["code"] == "unknown_cell"
        assert "expected_hash" in blind["error"]["detail"]
        assert await agent.code("read_cell", notebook_path="nowhere.ipynb") == "unknown_room"
        assert await agent.code("no_such_tool") == "unknown_tool"


async def test_long_output_is_cut_with_a_mark_and_an_image_comes_as_one(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat, agent_at(stage.service) as agent:
        where = {"notebook_path": seat.path}
        long = await agent.call("execute_code", **where, code="print('x' * 5000 + 'end')", max_output_chars=200)
        pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        code = f"from IPython.display import display\ndisplay({{'image/png': '{pixel}'}}, raw=True)"
        shown = await agent.client.call_tool("execute_code", {**where, "code": code})
    assert long["truncated"]
    assert "characters cut" in long["output"]
    assert long["output"].endswith("end\n")
    assert [each.type for each in shown.content] == ["image"]
