"""From a server that the hub names to one that the rooms can use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from ltt_collab.adapters.hub.places import ServerPlaces
from ltt_collab.adapters.jupyter.files import JupyterFiles
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.adapters.jupyter.terminals import JupyterTerminals
from ltt_collab.adapters.jupyter.watch import WatchPace
from ltt_collab.ports.hub import HubServer

RECEIVE_ONLY = WatchPace(ping_after=86_400.0, dead_after=172_800.0)
"""Through the hub's proxy each ping of ours counts as activity: an idle server would never be culled. A connection that
died unheard is noticed at the next sweep, by the time at which the server was started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """One server, and what else of it can be reached."""

    server: JupyterServer
    kernels: JupyterKernels
    terminals: JupyterTerminals
    files: JupyterFiles


@asynccontextmanager
async def connected(places: ServerPlaces, server: HubServer, *, frame_cap: int) -> AsyncIterator[Connected]:
    """The server while the context is open; nothing is asked of it yet.

    Raises:
        HubRefusedError: the hub named an address that is not one of its own servers.
    """
    address = places.address(server)
    pace = None if places.is_direct(server) else RECEIVE_ONLY
    async with (
        JupyterServer(address, frame_cap=frame_cap, pace=pace) as reached,
        JupyterKernels(address, reached.rest) as kernels,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(kernels.tidy, name="kernels left behind")
        terminals = JupyterTerminals(address, reached.rest)
        yield Connected(server=reached, kernels=kernels, terminals=terminals, files=JupyterFiles(reached.rest))
        tasks.cancel_scope.cancel()
