"""A real JupyterLab as a child process on loopback."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec

import anyio
from anyio.abc import Process

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.demo.places import Places
from ltt_collab.demo.processes import end_process, family
from ltt_collab.model.errors import DemoError, InvalidSettingError, RoomError

HOST = "127.0.0.1"

FRAMED_BY = f"frame-ancestors 'self' http://{HOST}:*"
"""Who may show the demo's JupyterLab in a frame: pages of this machine."""

START = 90.0
"""Seconds JupyterLab may take to answer: a cold disk and two busy cores were seen to need 20."""

LOOK_EVERY = 0.1
"""Seconds between two questions whether it answers yet."""

GOODBYE = 6.0
"""Seconds for the server to shut its kernels down; what is left then is killed."""

LOG_TAIL = 1_500
"""Characters of JupyterLab's log that an error shows: the last lines hold the reason."""

NEEDED = {"jupyterlab": "jupyterlab", "jupyter_server_ydoc": "jupyter-collaboration", "ipykernel": "ipykernel"}
"""Module → package of what the demo starts."""

FOREIGN_VARIABLES = ("JUPYTER", "LTT_")
"""Beginnings of variables that would make of the child another server than the one meant here."""


def require_packages() -> None:
    """Return if a JupyterLab with collaboration is installed.

    Raises:
        DemoError: it is not; the message says what to install.
    """
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise DemoError(f"{' and '.join(missing)} not installed", "run: pip install 'ltt-collab[demo]'")


def has_learner_extension() -> bool:
    """Whether the server will have the learner extension: it is active wherever it is installed."""
    return find_spec("ltt_learner") is not None


def choose_port(wanted: int | None) -> int:
    """The wanted port, or a free one.

    Raises:
        InvalidSettingError: the wanted port cannot be had.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
            # With SO_REUSEADDR some systems let a second bind pass: only one may listen.
            probe.listen(1)
        except OSError as error:
            in_use = error.errno == errno.EADDRINUSE
            reason = "it is in use" if in_use else (error.strerror or str(error)).lower()
            raise InvalidSettingError("--port", wanted, f"{reason}; choose another, or leave it out") from error
        return int(probe.getsockname()[1])


class Lab:
    """A JupyterLab that answers."""

    def __init__(self, places: Places, port: int, token: str, process: Process) -> None:
        self._places, self._process = places, process
        self.token = token
        self.url = f"http://{HOST}:{port}/"
        self.server = JupyterServer(JupyterAddress.parse(self.url, token))

    @property
    def rest(self) -> RestClient:
        """Its REST API."""
        return self.server.rest

    async def wait_ready(self) -> None:
        """Return once it answers.

        Raises:
            DemoError: it did not in time, or ended.
        """
        with anyio.move_on_after(START):
            while self._process.returncode is None:
                with suppress(RoomError):
                    await self.rest.demand_json("api/status")
                    return
                await anyio.sleep(LOOK_EVERY)
            raise self._ended()
        raise DemoError(f"JupyterLab did not answer within {START:g} s", self._tail())

    async def watch(self) -> None:
        """Wait for its end.

        Raises:
            DemoError: always, once it has ended: that is never what was wanted.
        """
        await self._process.wait()
        raise self._ended()

    async def end(self) -> None:
        """End it; no kernel, terminal or other child is left."""
        relatives = family(self._process.pid)
        with anyio.move_on_after(GOODBYE), suppress(RoomError):
            await self._shut_kernels_down()
        await self.server.aclose()
        await end_process(self._process, relatives)

    async def _shut_kernels_down(self) -> None:
        kernels = await self.rest.demand_json("api/kernels")
        async with anyio.create_task_group() as tasks:
            for kernel in kernels:
                tasks.start_soon(self._shut_kernel_down, str(kernel["id"]))

    async def _shut_kernel_down(self, kernel: str) -> None:
        with suppress(RoomError):
            await self.rest.ask("DELETE", f"api/kernels/{kernel}")

    def _ended(self) -> DemoError:
        return DemoError(f"JupyterLab ended with exit code {self._process.returncode}", self._tail())

    def _tail(self) -> str:
        said = self._places.log.read_text(errors="replace")[-LOG_TAIL:].replace(self.token, "…")
        return f"the end of its log:\n{said}"


@asynccontextmanager
async def running_lab(places: Places, port: int | None) -> AsyncIterator[Lab]:
    """Start a JupyterLab on the course and wait until it answers; ends it with all its children.

    Raises:
        InvalidSettingError: the port cannot be had.
        DemoError: it did not come up, or ended while it was needed.
    """
    chosen, token = choose_port(port), secrets.token_hex(24)
    with places.log.open("wb") as log:
        process = await anyio.open_process(
            _command(places, chosen),
            env=_environment(places, token),
            cwd=places.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal is for us alone: we end it in order.
            start_new_session=True,
        )
    lab = Lab(places, chosen, token, process)
    try:
        await lab.wait_ready()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lab.watch, name="JupyterLab's end")
            yield lab
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await lab.end()


def _command(places: Places, port: int) -> list[str]:
    options = {
        "ServerApp.ip": HOST,
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": places.root,
        "LabApp.news_url": None,
        # The learner's page shows it in a frame; the page is on another port of this machine.
        "ServerApp.tornado_settings": {"headers": {"Content-Security-Policy": FRAMED_BY}},
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # as in most containers; it listens on loopback only
    return command + [f"--{name}={value}" for name, value in options.items()]


def _environment(places: Places, token: str) -> dict[str, str]:
    # A child needs PATH, locale and the like from us; nothing of ours is configured by it.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}  # noqa: TID251
    # The token is not on the command line, which every user of the machine may read.
    return inherited | places.jupyter_environment() | {"JUPYTER_TOKEN": token}
