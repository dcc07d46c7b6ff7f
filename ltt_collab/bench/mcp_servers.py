"""The MCP servers that ``ltt bench mcp`` measures: how each is had, started and asked."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
import tempfile
import venv
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx

from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.lab_server import LabServer
from ltt_collab.bench.lines import LineClient, child_environment
from ltt_collab.bench.measures import PAGE_KIB
from ltt_collab.mcp_bridge.exchange import Answer, Exchange

JUPYTER_MCP_SERVER, MCP_JUPYTER_NOTEBOOK = "jupyter-mcp-server==2.2.4", "mcp-jupyter-notebook==0.10.0"

LIVE_WITHIN = 60.0
END_WITHIN = 10.0
INSTALL_WITHIN = 300.0

Call = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a server is started and asked."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    read: Call
    insert: Call
    execute: Call
    prepare: tuple[Call, ...] = ()


def our_way(service: OurService, path: str) -> Way:
    """``ltt mcp`` before a running service."""
    where = {"notebook_path": path}
    return Way(
        command=(sys.executable, "-m", "ltt_collab", "mcp"),
        environment={"LTT_SERVICE_URL": service.url, "LTT_API_TOKEN": service.token},
        prepare=(("list_notebooks", {}),),
        read=("read_cell", where | {"cell_id": "cell-0"}),
        insert=("insert_cell", where | {"source": "x = 1"}),
        execute=("execute_code", where | {"code": "1+1"}),
    )


def their_way(name: str, python: Path, lab: LabServer, path: str) -> Way:
    """Another server, as its own documentation starts it."""
    base, home = lab.url.rstrip("/"), python.parent
    if name == JUPYTER_MCP_SERVER:
        return Way(
            command=(str(home / "jupyter-mcp-server"), "--transport", "stdio"),
            environment={"JUPYTER_URL": base, "JUPYTER_TOKEN": lab.token, "START_NEW_CODE_SANDBOX": "false"},
            prepare=(("use_notebook", {"notebook_name": "nb", "notebook_path": path}),),
            read=("read_cell", {"cell_index": 0}),
            insert=("insert_cell", {"cell_index": -1, "cell_type": "code", "cell_source": "x = 1"}),
            execute=("execute_code", {"code": "1+1"}),
        )
    where = {"notebook_path": path}
    options = ("--base-url", base, "--token", lab.token, "--notebook-path", path, "--collaboration-mode", "required")
    return Way(
        command=(str(home / "mcp-jupyter-notebook"), *options),
        environment={},
        read=("notebook_cell_read", where | {"cell_index": 0}),
        insert=("notebook_markdown_add", where | {"content": "x = 1"}),  # it inserts no code without running it
        execute=("notebook_code_execute", where | {"code": "1+1"}),
    )


async def installed(name: str) -> Path:
    """The Python of a virtual environment of that server's own, made once under the user's cache folder.

    Raises:
        BenchmarkError
    """
    home = Path.home() / ".cache" / "ltt-collab" / "bench" / name.replace("==", "-")
    python = home / "bin" / "python"
    ready = anyio.Path(home / "ready")
    if await ready.exists():
        return python
    await anyio.to_thread.run_sync(lambda: venv.create(home, with_pip=True))
    with anyio.move_on_after(INSTALL_WITHIN):
        done = await anyio.run_process([str(python), "-m", "pip", "install", "-q", name], check=False)
        if done.returncode == 0:
            await ready.touch()
            return python
    raise BenchmarkError(f"{name} could not be installed")


class OurService:
    """A running ``ltt serve``."""

    def __init__(self, process: anyio.abc.Process, url: str, token: str) -> None:
        self._process, self.url, self.token = process, url, token
        self.http = httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {token}"})

    def resident_mib(self) -> float:
        """MiB of memory that it holds."""
        return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * PAGE_KIB / 1024

    async def until_live(self, path: str) -> None:
        """Return once our peer is in that notebook's room.

        Raises:
            BenchmarkError
        """
        with anyio.move_on_after(LIVE_WITHIN):
            while self._process.returncode is None:
                try:
                    rooms = (await self.http.get("api/v1/rooms")).json()
                except (httpx.TransportError, json.JSONDecodeError):
                    rooms = []
                if any((room["path"], room["state"]) == (path, "live") for room in rooms):
                    return
                await anyio.sleep(0.1)
        raise BenchmarkError(f"our peer was not in the room of {path} within {LIVE_WITHIN:g} s")

    async def milliseconds_in_service(self, tool: str) -> tuple[float, float]:
        """How often a tool was called so far, and the ms that it took in the service in all."""
        said = (await self.http.get("metrics")).text.splitlines()
        found = dict(line.rsplit(" ", 1) for line in said if line.startswith("ltt_agent_call_seconds_"))
        label = f'{{tool="{tool}"}}'
        count, total = (float(found.get(f"ltt_agent_call_seconds_{part}{label}", 0)) for part in ("count", "sum"))
        return count, total * 1000


@asynccontextmanager
async def our_service(lab: LabServer) -> AsyncIterator[OurService]:
    """``ltt serve`` for that server, as an operator starts it, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    token = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        own = {
            "LTT_JUPYTER_URL": lab.url,
            "LTT_JUPYTER_TOKEN": lab.token,
            "LTT_DATABASE_URL": f"sqlite+aiosqlite:///{directory}/bench.sqlite",
            "LTT_API_TOKEN": token,
            "LTT_PORT": str(port),
            "LTT_INTRODUCE": "false",
            "LTT_MCP_CALLS_PER_MINUTE": "0",
        }
        command = (sys.executable, "-m", "ltt_collab", "serve")
        process = await anyio.open_process(
            command,
            env=child_environment(own),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        service = OurService(process, f"http://127.0.0.1:{port}/", token)
        try:
            yield service
        finally:
            with anyio.CancelScope(shield=True):
                await service.http.aclose()
                process.terminate()
                with anyio.move_on_after(END_WITHIN):
                    await process.wait()
                if process.returncode is None:
                    process.kill()
                await process.aclose()


class HttpSession:
    """One MCP session over streamable HTTP on a kept connection, without a client library's own time."""

    def __init__(self, service: OurService) -> None:
        self._exchange = Exchange(f"{service.url}mcp", None)
        self._headers = {
            "authorization": f"Bearer {service.token}",
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
        }
        self._number = 0

    async def introduce(self) -> None:
        """The handshake."""
        info = {"name": "ltt bench", "version": "1"}
        params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": info}
        answer, _ = await self._post({"id": 0, "method": "initialize", "params": params})
        self._headers |= {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": "2025-06-18"}
        await self._post({"method": "notifications/initialized"})

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> None:
        """Call a tool.

        Raises:
            BenchmarkError: the answer is an error.
        """
        self._number += 1
        params = {"name": tool, "arguments": dict(arguments)}
        answer, body = await self._post({"id": self._number, "method": "tools/call", "params": params})
        if answer.status != HTTPStatus.OK or b'"isError":true' in body:
            raise BenchmarkError(f"{tool}: {body[:500].decode(errors='replace')}")

    def close(self) -> None:
        """Hang up."""
        self._exchange.close()

    async def _post(self, message: Mapping[str, Any]) -> tuple[Answer, bytes]:
        connection = await self._exchange.connection()
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        async with self._exchange.asked(connection, "POST", self._headers, body) as answer:
            return answer, await answer.body()


Session = LineClient | HttpSession
