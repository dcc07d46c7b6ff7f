"""A child process that speaks MCP on stdio, asked line by line: no client library's time is in the figures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
from anyio.streams.buffered import BufferedByteReceiveStream

from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.measures import PAGE_KIB
from ltt_collab.lab.server import inherited_environment

ANSWER_WITHIN = 60.0
LINE_LIMIT = 16 * 1024 * 1024
END_WITHIN = 5.0


class LineClient:
    """One child and the requests to it, one after the other."""

    def __init__(self, process: anyio.abc.Process) -> None:
        assert process.stdout is not None
        self._process, self._out = process, BufferedByteReceiveStream(process.stdout)
        self._number = 0

    async def introduce(self) -> None:
        """The handshake.

        Raises:
            BenchmarkError
        """
        info = {"name": "ltt bench", "version": "1"}
        await self._ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": info})
        await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The result of a tool call.

        Raises:
            BenchmarkError: it is an error.
        """
        answer = await self._ask("tools/call", {"name": tool, "arguments": dict(arguments)})
        result: dict[str, Any] = answer.get("result", {})
        if "result" not in answer or result.get("isError"):
            raise BenchmarkError(f"{tool}: {json.dumps(answer)[:500]}")
        return result

    def resident_mib(self) -> float:
        """MiB of memory that the child holds."""
        return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * PAGE_KIB / 1024

    async def _ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self._number += 1
        await self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        with anyio.move_on_after(ANSWER_WITHIN):
            while True:
                line = await self._out.receive_until(b"\n", LINE_LIMIT)
                answer: dict[str, Any] = json.loads(line)
                if answer.get("id") == self._number:
                    return answer
        raise BenchmarkError(f"no answer to {method} within {ANSWER_WITHIN:g} s")

    async def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        await self._process.stdin.send(json.dumps(message).encode() + b"\n")


def child_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Our environment less what a user has set for us or for Jupyter, and these settings."""
    return inherited_environment() | dict(settings)


@asynccontextmanager
async def running_line_client(command: Sequence[str], environment: Mapping[str, str]) -> AsyncIterator[LineClient]:
    """Start the child with these settings and none of the user's own; ends it."""
    process = await anyio.open_process(command, env=child_environment(environment), stderr=subprocess.DEVNULL)
    try:
        yield LineClient(process)
    finally:
        with anyio.CancelScope(shield=True):
            if process.stdin is not None:
                await process.stdin.aclose()
            with anyio.move_on_after(END_WITHIN):
                await process.wait()
            if process.returncode is None:
                process.kill()
            await process.aclose()
