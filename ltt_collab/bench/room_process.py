"""The room server of ``ltt bench rooms``, which runs in another process."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import anyio
from anyio.abc import Process
from anyio.streams.text import TextReceiveStream

from ltt_collab.bench.room_server import Order


class RoomServerProcess:
    """The other process: says its port, types on order."""

    def __init__(self, process: Process, lines: AsyncIterator[str], port: int, times: Path) -> None:
        assert process.stdin is not None
        self._stdin = process.stdin
        self._lines = lines
        self._times = times
        self.url = f"http://127.0.0.1:{port}/"

    async def type(self, *, rooms: int, rate: float, first: int, count: int) -> tuple[list[float], float]:
        """Let people type; returns when each keystroke was sent, and the generator's lateness in ms (p99)."""
        await anyio.Path(self._times).write_bytes(bytes(8 * rooms * count))
        order = Order(rooms=rooms, rate=rate, first=first, count=count, times=str(self._times))
        await self._stdin.send(json.dumps(asdict(order)).encode() + b"\n")
        answer = json.loads(await anext(self._lines))
        sent = memoryview(await anyio.Path(self._times).read_bytes()).cast("d")
        return list(sent), float(answer["late_p99_ms"])


@asynccontextmanager
async def running_room_server(cells: int, keystrokes: int) -> AsyncIterator[RoomServerProcess]:
    """Start the other process; it ends with the block."""
    command = [sys.executable, "-m", "ltt_collab.bench.room_server", str(cells), str(keystrokes)]
    with tempfile.TemporaryDirectory() as directory:
        async with await anyio.open_process(command, stderr=None) as process:
            assert process.stdout is not None
            lines = _lines(TextReceiveStream(process.stdout))
            port = int(json.loads(await anext(lines))["port"])
            try:
                yield RoomServerProcess(process, lines, port, Path(directory) / "times")
            finally:
                process.kill()


async def _lines(chunks: TextReceiveStream) -> AsyncIterator[str]:
    rest = ""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split("\n")
        for line in whole:
            yield line
