"""A real JupyterLab in a child process, and our whole service beside it in this one."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import httpx
from pydantic import SecretStr

from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.client import HttpClient
from ltt_collab.service import running_service
from ltt_collab.settings import Settings

START_LIMIT = 60.0
"""Seconds a server may take to answer: a cold start on two busy cores was seen to take 20."""

STOP_LIMIT = 5.0
"""Seconds it has to save and go after SIGTERM, then it is killed."""

HINTS = 1000
"""Per hour: a benchmark wants more help than any learner."""

LEARNER_CONFIG = Path(__file__).parents[2] / "deploy" / "learner" / "jupyter_server_config.py"
"""Beside a checkout; where ``ltt-learner`` is installed it is active without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabServer:
    """One running JupyterLab. ``process``: its process id."""

    url: str
    token: str
    root: Path
    process: int

    def write_notebook(self, path: str, cells: Sequence[str]) -> None:
        """Put a notebook file of these code cells, ``cell-0`` …, under the server's root."""
        (self.root / path).write_text(json.dumps(_notebook(cells)))


@asynccontextmanager
async def running_lab() -> AsyncIterator[LabServer]:
    """Start a JupyterLab in a temporary directory; ends it, kernels included.

    Raises:
        BenchmarkError: it is not installed, or did not come up.
    """
    if find_spec("jupyterlab") is None or find_spec("jupyter_server_ydoc") is None:
        raise BenchmarkError(
            "JupyterLab with collaboration is not installed; install it: pip install 'ltt-collab[demo]'"
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        home = Path(directory)
        token, port = secrets.token_hex(16), _free_port()
        (home / "root").mkdir()
        with (home / "jupyter.log").open("wb") as out:
            process = subprocess.Popen(  # noqa: ASYNC220 - forking takes a millisecond, before anything is measured
                _command(home, port), env=_environment(home, token), stdout=out, stderr=out, start_new_session=True
            )
        lab = LabServer(url=f"http://127.0.0.1:{port}/", token=token, root=home / "root", process=process.pid)
        try:
            await _answering(lab, process, home / "jupyter.log")
            yield lab
        finally:
            with anyio.CancelScope(shield=True):
                await _stop(process)


@asynccontextmanager
async def running_tutor(lab: LabServer) -> AsyncIterator[HttpClient]:
    """Our whole service for that server, in this process, and an agent's door to it.

    Raises:
        BenchmarkError: it did not reach the server.
    """
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings.read(
            jupyter_url=lab.url,
            jupyter_token=SecretStr(lab.token),
            api_token=SecretStr(secrets.token_urlsafe(24)),
            database_url=f"sqlite+aiosqlite:///{directory}/bench.sqlite",
            host="127.0.0.1",
            port=0,
            model="",
            hints_per_hour=HINTS,
            introduce=False,
        )
        async with running_service(settings) as service, HttpClient(service.url, service.api_token) as client:
            await _ready(service.url)
            yield client


async def _ready(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as http:
        with anyio.move_on_after(START_LIMIT):
            while (await http.get("api/v1/ready")).status_code != httpx.codes.OK:  # noqa: ASYNC110 - HTTP has no event
                await anyio.sleep(0.05)
            return
    raise BenchmarkError(f"the service did not reach JupyterLab within {START_LIMIT:.0f} s")


def _notebook(cells: Sequence[str]) -> dict[str, Any]:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"cell-{index}",
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for index, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _command(home: Path, port: int) -> list[str]:
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={home / 'root'}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    return [*command, f"--config={LEARNER_CONFIG}"] if LEARNER_CONFIG.exists() else command


def _environment(home: Path, token: str) -> dict[str, str]:
    inherited = os.environ  # noqa: TID251 - nothing is configured by it here: a child gets ours, less what is a user's
    kept = {key: value for key, value in inherited.items() if not key.startswith(("JUPYTER", "LTT_"))}
    return kept | {
        "HOME": str(home),
        "JUPYTER_TOKEN": token,
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "IPYTHONDIR": str(home / "ipython"),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answering(lab: LabServer, process: subprocess.Popen[bytes], log: Path) -> None:
    async with httpx.AsyncClient(base_url=lab.url, headers={"Authorization": f"token {lab.token}"}) as http:
        with anyio.move_on_after(START_LIMIT):
            while process.poll() is None:
                with suppress(httpx.TransportError):
                    if (await http.get("api")).status_code == httpx.codes.OK:
                        return
                await anyio.sleep(0.1)
    end = await anyio.Path(log).read_text()
    raise BenchmarkError(f"JupyterLab did not come up; the end of its log:\n{end[-2000:]}")


async def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    with anyio.move_on_after(STOP_LIMIT):
        while process.poll() is None:  # noqa: ASYNC110 - a process has no event
            await anyio.sleep(0.02)
    # Its process group holds its kernels too.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
