"""Instructors who watch, without a browser: they read a page's stream and note when each frame came.

As a program (``python -m ltt_collab.bench.watchers URL COOKIE NUMBER``) it is that many of them, until it is ended, in
a process of its own, so that what they cost themselves is not counted as the service's.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import httpx
from anyio.streams.text import TextReceiveStream

READY = "watching"


@dataclass(slots=True)
class Watcher:
    """What came: each frame's kind and data, and when (Unix time in seconds)."""

    frames: list[tuple[float, str, str]] = field(default_factory=list)
    ready: anyio.Event = field(default_factory=anyio.Event)

    async def watch(self, url: str, cookie: str) -> None:
        """Read until cancelled."""
        kind = ""
        async with (
            httpx.AsyncClient(timeout=None, headers={"Cookie": cookie}, trust_env=False) as http,
            http.stream("GET", url) as stream,
        ):
            stream.raise_for_status()
            async for line in stream.aiter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.frames.append((time.time(), kind, line))
                self.ready.set()

    def times(self, kind: str, holds: str = "") -> list[float]:
        """When frames of that kind with that in them came."""
        return [at for at, found, data in self.frames if found == kind and holds in data]


@asynccontextmanager
async def watching(url: str, cookie: str) -> AsyncIterator[Watcher]:
    """One watcher, in this process."""
    async with anyio.create_task_group() as tasks:
        watcher = Watcher()
        tasks.start_soon(watcher.watch, url, cookie, name="watch")
        await watcher.ready.wait()
        yield watcher
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def watching_apart(url: str, cookie: str, number: int) -> AsyncIterator[None]:
    """So many watchers, in another process; they are all there when the block begins."""
    command = [sys.executable, "-m", "ltt_collab.bench.watchers", url, cookie, str(number)]
    async with await anyio.open_process(command, stderr=None) as process:
        assert process.stdout is not None
        said = ""
        async for piece in TextReceiveStream(process.stdout):
            said += piece
            if READY in said:
                break
        try:
            yield
        finally:
            process.kill()


async def _run(url: str, cookie: str, number: int) -> None:
    async with anyio.create_task_group() as tasks:
        watchers = [Watcher() for _ in range(number)]
        for watcher in watchers:
            tasks.start_soon(watcher.watch, url, cookie)
        for watcher in watchers:
            await watcher.ready.wait()
        sys.stdout.write(READY + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    anyio.run(_run, sys.argv[1], sys.argv[2], int(sys.argv[3]))
