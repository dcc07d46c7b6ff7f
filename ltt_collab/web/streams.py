"""Server-sent events of the pages: pieces of HTML as they change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
from anyio.abc import TaskGroup
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEARTBEAT_SECONDS = 15.0
"""A comment that often keeps proxies from taking the stream for dead."""

STALL_SECONDS = 10.0
"""How long one frame may take to leave: whoever reads slower is cut off, and comes back for the last state."""

GOODBYE_SECONDS = 0.5

HEARTBEAT = b": alive\n\n"

_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]


def frame(event: str, data: str) -> bytes:
    """One event; ``data`` may have many lines."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {event}\n{lines}\n".encode()


class EventStream(Response):
    """Sends frames until they end, the browser leaves or stalls, or the service stops.

    Invariants:
        1. A stream ends when ``closing`` is set: the service does not wait for it.
    """

    def __init__(self, frames: AsyncIterator[bytes], closing: anyio.Event) -> None:
        super().__init__()
        self._frames, self._closing = frames, closing
        self._turn = anyio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Run the stream to its end."""
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        await send({"type": "http.response.body", "body": HEARTBEAT, "more_body": True})
        async with anyio.create_task_group() as tasks:
            _first_to_end(tasks, "relay", lambda: self._relay(send))
            _first_to_end(tasks, "heartbeat", lambda: self._beat(send))
            _first_to_end(tasks, "disconnect", lambda: _until_disconnected(receive))
            _first_to_end(tasks, "closing", self._closing.wait)  # invariant 1
        with anyio.move_on_after(GOODBYE_SECONDS, shield=True):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _relay(self, send: Send) -> None:
        async for each in self._frames:
            if not await self._say(send, each):
                return

    async def _beat(self, send: Send) -> None:
        alive = True
        while alive:
            await anyio.sleep(HEARTBEAT_SECONDS)
            alive = await self._say(send, HEARTBEAT)

    async def _say(self, send: Send, each: bytes) -> bool:
        async with self._turn:
            with anyio.move_on_after(STALL_SECONDS):
                await send({"type": "http.response.body", "body": each, "more_body": True})
                return True
        return False


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _first_to_end(tasks: TaskGroup, name: str, step: Callable[[], Awaitable[object]]) -> None:
    """Run a step; the first one to end ends the stream."""

    async def run() -> None:
        await step()
        tasks.cancel_scope.cancel()

    tasks.start_soon(run, name=f"page stream {name}")
