"""A real JupyterLab with real collaboration, as a child process on a free port."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from ltt_collab.lab.notebooks import code_cell, markdown_cell, notebook_json
from ltt_collab.lab.server import LEARNER_CONFIG, Lab, LabPlan, running

__all__ = ["LEARNER_CONFIG", "Jupyter", "code_cell", "free_port", "markdown_cell", "notebook_json", "running_jupyter"]

OUR_PORTS = range(10_000, 32_000)
"""Below those that the system hands out by itself: a kernel's or a connection's port is never taken from here."""

PYTHON = os.environ.get("LTT_TEST_JUPYTER_PYTHON", sys.executable)
"""The interpreter that has JupyterLab and ``ltt-learner``: `.ci/matrix` tries other releases by it."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on, and that nobody gets by chance before our server takes it."""
    while True:
        port = random.choice(OUR_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Jupyter(Lab):
    """One running server, whose every file lies under one directory."""

    def __init__(self, plan: LabPlan) -> None:
        super().__init__(plan)
        headers = {"Authorization": f"token {plan.token}"}
        self.http = httpx.AsyncClient(base_url=plan.url, headers=headers, timeout=10)

    @property
    def root(self) -> Path:
        """What it serves."""
        return self.plan.root

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.plan.port

    @property
    def log(self) -> Path:
        """What it says."""
        return self.plan.log

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

    async def kernels(self) -> list[dict[str, Any]]:
        """The running kernels."""
        return list((await self.http.get("api/kernels")).json())

    async def stop(self, stop_with: signal.Signals = signal.SIGTERM, patience: float = 5.0) -> None:
        """End the server and all its kernels; SIGKILL after ``patience`` seconds."""
        await super().stop(stop_with, patience)


@asynccontextmanager
async def running_jupyter(
    home: Path,
    *,
    stock: bool = False,
    options: Iterable[str] = (),
    extra_environment: Mapping[str, str] | None = None,
    config: Path | None = LEARNER_CONFIG,
) -> AsyncIterator[Jupyter]:
    """Start a JupyterLab whose every file lies under ``home``; ends it, kernels included.

    ``stock``: without our learner extension, as a stranger's server would be.
    """
    root = home / "root"
    root.mkdir(parents=True, exist_ok=True)
    plan = LabPlan(
        root=root,
        state=home,
        port=free_port(),
        options=["--LabApp.expose_app_in_browser=True", *options],
        environment={"HOME": str(home), **(extra_environment or {})},
        config=config,
        is_stock=stock,
        python=PYTHON,
    )
    async with running(Jupyter(plan)) as jupyter, jupyter.http:
        yield jupyter
