"""What a learner costs the service while nothing happens on their server: memory and time for each connection."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.to_thread
import httpx

from ltt_collab.adapters.hub.connecting import connected
from ltt_collab.adapters.hub.places import ServerPlaces
from ltt_collab.adapters.jupyter.address import Token
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.measures import raise_file_limit, resident_kib
from ltt_collab.bench.peers import surroundings
from ltt_collab.peer.fleet import Connect, Fleet, LearnerServer
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.surroundings import Habits
from ltt_collab.ports.hub import Hub, HubServer

PATIENCE = 120.0
"""Seconds for all servers to be connected: a thousand took three on two free cores."""

SETTLING = 2.0
IDLE = 10.0
"""Seconds over which the idle service's time is taken."""

FRAME_CAP = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleCost:
    """For each learner with a running server: KiB of our memory, and µs of our CPU a second."""

    kib: float
    cpu_us_per_second: float


async def idle_cost(hub: Hub, servers: int) -> IdleCost:
    """Connect to all servers of a hub as the service does, and do nothing.

    Raises:
        BenchmarkError: they were not connected in time.
    """
    raise_file_limit()
    async with _quiet_servers() as url:
        before = await anyio.to_thread.run_sync(resident_kib)
        around = surroundings(Habits())
        fleet = Fleet(hub, _connect(url), around, Registry(around.log))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fleet.run, name="fleet")
            tasks.start_soon(around.heartbeat.run, name="heartbeat")
            tasks.start_soon(around.timers.run, name="timers")
            await _until_connected(url, servers)
            await anyio.sleep(SETTLING)
            held = await anyio.to_thread.run_sync(resident_kib) - before
            used = time.process_time()
            await anyio.sleep(IDLE)
            used = time.process_time() - used
            tasks.cancel_scope.cancel()
    return IdleCost(kib=round(held / servers, 1), cpu_us_per_second=round(used / IDLE / servers * 1e6, 2))


def _connect(url: str) -> Connect:
    """Every server is reached at that one address, below a path of its own."""
    places = ServerPlaces(proxy_url=url, direct_url="", token=Token("unused"))

    @asynccontextmanager
    async def connect(server: HubServer) -> AsyncIterator[LearnerServer]:
        async with connected(places, server, frame_cap=FRAME_CAP) as link:
            yield LearnerServer(server=link.server, kernels=link.kernels, terminals=link.terminals, files=link.files)

    return connect


async def _until_connected(url: str, servers: int) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        found = 0
        with anyio.move_on_after(PATIENCE):
            while found < servers:
                await anyio.sleep(0.1)
                found = int((await http.get("open")).json()["open"])
            return
    raise BenchmarkError(f"{found} of {servers} servers were connected within {PATIENCE:.0f} s")


@asynccontextmanager
async def _quiet_servers() -> AsyncIterator[str]:
    """The other process; it ends with the block."""
    command = [sys.executable, "-m", "ltt_collab.bench.quiet_servers"]
    async with await anyio.open_process(command, stdin=subprocess.DEVNULL, stderr=None) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{json.loads(await process.stdout.receive())['port']}/"
        finally:
            process.kill()
