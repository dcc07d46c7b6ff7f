"""One real server with an ordinary Python kernel and a Bash kernel, shared by all tests of a module."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import uvloop

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.demo.kernel import Kernel as LearnersKernel
from ltt_collab.demo.kernel import Message, running_kernel
from ltt_collab.ports.kernels import Kernel
from tests.support.jupyter import Jupyter, running_jupyter


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the service runs on."""
    return {"uvloop": uvloop.new_event_loop}


@dataclass
class Bench:
    """A server, and our kernel adapter for it."""

    jupyter: Jupyter
    address: JupyterAddress
    rest: RestClient
    kernels: JupyterKernels


@asynccontextmanager
async def running_bench(home: Path, *, stock: bool = False) -> AsyncIterator[Bench]:
    """Start them."""
    spec = home / "data" / "kernels" / "bash"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Bash", "language": "bash"}))
    async with running_jupyter(home, stock=stock) as jupyter:
        address = JupyterAddress.parse(jupyter.url, jupyter.token)
        rest = RestClient(address, None)
        async with JupyterKernels(address, rest) as kernels:
            yield Bench(jupyter, address, rest, kernels)
        await rest.aclose()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """A server as our learner image runs it."""
    async with running_bench(tmp_path_factory.mktemp("server")) as running:
        yield running


@dataclass
class Desk:
    """A learner with a running notebook, and our own view of its kernel."""

    path: str
    learner: LearnersKernel
    ours: Kernel

    async def run(self, source: str) -> list[Message]:
        """Run a cell as the learner's browser does."""
        return [message async for message in self.learner.run(source)]


_numbers = iter(range(1_000_000))


@asynccontextmanager
async def sitting_at(bench: Bench) -> AsyncIterator[Desk]:
    """A learner at a notebook of their own; their kernel ends with the context."""
    path = f"notebook-{next(_numbers)}.ipynb"
    async with running_kernel(bench.address, bench.rest, path) as learner:
        info = await bench.kernels.kernel_of(path)
        assert info is not None
        try:
            yield Desk(path, learner, await bench.kernels.connect(info.id))
        finally:
            await bench.rest.ask("DELETE", f"api/kernels/{info.id}")


def said(messages: list[Message]) -> str:
    """What a run of the learner's printed."""
    return "".join(each["content"]["text"] for each in messages if each["msg_type"] == "stream")


def errors(messages: list[Message]) -> list[str]:
    """The exceptions that a run of the learner's ended by."""
    return [each["content"]["ename"] for each in messages if each["msg_type"] == "error"]
