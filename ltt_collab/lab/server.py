"""Starts a real JupyterLab on loopback, and ends it with all that came of it."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
import httpx

from ltt_collab.lab.errors import LabError
from ltt_collab.lab.processes import end_relatives, family
from ltt_collab.model.errors import InvalidSettingError

HOST = "127.0.0.1"

START = 90.0
"""Seconds JupyterLab may take to answer: a cold disk and two busy cores were seen to need 20."""

LOOK_EVERY = 0.1
"""Seconds between two questions whether it answers yet."""

STOP = 8.0
"""Seconds it may take to end once asked: it saves open notebooks and says goodbye to kernels."""

LOG_TAIL = 1_500
"""Characters of its log that an error shows: the last lines hold the reason."""

NEEDED = {"jupyterlab": "jupyterlab", "jupyter_server_ydoc": "jupyter-collaboration", "ipykernel": "ipykernel"}
"""Module → package of what a JupyterLab with collaboration is made of."""

FOREIGN_VARIABLES = ("JUPYTER", "LTT_")
"""Beginnings of variables that would make of the child another server than the one meant here."""

LEARNER_CONFIG = Path(__file__).parents[2] / "deploy" / "learner" / "jupyter_server_config.py"
"""Turns our learner extension on, in a checkout; where ``ltt-learner`` is installed it is active without."""

WITHOUT_LEARNER = "--ServerApp.jpserver_extensions={'ltt_learner': False}"

_FOLDERS = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}


def require_packages() -> None:
    """Return if a JupyterLab with collaboration is installed.

    Raises:
        LabError: it is not; the message says what to install.
    """
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise LabError(f"{' and '.join(missing)} not installed", "run: pip install 'ltt-collab[demo]'")


def has_learner_extension() -> bool:
    """Whether the server will have the learner extension."""
    return LEARNER_CONFIG.exists() or find_spec("ltt_learner") is not None


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


def inherited_environment() -> dict[str, str]:
    """What a child of ours takes over from us: PATH, locale and the like, nothing that configures Jupyter or us."""
    ours = os.environ  # noqa: TID251 - nothing is configured by it here
    return {name: value for name, value in ours.items() if not name.startswith(FOREIGN_VARIABLES)}


def private_folders(state: Path) -> dict[str, str]:
    """The variables that keep Jupyter out of its user's own directories."""
    folders = {name: str(state / folder) for name, folder in {**_FOLDERS, "IPYTHONDIR": "ipython"}.items()}
    return folders | {"NODE_DISABLE_COMPILE_CACHE": "1"}  # Node, where Jupyter asks it, leaves one in TMPDIR for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPlan:
    """What JupyterLab to start.

    ``root``: what it serves. ``state``: where its log and Jupyter's own directories are. ``config``: a configuration
    file. ``is_stock``: without our learner extension, as a stranger's server is. ``python``: the interpreter that has
    it installed.
    """

    root: Path
    state: Path
    port: int = field(default_factory=lambda: choose_port(None))
    token: str = field(default_factory=lambda: secrets.token_hex(24))
    options: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    config: Path | None = LEARNER_CONFIG if LEARNER_CONFIG.exists() else None
    is_stock: bool = False
    python: str = sys.executable

    @property
    def url(self) -> str:
        """Base URL, with a trailing slash."""
        return f"http://{HOST}:{self.port}/"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.state / "jupyter.log"

    def command(self) -> list[str]:
        """Its command line; the token is not on it, which every user of the machine may read."""
        command = [self.python, "-m", "jupyterlab", "--no-browser", f"--ServerApp.ip={HOST}"]
        command += [f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.root}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")  # as in most containers; it listens on loopback only
        if self.is_stock:
            command.append(WITHOUT_LEARNER)
        elif self.config is not None:
            command.append(f"--config={self.config}")
        return [*command, *self.options]

    def whole_environment(self) -> dict[str, str]:
        """All variables that it starts with."""
        ours = private_folders(self.state) | {"JUPYTER_TOKEN": self.token}
        return inherited_environment() | ours | dict(self.environment)


class Lab:
    """A JupyterLab of that plan; ``process`` is there once it was started."""

    process: subprocess.Popen[bytes]

    def __init__(self, plan: LabPlan) -> None:
        self.plan = plan

    @property
    def url(self) -> str:
        """Base URL, with a trailing slash."""
        return self.plan.url

    @property
    def token(self) -> str:
        """What it lets its user in by."""
        return self.plan.token

    async def start(self) -> None:
        """Start it, again if it has ended; it does not answer yet."""
        self.process = await anyio.to_thread.run_sync(self._launched)

    async def wait_ready(self) -> None:
        """Return once it answers.

        Raises:
            LabError: it did not in time, or ended.
        """
        headers = {"Authorization": f"token {self.token}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False) as http:
            with anyio.move_on_after(START):
                while self.process.poll() is None:
                    with suppress(httpx.TransportError):
                        if (await http.get("api/status")).status_code == httpx.codes.OK:
                            return
                    await anyio.sleep(LOOK_EVERY)
                raise self._ended()
        raise LabError(f"JupyterLab did not answer within {START:g} s", self._tail())

    async def watch(self) -> None:
        """Wait for its end.

        Raises:
            LabError: always, once it has ended: that is never what was wanted.
        """
        await self._wait()
        raise self._ended()

    async def restart(self, stop_with: signal.Signals = signal.SIGKILL) -> None:
        """End it by that signal and start it again, on the same port and root.

        Raises:
            LabError: it did not come up again.
        """
        await self.stop(stop_with)
        await self.start()
        await self.wait_ready()

    async def stop(self, stop_with: signal.Signals = signal.SIGTERM, patience: float = STOP) -> None:
        """End it; no kernel, terminal or other child is left. SIGKILL after ``patience`` seconds."""
        relatives = await anyio.to_thread.run_sync(family, self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(stop_with)
            with anyio.move_on_after(patience):
                await self._wait()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self._wait()
        await anyio.to_thread.run_sync(end_relatives, relatives)

    async def _wait(self) -> None:
        # A thread, so that its end is heard of in every event loop: a test's is not the one of its server's fixture.
        await anyio.to_thread.run_sync(self.process.wait, abandon_on_cancel=True)

    def _launched(self) -> subprocess.Popen[bytes]:
        with self.plan.log.open("ab") as log:
            return subprocess.Popen(
                self.plan.command(),
                env=self.plan.whole_environment(),
                cwd=self.plan.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for us alone: we end it in order.
                start_new_session=True,
            )

    def _ended(self) -> LabError:
        return LabError(f"JupyterLab ended with exit code {self.process.returncode}", self._tail())

    def _tail(self) -> str:
        said = self.plan.log.read_text(errors="replace")[-LOG_TAIL:].replace(self.token, "…")
        return f"the end of its log:\n{said}"


SomeLab = TypeVar("SomeLab", bound=Lab)


@asynccontextmanager
async def running(lab: SomeLab) -> AsyncIterator[SomeLab]:
    """Start a JupyterLab and wait until it answers; ends it with all its children.

    Raises:
        LabError: it did not come up.
    """
    await lab.start()
    try:
        await lab.wait_ready()
        yield lab
    finally:
        with anyio.CancelScope(shield=True):
            await lab.stop()
