"""``ltt bench mcp``: how long an agent waits for its tools, beside two other servers where those can be installed.

On a real JupyterLab, each server at a notebook of its own with a learner's page in it and a running kernel, and each as
its users start it: an MCP client over stdio, a child process. Ours is ``ltt mcp`` before ``ltt serve``; what is the
service's own time of it, and what the transport's, is told apart. The others run in virtual environments of their own.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any, cast

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.lab_server import LabServer, running_lab
from ltt_collab.bench.lines import running_line_client
from ltt_collab.bench.mcp_servers import (
    JUPYTER_MCP_SERVER,
    MCP_JUPYTER_NOTEBOOK,
    Call,
    HttpSession,
    OurService,
    Session,
    Way,
    installed,
    our_service,
    our_way,
    their_way,
)
from ltt_collab.bench.measures import Machine, Spread, ratio
from ltt_collab.bench.visitor import visiting
from ltt_collab.ports.kernels import Limits

WARM_UP = 3
STARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class McpOptions:
    """``n``: calls of each tool."""

    n: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFigures:
    """One server over stdio. Milliseconds as the client sees them; ``initialize_ms``: from the start of its process."""

    initialize_ms: Spread
    read_ms: Spread
    insert_ms: Spread
    execute_ms: Spread
    rss_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFigures:
    """The same calls at another place."""

    read_ms: Spread
    insert_ms: Spread
    execute_ms: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFigures:
    """Means of what the calls over HTTP took in the service itself."""

    read_ms: float
    insert_ms: float
    execute_ms: float
    rss_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Another server. ``figures`` None: see ``why_none``; ``ratio_*``: its median by ours, 0 without figures."""

    figures: ServerFigures | None
    why_none: str = ""
    ratio_read: float = 0.0
    ratio_insert: float = 0.0
    ratio_execute: float = 0.0
    ratio_initialize: float = 0.0
    ratio_rss: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class McpReport:
    """``ours`` over stdio through ``ltt mcp``, ``over_http`` to ``/mcp``, ``in_service`` without any transport.

    ``execute_ms`` is of ``1+1``; ``kernel_ms``: what the kernel takes for it.
    """

    machine: Machine
    ours: ServerFigures
    over_http: CallFigures
    in_service: ServiceFigures
    kernel_ms: Spread
    jupyter_mcp_server: Baseline
    mcp_jupyter_notebook: Baseline


async def bench_mcp(options: McpOptions) -> McpReport:
    """Run the benchmark; about a minute, and once some minutes to install the other servers.

    Raises:
        BenchmarkError
    """
    machine = Machine.now()
    async with running_lab() as lab:
        async with our_service(lab) as service:
            async with _notebook(lab, "http.ipynb"):
                over_http, in_service = await _over_http(service, "http.ipynb", options.n)
            async with _notebook(lab, "stdio.ipynb") as kernel_ms:
                await service.until_live("stdio.ipynb")
                ours = await _measure(our_way(service, "stdio.ipynb"), options.n)
                kernel = await kernel_ms(options.n)
        others = [await _beside(name, lab, ours, options.n) for name in (JUPYTER_MCP_SERVER, MCP_JUPYTER_NOTEBOOK)]
    return McpReport(
        machine=machine,
        ours=ours,
        over_http=over_http,
        in_service=in_service,
        kernel_ms=kernel,
        jupyter_mcp_server=others[0],
        mcp_jupyter_notebook=others[1],
    )


async def _over_http(service: OurService, path: str, n: int) -> tuple[CallFigures, ServiceFigures]:
    await service.until_live(path)
    way = our_way(service, path)
    spreads, means = [], []
    with closing(HttpSession(service)) as session:
        await session.introduce()
        for call in (way.read, way.insert, way.execute):
            count, total = await service.milliseconds_in_service(call[0])
            spreads.append(await _timed(session, call, n))
            later, later_total = await service.milliseconds_in_service(call[0])
            means.append(round((later_total - total) / max(1.0, later - count), 2))
    rss = round(service.resident_mib(), 1)
    return (
        CallFigures(read_ms=spreads[0], insert_ms=spreads[1], execute_ms=spreads[2]),
        ServiceFigures(read_ms=means[0], insert_ms=means[1], execute_ms=means[2], rss_mib=rss),
    )


async def _beside(name: str, lab: LabServer, ours: ServerFigures, n: int) -> Baseline:
    path = f"{name.partition('=')[0]}.ipynb"
    try:
        python = await installed(name)
        async with _notebook(lab, path):
            theirs = await _measure(their_way(name, python, lab, path), n)
    except BenchmarkError as error:
        return Baseline(figures=None, why_none=error.reason)
    return Baseline(
        figures=theirs,
        ratio_read=ratio(theirs.read_ms.p50, ours.read_ms.p50),
        ratio_insert=ratio(theirs.insert_ms.p50, ours.insert_ms.p50),
        ratio_execute=ratio(theirs.execute_ms.p50, ours.execute_ms.p50),
        ratio_initialize=ratio(theirs.initialize_ms.p50, ours.initialize_ms.p50),
        ratio_rss=ratio(theirs.rss_mib, ours.rss_mib),
    )


async def _measure(way: Way, n: int) -> ServerFigures:
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


async def _timed(client: Session, call: Call, n: int) -> Spread:
    took = []
    for _ in range(WARM_UP + n):
        began = time.perf_counter()
        await client.call(*call)
        took.append((time.perf_counter() - began) * 1000)
    return Spread.of(took[WARM_UP:])


@asynccontextmanager
async def _notebook(lab: LabServer, path: str) -> AsyncIterator[Callable[[int], Awaitable[Spread]]]:
    """A notebook that a learner looks at, with a running kernel; a function that times ``1+1`` in it."""
    lab.write_notebook(path, [f"value_{number} = {number}" for number in range(20)])
    address = JupyterAddress.parse(lab.url, lab.token)
    rest = RestClient(address, None)
    async with JupyterKernels(address, rest) as kernels:
        body: Mapping[str, Any] = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        await rest.demand("POST", "api/sessions", body=body)
        info = await kernels.kernel_of(path)
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

        async with visiting(lab, path):
            yield time_it
    await rest.aclose()
