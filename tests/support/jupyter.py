"""A real JupyterLab with real collaboration, as a child process on a free port."""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx

START_LIMIT = 60.0
"""Seconds a server may take to answer: a cold start on two busy cores was seen to take 20."""

LEARNER_CONFIG = Path(__file__).parents[2] / "deploy" / "learner" / "jupyter_server_config.py"


OUR_PORTS = range(10_000, 32_000)
"""Below those that the system hands out by itself: a kernel's or a connection's port is never taken from here."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on, and that nobody gets by chance before our server takes it."""
    while True:
        port = random.choice(OUR_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def code_cell(source: str, cell_id: str) -> dict[str, Any]:
    """A code cell that was never run."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": cell_id,
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def markdown_cell(source: str, cell_id: str) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}


def notebook_json(cells: Iterable[Mapping[str, Any]]) -> str:
    """A Python notebook file of these cells."""
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return json.dumps(
        {
            "cells": list(cells),
            "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


@dataclass
class Jupyter:
    """One running server. ``stock``: without our learner extension, as a stranger's server would be."""

    root: Path
    port: int
    token: str
    process: subprocess.Popen[bytes]
    log: Path
    command: list[str]
    environment: dict[str, str]
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"token {self.token}"}
        self.http = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10)

    @property
    def url(self) -> str:
        """Base URL, with a trailing slash."""
        return f"http://127.0.0.1:{self.port}/"

    def write_notebook(self, path: str, *cells: Mapping[str, Any]) -> Path:
        """Put a notebook file under the server's root."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(notebook_json(cells))
        return target

    def read_sources(self, path: str) -> list[str]:
        """The sources of a notebook file's cells, as they are on disk now; none while the server writes it in place."""
        try:
            cells = json.loads((self.root / path).read_text())["cells"]
        except json.JSONDecodeError:
            return []
        return ["".join(cell["source"]) for cell in cells]

    async def ready(self) -> None:
        """Return once the server answers.

        Raises:
            AssertionError: it ended or did not answer in time; the message carries the end of its log.
        """
        with anyio.move_on_after(START_LIMIT):
            while self.process.poll() is None:
                with suppress(httpx.TransportError):
                    if (await self.http.get("api")).status_code == httpx.codes.OK:
                        return
                await anyio.sleep(0.1)
        raise AssertionError(f"Jupyter did not come up:\n{self.log.read_text()[-4000:]}")

    async def kernels(self) -> list[dict[str, Any]]:
        """The running kernels."""
        return list((await self.http.get("api/kernels")).json())

    async def restart(self, stop_with: signal.Signals = signal.SIGKILL) -> None:
        """End the server with that signal and start it again on the same port and root."""
        await self.stop(stop_with)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=self.root, stdout=out, stderr=out, start_new_session=True
            )
        await self.ready()

    async def stop(self, stop_with: signal.Signals = signal.SIGTERM, patience: float = 5.0) -> None:
        """End the server and all its kernels; SIGKILL after ``patience`` seconds."""
        if self.process.poll() is None:
            self.process.send_signal(stop_with)
            with anyio.move_on_after(patience):
                while self.process.poll() is None:
                    await anyio.sleep(0.02)
        # The session's process group holds its kernels too: no orphan survives a test.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def jupyter_command(port: int, root: Path, *, stock: bool, options: Iterable[str]) -> list[str]:
    """The command line of a real JupyterLab on loopback."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    if stock:
        command.append("--ServerApp.jpserver_extensions={'ltt_learner': False}")
    elif LEARNER_CONFIG.exists():
        command.append(f"--config={LEARNER_CONFIG}")
    return [*command, *options]


@asynccontextmanager
async def running_jupyter(
    home: Path, *, stock: bool = False, options: Iterable[str] = (), extra_environment: Mapping[str, str] | None = None
) -> AsyncIterator[Jupyter]:
    """Start a JupyterLab whose every file lies under ``home``; ends it, kernels included."""
    root = home / "root"
    root.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(16)
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "LTT_"))}
    environment |= {
        "HOME": str(home),
        "JUPYTER_TOKEN": token,
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "IPYTHONDIR": str(home / "ipython"),
        **(extra_environment or {}),
    }
    command = jupyter_command(port, root, stock=stock, options=options)
    log = home / "jupyter.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, cwd=root, stdout=out, stderr=out, start_new_session=True)
    jupyter = Jupyter(root, port, token, process, log, command, environment)
    try:
        await jupyter.ready()
        yield jupyter
    finally:
        with anyio.CancelScope(shield=True):
            await jupyter.http.aclose()
            await jupyter.stop()
