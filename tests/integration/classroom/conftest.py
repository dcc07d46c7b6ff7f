"""One real server and one sandbox, shared by all tests here, on the loop that the service runs on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import uvloop

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.files import JupyterFiles
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.adapters.jupyter.terminals import JupyterTerminals
from ltt_collab.adapters.sandbox.pool import SandboxOptions, SubprocessSandbox, running_sandbox
from ltt_collab.curriculum.loader import load_course
from ltt_collab.model.courses import Course
from ltt_collab.model.ids import ServerId
from ltt_collab.validation.judge import Judge
from tests.support.jupyter import Jupyter, running_jupyter

COURSE = Path(__file__).parents[3] / "ltt_collab" / "demo" / "course"
SERVER = ServerId("the learner's")


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the service runs on."""
    return {"uvloop": uvloop.new_event_loop}


@dataclass
class Ground:
    """A learner's server as the classroom reaches it, and the judge; ``away``: it cannot be reached."""

    jupyter: Jupyter
    address: JupyterAddress
    rest: RestClient
    own_kernels: JupyterKernels
    own_files: JupyterFiles
    own_terminals: JupyterTerminals
    judge: Judge
    course: Course
    away: bool = False

    def kernels(self, server: ServerId) -> JupyterKernels | None:
        return None if self.away or server != SERVER else self.own_kernels

    def files(self, server: ServerId) -> JupyterFiles | None:
        return None if self.away or server != SERVER else self.own_files

    def terminals(self, server: ServerId) -> JupyterTerminals | None:
        return None if self.away or server != SERVER else self.own_terminals

    async def count_kernels(self) -> int:
        """The kernels that run on the server."""
        return len((await self.rest.demand("GET", "api/kernels")).json())


@pytest.fixture(scope="session")
def course() -> Course:
    """The demo's course."""
    return load_course(COURSE)


@asynccontextmanager
async def held_sandbox() -> AsyncIterator[SubprocessSandbox]:
    """A sandbox in a task of its own: a fixture ends in another task than it began in, and task groups mind that."""
    ready: asyncio.Future[SubprocessSandbox] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def hold() -> None:
        async with running_sandbox(SandboxOptions(warm=1)) as sandbox:
            ready.set_result(sandbox)
            await over.wait()

    holding = asyncio.ensure_future(hold())
    holding.add_done_callback(lambda _: ready.done() or ready.cancel())
    try:
        yield await ready
    finally:
        over.set()
        await holding


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shared(tmp_path_factory: pytest.TempPathFactory, course: Course) -> AsyncIterator[Ground]:
    async with running_jupyter(tmp_path_factory.mktemp("server")) as jupyter, held_sandbox() as sandbox:
        address = JupyterAddress.parse(jupyter.url, jupyter.token)
        rest = RestClient(address, None)
        async with JupyterKernels(address, rest) as kernels:
            terminals = JupyterTerminals(address, rest)
            yield Ground(jupyter, address, rest, kernels, JupyterFiles(rest), terminals, Judge(sandbox), course)
        await rest.aclose()


@pytest.fixture
def ground(shared: Ground) -> Ground:
    """The server, reachable."""
    shared.away = False
    return shared
