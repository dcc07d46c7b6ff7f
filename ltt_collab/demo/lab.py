"""The demo's JupyterLab."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import anyio

from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.demo.places import Places
from ltt_collab.lab.server import HOST, Lab, LabPlan, choose_port, running
from ltt_collab.model.errors import RoomError

GOODBYE = 6.0
"""Seconds for the server to shut its kernels down; what is left then is killed."""

OPTIONS = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    # The learner's page shows it in a frame; the page is on another port of this machine.
    "--ServerApp.tornado_settings="
    + str({"headers": {"Content-Security-Policy": f"frame-ancestors 'self' http://{HOST}:*"}}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLab:
    """A JupyterLab that answers, and our way to it."""

    lab: Lab
    server: JupyterServer


@asynccontextmanager
async def running_lab(places: Places, port: int | None) -> AsyncIterator[DemoLab]:
    """Start a JupyterLab on the course and wait until it answers; ends it with all its children.

    Raises:
        InvalidSettingError: the port cannot be had.
        LabError: it did not come up, or ended while it was needed.
    """
    plan = LabPlan(root=places.root, state=places.state, port=choose_port(port), options=OPTIONS)
    async with (
        running(Lab(plan)) as lab,
        JupyterServer.at(lab.url, lab.token) as server,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(lab.watch, name="JupyterLab's end")
        try:
            yield DemoLab(lab=lab, server=server)
        finally:
            with anyio.move_on_after(GOODBYE, shield=True), suppress(RoomError):
                await _shut_kernels_down(server)
            tasks.cancel_scope.cancel()


async def _shut_kernels_down(server: JupyterServer) -> None:
    async with anyio.create_task_group() as tasks:
        for kernel in await server.rest.demand_json("api/kernels"):
            tasks.start_soon(_shut_kernel_down, server, str(kernel["id"]))


async def _shut_kernel_down(server: JupyterServer, kernel: str) -> None:
    with suppress(RoomError):
        await server.rest.ask("DELETE", f"api/kernels/{kernel}")
