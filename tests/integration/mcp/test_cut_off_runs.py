"""Agents' runs whose room, or whose service, goes away in their midst: the learner sees all of it, and its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.demo.kernel import running_kernel
from ltt_collab.peer.cut_off_runs import BETWEEN
from tests.integration.mcp.conftest import SETTINGS
from tests.integration.mcp.test_runs import LONG, begun, text_of, until
from tests.integration.mcp.test_stdio import running_ltt_mcp
from tests.support.deadlines import eventually
from tests.support.fault_proxy import FaultProxy, running_fault_proxy
from tests.support.jupyter import Jupyter, code_cell
from tests.support.learner import Learner, learner_in
from tests.support.mcp_agent import agent_at
from tests.support.service import Service, running_service

pytestmark = pytest.mark.jupyter

ROOM = "/api/collaboration/room/"


@dataclass
class Bench:
    """A notebook with a kernel, on a server that our service reaches by a line that can fail."""

    jupyter: Jupyter
    proxy: FaultProxy
    home: Path

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Service]:
        """The service, in the room."""
        async with running_service(self.jupyter, self.home, settings=SETTINGS, jupyter_url=self.proxy.url) as service:
            await service.room("a.ipynb")
            yield service

    @asynccontextmanager
    async def learner(self, service: Service) -> AsyncIterator[Learner]:
        """Somebody who comes into the room, and whom the service has seen."""
        async with learner_in(self.jupyter, "a.ipynb") as learner:

            async def seen() -> bool:
                return bool((await service.room("a.ipynb"))["learner"] == learner.username)

            await eventually(seen)
            yield learner


@asynccontextmanager
async def a_bench(jupyter: Jupyter, home: Path) -> AsyncIterator[Bench]:
    jupyter.write_notebook("a.ipynb", code_cell("x = 1", "c1"))
    address = JupyterAddress.parse(jupyter.url, jupyter.token)
    rest = RestClient(address, None)
    async with running_kernel(address, rest, "a.ipynb"), running_fault_proxy(jupyter.port) as proxy:
        yield Bench(jupyter, proxy, home / "service")
    await rest.aclose()


@pytest.mark.proves("mcp:run-shown-to-its-end")
async def test_what_a_run_printed_while_its_room_was_away_is_shown_once_and_so_is_its_end(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    wish = {"notebook_path": "a.ipynb", "execute": True, "timeout": LONG}
    answers: list[dict[str, Any]] = []
    async with (
        a_bench(jupyter, tmp_path) as bench,
        bench.service() as service,
        bench.learner(service) as learner,
        agent_at(service) as agent,
    ):

        async def run() -> None:
            answers.append(await agent.call("insert_cell", **wish, source=f"{until(flag)}\nprint('ended')"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await begun(flag)
            await eventually(lambda: "begun" in shown(learner))
            after = (await service.rooms())[0]["last_seq"]
            assert bench.proxy.reset(ROOM)
            flag.touch()
        await eventually(lambda: state(learner) == "idle", within=LONG)
        assert (await service.rooms())[0]["last_seq"] > after, "the room was joined anew"
        assert answers[0]["output"] == "begun\nended\n"
        await eventually(lambda: shown(learner) == "begun\nended\n")
        assert learner.own_sources() == ["x = 1"]


@pytest.mark.proves("mcp:run-shown-to-its-end")
@pytest.mark.soak
async def test_a_run_whose_service_was_killed_is_shown_as_running_while_it_runs_and_no_longer(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    wish: dict[str, Any] = {"notebook_path": "a.ipynb", "execute": True, "timeout": LONG, "source": until(flag)}
    answers: list[dict[str, Any]] = []
    async with a_bench(jupyter, tmp_path) as bench, AsyncExitStack() as seats:
        async with bench.service() as service:
            learner = await seats.enter_async_context(bench.learner(service))
            given = {"LTT_SERVICE_URL": service.url, "LTT_API_TOKEN": service.token}
            with running_ltt_mcp(tmp_path, **given) as agent:
                agent.introduce()
                async with anyio.create_task_group() as tasks:

                    async def run() -> None:
                        answers.append(await agent.call("insert_cell", **wish))

                    tasks.start_soon(run)
                    await begun(flag)
                    await eventually(lambda: "begun" in shown(learner))
                    service.process.kill()
        assert answers[0]["isError"]
        assert "may have been carried out" in answers[0]["content"][0]["text"]
        async with bench.service():
            await anyio.sleep(2 * BETWEEN)
            assert state(learner) == "running", "its kernel is busy with it"
            flag.touch()
            await eventually(lambda: state(learner) == "idle", within=LONG)
        assert shown(learner) == "begun\n"
        assert learner.own_sources() == ["x = 1"]


def state(learner: Learner) -> str:
    """Whether the agent's cell shows a run."""
    return str(learner.cell(learner.ids()[1])["execution_state"])


def shown(learner: Learner) -> str:
    """What the agent's cell shows the learner."""
    if len(learner.ids()) < 2:
        return ""
    return text_of([output.to_py() for output in learner.cell(learner.ids()[1])["outputs"]])
