"""An agent at the MCP door, and a learner's seat for it to work at."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.demo.kernel import running_kernel
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter
from tests.support.learner import Learner, learner_in
from tests.support.service import Service

_numbers = itertools.count()


class Agent:
    """One MCP session; ``call`` gives the data of an answer, whether or not it is an error."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The structured answer."""
        result = await self.client.call_tool(tool, arguments)
        assert result.structured_content is not None, result
        assert ("error" in result.structured_content) == bool(result.is_error), result
        return dict(result.structured_content)

    async def code(self, tool: str, /, **arguments: Any) -> str:
        """The code of the error that a call is answered with; '' when it succeeds."""
        return str((await self.call(tool, **arguments)).get("error", {}).get("code", ""))

    async def text(self, tool: str, /, **arguments: Any) -> str:
        """The texts of the answer."""
        result = await self.client.call_tool(tool, arguments)
        return "\n".join(each.text for each in result.content if each.type == "text")


@asynccontextmanager
async def agent_at(service: Service, token: str | None = None, query: str = "", **more: Any) -> AsyncIterator[Agent]:
    """Open an MCP session with the service."""
    headers = {"Authorization": f"Bearer {token or service.token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(f"{service.url}/mcp{query}", http_client=http), **more) as client,
    ):
        yield Agent(client)


@dataclass
class Seat:
    """A learner in a notebook of their own, in whose room the tutor is."""

    path: str
    learner: Learner
    room: str
    kernel_id: str


@dataclass
class Stage:
    """A Jupyter server, a service for it, and our kernel adapter."""

    jupyter: Jupyter
    service: Service
    address: JupyterAddress
    rest: RestClient
    kernels: JupyterKernels

    @asynccontextmanager
    async def seat(self, *cells: Mapping[str, Any], name: str = "Ada", kernel: bool = False) -> AsyncIterator[Seat]:
        """Sit somebody down at a new notebook; ``kernel``: with a running one, ended in the end."""
        path = f"seat-{next(_numbers)}.ipynb"
        self.jupyter.write_notebook(path, *cells)
        if not kernel:
            async with learner_in(self.jupyter, path, name) as learner:
                yield Seat(path, learner, await self._seen(learner, path), "")
            return
        async with running_kernel(self.address, self.rest, path), learner_in(self.jupyter, path, name) as learner:
            room = await self._seen(learner, path)
            info = await self.kernels.kernel_of(path)
            assert info is not None
            try:
                yield Seat(path, learner, room, info.id)
            finally:
                await self.rest.ask("DELETE", f"api/kernels/{info.id}")

    async def _seen(self, learner: Learner, path: str) -> str:
        """The room, once the tutor is in it and has seen who else is: an agent writes only while somebody is there."""

        async def known() -> str:
            room = await self.service.room(path)
            return str(room["id"]) if room["learner"] == learner.username else ""

        return await eventually(known, what=f"the tutor aware of {learner.username} in {path}")
