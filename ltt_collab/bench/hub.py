"""``ltt bench hub``: what it costs to know which of a hub's servers run, what an idle learner costs, how soon we join.

A scripted hub on loopback tells of many running servers, in pages, as JupyterHub does; our own client and books do the
rest. The baseline is what one question for each server costs, as a service pays that has no list. Then the fleet is on
servers that are silent; and a real hub is started, whose learner opens notebooks.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ltt_collab.adapters.hub.directory import PAGE, JupyterHub
from ltt_collab.adapters.hub.places import ServerPlaces
from ltt_collab.adapters.hub.rest import HubRest
from ltt_collab.adapters.jupyter.address import Token
from ltt_collab.bench.hub_idle import IdleCost, idle_cost
from ltt_collab.bench.hub_join import Joined, join_times
from ltt_collab.bench.measures import Machine, Spread, ratio
from ltt_collab.model.ids import Username
from ltt_collab.ports.hub import HubServer

ASKED_ALONE = 100
"""Servers of which each is asked about by itself, for the baseline."""

MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HubOptions:
    """``servers``: how many run; ``sweeps``: how often all of them are listed.

    ``idle``: how many silent servers the service is connected to, in another part. ``openings``: notebooks that
    are opened on a real hub. 0 of these leaves that part out.
    """

    servers: int = 2_000
    sweeps: int = 5
    idle: int = 500
    openings: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HubReport:
    """``sweep_ms``: one whole list, wall clock. ``cpu_us_per_server``: ours and the scripted hub's, per sweep.

    ``baseline_cpu_us_per_server``: one question each. ``ratio``: baseline by ours. ``idle``: of the service, for each
    learner on whose server nothing happens. ``loaded_to_live_ms``: on a real hub, from the moment a learner's page has
    a notebook until our peer is in it (below 0: we were faster); ``first_loaded_to_live_ms``: of the first one, right
    after its server was announced.
    """

    machine: Machine
    servers: int
    pages: int
    sweep_ms: Spread
    cpu_us_per_server: float
    baseline_cpu_us_per_server: float
    ratio: float
    idle: IdleCost | None
    loaded_to_live_ms: Spread
    first_loaded_to_live_ms: float


async def bench_hub(options: HubOptions) -> HubReport:
    """Run the benchmark; about a minute.

    Raises:
        BenchmarkError
    """
    machine = Machine.now()
    places = ServerPlaces(proxy_url="http://127.0.0.1:8000", direct_url="", token=Token("unused"))
    took: list[float] = []
    async with _scripted_hub(options.servers) as url, HubRest(url, "unused") as rest:
        hub = JupyterHub(rest)
        pages = await _sweep(hub, places)  # once before it counts: connections, imports
        used = time.process_time()
        for _ in range(options.sweeps):
            began = time.perf_counter()
            await _sweep(hub, places)
            took.append((time.perf_counter() - began) * 1000)
        swept = (time.process_time() - used) / (options.sweeps * options.servers)
        used, alone = time.process_time(), min(ASKED_ALONE, options.servers)
        for number in range(alone):
            for server in await hub.servers_of(_name(number)):
                places.address(server)
        asked = (time.process_time() - used) / alone
    joined = await join_times(options.openings) if options.openings else Joined(first=0.0, others=[])
    return HubReport(
        machine=machine,
        servers=options.servers,
        pages=pages,
        sweep_ms=Spread.of(took),
        cpu_us_per_server=round(swept * MICRO, 1),
        baseline_cpu_us_per_server=round(asked * MICRO, 1),
        ratio=ratio(asked, swept),
        idle=await _idle(options.idle) if options.idle else None,
        loaded_to_live_ms=Spread.of(joined.others),
        first_loaded_to_live_ms=round(joined.first, 1),
    )


async def _idle(servers: int) -> IdleCost:
    async with _scripted_hub(servers) as url, HubRest(url, "unused") as rest:
        return await idle_cost(JupyterHub(rest), servers)


async def _sweep(hub: JupyterHub, places: ServerPlaces) -> int:
    """List every server and where it is, as the fleet does; the number of pages."""
    pages = 0
    known: dict[object, HubServer] = {}
    async for page in hub.running_servers():
        pages += 1
        for server in page:
            places.address(server)
            known[server.key] = server
    return pages


@asynccontextmanager
async def _scripted_hub(servers: int) -> AsyncIterator[str]:
    """The API of a hub with that many running servers; its answers are made beforehand."""
    answers = {f"?{first}": _listing(first, servers) for first in range(0, max(servers, 1), PAGE)}
    answers |= {_name(number): json.dumps(_user(number)).encode() for number in range(min(ASKED_ALONE, servers))}

    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                target = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
                offset = re.search(r"offset=(\d+)", target)
                body = answers[f"?{offset[1]}" if offset else target.rpartition("/")[2]]
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for writer in writers:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


def _listing(first: int, servers: int) -> bytes:
    following = first + PAGE
    page = {
        "items": [_user(number) for number in range(first, min(following, servers))],
        "_pagination": {"next": {"offset": following} if following < servers else None},
    }
    return json.dumps(page).encode()


def _user(number: int) -> dict[str, Any]:
    """A user with a running server, with all that JupyterHub 6 says of one to a service like ours."""
    name = _name(number)
    started = "2026-01-01T08:00:00.000000Z"
    server: dict[str, Any] = {
        "name": "",
        "display_name": "",
        "full_name": f"{name}/",
        "last_activity": started,
        "started": started,
        "pending": None,
        "ready": True,
        "stopped": False,
        "url": f"/user/{name}/",
        "user_options": {},
        "progress_url": f"/hub/api/users/{name}/server/progress",
        "full_url": None,
        "full_progress_url": None,
    }
    return {"name": name, "admin": False, "kind": "user", "servers": {"": server}, "user_info": None}


def _name(number: int) -> Username:
    return Username(f"learner-{number}")
