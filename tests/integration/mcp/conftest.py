"""One real server and one service, shared by all tests of the MCP door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.rest import RestClient
from tests.support.courses import write_course
from tests.support.jupyter import running_jupyter
from tests.support.mcp_agent import Stage
from tests.support.service import running_service

COURSE_YAML = """\
id: basics
title: Basics
tasks: [mean, packing]
"""

PACKING = {
    "tasks/packing/task.yaml": "title: Packing\nkind: terminal\nreads_terminal: true\n"
    "checks:\n  - name: a list\n    file: packing.txt\n",
    "tasks/packing/notebook.md": "# Packing\n\n```python work id=packing-work\n# Say when you are ready.\n```\n",
    "tasks/packing/reference.sh": "echo tent > packing.txt\n",
}
"""A task whose terminal is read, beside one of Python."""

SETTINGS = {"LTT_INTRODUCE": "false", "LTT_CHAT": "off", "LTT_MCP_CALLS_PER_MINUTE": "0"}


@asynccontextmanager
async def running_stage(home: Path, **settings: str) -> AsyncIterator[Stage]:
    """As the learner image runs it, with a small course."""
    course = write_course(home / "course", course=COURSE_YAML)
    for name, content in PACKING.items():
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text(content)
    given = SETTINGS | {"LTT_COURSE": str(course)} | settings
    async with (
        running_jupyter(home / "jupyter") as jupyter,
        running_service(jupyter, home / "service", settings=given) as service,
    ):
        address = JupyterAddress.parse(jupyter.url, jupyter.token)
        rest = RestClient(address, None)
        async with JupyterKernels(address, rest) as kernels:
            yield Stage(jupyter, service, address, rest, kernels)
        await rest.aclose()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The stage of all tests that need no setting of their own."""
    async with running_stage(tmp_path_factory.mktemp("mcp")) as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def allowing_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One whose operator lets agents edit learners' cells."""
    async with running_stage(tmp_path_factory.mktemp("allowing"), LTT_AGENTS_EDIT_LEARNER_CELLS="true") as running:
        yield running
