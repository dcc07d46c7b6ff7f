"""One real server and one service, shared by all tests of the MCP door."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.rest import RestClient
from tests.support.jupyter import running_jupyter
from tests.support.mcp_agent import Stage
from tests.support.service import running_service

SETTINGS = {"LTT_INTRODUCE": "false", "LTT_CHAT": "off", "LTT_MCP_CALLS_PER_MINUTE": "0"}


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """As the learner image runs it."""
    home = tmp_path_factory.mktemp("mcp")
    async with (
        running_jupyter(home / "jupyter") as jupyter,
        running_service(jupyter, home / "service", settings=SETTINGS) as service,
    ):
        address = JupyterAddress.parse(jupyter.url, jupyter.token)
        rest = RestClient(address, None)
        async with JupyterKernels(address, rest) as kernels:
            yield Stage(jupyter, service, address, rest, kernels)
        await rest.aclose()
