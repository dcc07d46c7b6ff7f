"""A real JupyterLab in a child process, and our whole service beside it in this one."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
from pydantic import SecretStr

from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.client import HttpClient
from ltt_collab.lab.errors import LabError
from ltt_collab.lab.notebooks import code_cell, notebook_json
from ltt_collab.lab.server import Lab, LabPlan, require_packages, running
from ltt_collab.service import RunningService, running_service
from ltt_collab.settings import Settings

START_LIMIT = 60.0
"""Seconds the service may take to reach the server."""

HINTS = 1000
"""Per hour: a benchmark wants more help than any learner."""


class LabServer(Lab):
    """One running JupyterLab."""

    def write_notebook(self, path: str, cells: Sequence[str]) -> None:
        """Put a notebook file of these code cells, ``cell-0`` …, under the server's root."""
        made = [code_cell(source, f"cell-{index}") for index, source in enumerate(cells)]
        (self.plan.root / path).write_text(notebook_json(made))


@asynccontextmanager
async def running_lab() -> AsyncIterator[LabServer]:
    """Start a JupyterLab in a temporary directory; ends it, kernels included.

    Raises:
        BenchmarkError: it is not installed, or did not come up.
    """
    try:
        require_packages()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
            async with running(LabServer(_plan(Path(directory)))) as lab:
                yield lab
    except LabError as error:
        raise BenchmarkError(str(error)) from error


def _plan(home: Path) -> LabPlan:
    root = home / "root"
    root.mkdir()
    options = ["--LabApp.expose_app_in_browser=True"]
    return LabPlan(root=root, state=home, options=options, environment={"HOME": str(home)})


@asynccontextmanager
async def running_tutor(lab: LabServer) -> AsyncIterator[HttpClient]:
    """Our whole service for that server, in this process, and an agent's door to it.

    Raises:
        BenchmarkError: it did not reach the server.
    """
    async with running_beside(lab) as service, HttpClient(service.url, service.api_token) as client:
        yield client


@asynccontextmanager
async def running_beside(lab: LabServer) -> AsyncIterator[RunningService]:
    """Our whole service for that server, in this process.

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
        async with running_service(settings) as service:
            await _ready(service.url)
            yield service


async def _ready(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as http:
        with anyio.move_on_after(START_LIMIT):
            while (await http.get("api/v1/ready")).status_code != httpx.codes.OK:  # noqa: ASYNC110 - HTTP has no event
                await anyio.sleep(0.05)
            return
    raise BenchmarkError(f"the service did not reach JupyterLab within {START_LIMIT:.0f} s")
