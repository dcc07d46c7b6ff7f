"""``ltt bench mcp``: how long an agent waits for its tools, beside jupyter-mcp-server where that can be installed.

On a real JupyterLab with a learner's page in the notebook and a running kernel, each server as its users start it: an
MCP client over stdio, a child process. Ours is ``ltt mcp`` before a service of this process; the other one runs in a
virtual environment of its own, made once under the user's cache folder.
"""

from __future__ import annotations

import sys
import tempfile
import time
import venv
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.to_thread
from pydantic import SecretStr

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.lab_server import LabServer, running_lab
from ltt_collab.bench.lines import LineClient, running_line_client
from ltt_collab.bench.measures import Machine, Spread, ratio
from ltt_collab.bench.visitor import visiting
from ltt_collab.ports.kernels import Limits
from ltt_collab.service import running_service
from ltt_collab.settings import Settings

PATH = "lesson.ipynb"
RIVAL = "jupyter-mcp-server==2.2.4"
WARM_UP = 3
STARTS = 3
LIVE_WITHIN = 30.0
INSTALL_WITHIN = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class McpOptions:
    """``n``: calls of each tool."""

    n: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFigures:
    """One server. Milliseconds as the client sees them; ``initialize_ms``: from the start of its process."""

    initialize_ms: Spread
    read_ms: Spread
    insert_ms: Spread
    execute_ms: Spread
    rss_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class McpReport:
    """``execute_ms`` is of ``1+1``; ``kernel_ms``: what the kernel takes for it. ``baseline`` None: see ``why_none``.

    ``ratio_*``: baseline by ours.
    """

    machine: Machine
    ours: ServerFigures
    kernel_ms: Spread
    baseline: ServerFigures | None
    why_none: str
    ratio_read: float
    ratio_insert: float
    ratio_execute: float
    ratio_initialize: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a server is started and asked."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    prepare: tuple[tuple[str, Mapping[str, Any]], ...]
    read: tuple[str, Mapping[str, Any]]
    insert: tuple[str, Mapping[str, Any]]
    execute: tuple[str, Mapping[str, Any]]


async def bench_mcp(options: McpOptions) -> McpReport:
    """Run the benchmark; some 30 s, and once some minutes to install the other server.

    Raises:
        BenchmarkError
    """
    machine = Machine.now()
    rival, why_none = await _rival()
    async with running_lab() as lab, _kernel_of_notebook(lab) as kernel_ms, visiting(lab, PATH):
        async with _service(lab) as (url, token):
            ours = await _measure(_our_way(url, token), options.n)
        baseline = None
        if rival is not None:
            try:
                baseline = await _measure(_their_way(rival, lab), options.n)
            except BenchmarkError as error:
                why_none = error.reason
        kernel = await kernel_ms(options.n)
    return McpReport(
        machine=machine,
        ours=ours,
        kernel_ms=kernel,
        baseline=baseline,
        why_none=why_none,
        ratio_read=_ratio(baseline, ours, "read_ms"),
        ratio_insert=_ratio(baseline, ours, "insert_ms"),
        ratio_execute=_ratio(baseline, ours, "execute_ms"),
        ratio_initialize=_ratio(baseline, ours, "initialize_ms"),
    )


async def _measure(way: _Way, n: int) -> ServerFigures:
    starts = []
    for _ in range(STARTS):
        began = time.perf_counter()
        async with running_line_client(way.command, way.environment) as client:
            await client.introduce()
            starts.append((time.perf_counter() - began) * 1000)
    async with running_line_client(way.command, way.environment) as client:
        await client.introduce()
        for name, arguments in way.prepare:
            await client.call(name, arguments)
        read = await _timed(client, way.read, n)
        insert = await _timed(client, way.insert, n)
        execute = await _timed(client, way.execute, n)
        return ServerFigures(
            initialize_ms=Spread.of(starts),
            read_ms=read,
            insert_ms=insert,
            execute_ms=execute,
            rss_mib=round(client.resident_mib(), 1),
        )


async def _timed(client: LineClient, call: tuple[str, Mapping[str, Any]], n: int) -> Spread:
    took = []
    for _ in range(WARM_UP + n):
        began = time.perf_counter()
        await client.call(*call)
        took.append((time.perf_counter() - began) * 1000)
    return Spread.of(took[WARM_UP:])


def _our_way(url: str, token: str) -> _Way:
    where = {"notebook_path": PATH}
    return _Way(
        command=(sys.executable, "-m", "ltt_collab", "mcp"),
        environment={"LTT_SERVICE_URL": url, "LTT_API_TOKEN": token},
        prepare=(("list_notebooks", {}),),
        read=("read_cell", where | {"cell_id": "cell-0"}),
        insert=("insert_cell", where | {"source": "x = 1"}),
        execute=("execute_code", where | {"code": "1+1"}),
    )


def _their_way(python: Path, lab: LabServer) -> _Way:
    return _Way(
        command=(str(python.parent / "jupyter-mcp-server"), "--transport", "stdio"),
        environment={"JUPYTER_URL": lab.url.rstrip("/"), "JUPYTER_TOKEN": lab.token, "START_NEW_CODE_SANDBOX": "false"},
        prepare=(("use_notebook", {"notebook_name": "nb", "notebook_path": PATH}),),
        read=("read_cell", {"cell_index": 0}),
        insert=("insert_cell", {"cell_index": -1, "cell_type": "code", "cell_source": "x = 1"}),
        execute=("execute_code", {"code": "1+1"}),
    )


async def _rival() -> tuple[Path | None, str]:
    """The other server's Python, installed if need be; None and why not."""
    home = Path.home() / ".cache" / "ltt-collab" / "bench" / RIVAL.replace("==", "-")
    python = home / "bin" / "python"
    ready = anyio.Path(home / "ready")
    if await ready.exists():
        return python, ""
    await anyio.to_thread.run_sync(lambda: venv.create(home, with_pip=True))
    with anyio.move_on_after(INSTALL_WITHIN):
        done = await anyio.run_process([str(python), "-m", "pip", "install", "-q", RIVAL], check=False)
        if done.returncode == 0:
            await ready.touch()
            return python, ""
    return None, f"{RIVAL} could not be installed"


@asynccontextmanager
async def _service(lab: LabServer) -> AsyncIterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings.read(
            jupyter_url=lab.url,
            jupyter_token=SecretStr(lab.token),
            database_url=f"sqlite+aiosqlite:///{directory}/bench.sqlite",
            host="127.0.0.1",
            port=0,
            introduce=False,
            mcp_calls_per_minute=0,
        )
        async with running_service(settings) as service:
            token = service.api_token.get_secret_value()
            await _live(service.url, token)
            yield service.url, token


async def _live(url: str, token: str) -> None:
    """Return once our peer is in the notebook's room.

    Raises:
        BenchmarkError
    """
    way = _our_way(url, token)
    async with running_line_client(way.command, way.environment) as client:
        await client.introduce()
        with anyio.move_on_after(LIVE_WITHIN):
            while True:
                listed = await client.call("list_notebooks", {})
                if any(each["state"] == "live" for each in listed["structuredContent"]["notebooks"]):
                    return
                await anyio.sleep(0.1)
    raise BenchmarkError(f"our peer was not in the room within {LIVE_WITHIN:g} s")


@asynccontextmanager
async def _kernel_of_notebook(lab: LabServer) -> AsyncIterator[Callable[[int], Awaitable[Spread]]]:
    """The notebook with a running kernel; a function that takes the kernel's own time for ``1+1``."""
    lab.write_notebook(PATH, [f"value_{number} = {number}" for number in range(20)])
    address = JupyterAddress.parse(lab.url, lab.token)
    rest = RestClient(address, None)
    async with JupyterKernels(address, rest) as kernels:
        body = {"path": PATH, "name": PATH, "type": "notebook", "kernel": {"name": "python3"}}
        await rest.demand("POST", "api/sessions", body=body)
        info = await kernels.kernel_of(PATH)
        if info is None:
            raise BenchmarkError("the server started no kernel for the notebook")
        kernel = await kernels.connect(info.id)

        async def time_it(n: int) -> Spread:
            took = []
            for _ in range(WARM_UP + n):
                began = time.perf_counter()
                outputs = cast("Any", kernel.execute("1+1", limits=Limits(seconds=10)))
                async with aclosing(outputs) as closing:
                    async for _output in closing:
                        pass
                took.append((time.perf_counter() - began) * 1000)
            return Spread.of(took[WARM_UP:])

        yield time_it
    await rest.aclose()


def _ratio(baseline: ServerFigures | None, ours: ServerFigures, name: str) -> float:
    if baseline is None:
        return 0.0
    return ratio(getattr(baseline, name).p50, getattr(ours, name).p50)
