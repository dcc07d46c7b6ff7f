"""Events as they happen, over Server-Sent Events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ltt_collab.api.problems import problem_body, status_of, wire_bytes
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import LttError
from ltt_collab.model.problems import CODE_KEY, error_to_wire
from ltt_collab.model.wire import event_type, to_wire
from ltt_collab.telemetry.metrics import STREAMS, STREAMS_ENDED

HEARTBEAT_SECONDS = 15.0
"""A comment after so much silence: shorter than the idle limits of usual proxies (30 to 60 s)."""

FIRST_WAIT = 1.0
"""Seconds to wait for the first event of a replay, so that a resume point that is gone gets a status of its own."""

STALL_SECONDS = 30.0
"""A reader that takes nothing for so long is cut off."""

GOODBYE_SECONDS = 0.5
"""For the last bytes of a stream; a stop of the whole service may take 2 s."""

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
]

HEARTBEAT = b": still here\n\n"


class EventStream(Response):
    """Relays events to one reader.

    Invariants:
        1. The subscription stands before the reader sees the status line; an error before that becomes the status.
        2. A stream ends with ``end`` (the room was left for good) or ``error`` (a problem document); one that just
           breaks off may be resumed.
        3. The reader is never waited for without bound: the directory bounds what waits, we bound a stalled send.
    """

    def __init__(
        self,
        events: AsyncIterator[RoomEvent],
        *,
        opening: Mapping[str, Any],
        closing: anyio.Event,
        replays: bool,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> None:
        super().__init__(status_code=200)
        self._events, self._opening, self._closing = events, opening, closing
        self._replays, self._heartbeat = replays, heartbeat
        self._numbered = "after" in opening
        self._begun = self._spoke = False
        self._failure: LttError | None = None
        self._reason = "reader left"
        self._first = anyio.Event()
        self._turn = anyio.Lock()

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Run the stream to its end."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_close, self._events)
            stack.callback(self._count_end)
            await self._run(receive, send)
            if self._failure is not None:
                raise self._failure
            with anyio.move_on_after(GOODBYE_SECONDS, shield=True):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _run(self, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as tasks:
            self._start(tasks, self._relay, send)
            self._start(tasks, self._until_disconnected, receive)
            self._start(tasks, self._until_closing)
            # One pass of the loop lets the relay subscribe (inv. 1).
            await anyio.lowlevel.checkpoint()
            if self._replays:
                with anyio.move_on_after(FIRST_WAIT):
                    await self._first.wait()
            if self._failure is None:
                await self._begin(send)
                self._start(tasks, self._beat, send)

    def _count_end(self) -> None:
        if self._begun:
            STREAMS.dec()
            STREAMS_ENDED.labels(reason=self._reason).inc()

    def _start(self, tasks: TaskGroup, step: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Run a step; the first one to end ends the stream."""

        async def run() -> None:
            await step(*args)
            tasks.cancel_scope.cancel()

        tasks.start_soon(run, name=f"stream {step.__name__.strip('_')}")

    async def _relay(self, send: Send) -> None:
        try:
            async for event in self._events:
                self._first.set()
                await self._begin(send)
                if not await self._say(send, self._frame(event)):
                    return
            last = _frame("end", {"reason": "the room was left for good"})
            self._reason = "room left"
        except LttError as error:
            self._reason = error_to_wire(error)[CODE_KEY]
            if not self._begun:
                self._failure = error  # inv. 1
                self._first.set()
                return
            last = _frame("error", problem_body(status_of(error), error_to_wire(error)))
        await self._begin(send)
        await self._say(send, last)  # inv. 2

    async def _begin(self, send: Send) -> None:
        async with self._turn:
            if self._begun:
                return
            self._begun = True
            STREAMS.inc()
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            opening = _frame("open", self._opening, self._opening.get("after"))
            await send({"type": "http.response.body", "body": opening, "more_body": True})

    async def _say(self, send: Send, frame: bytes) -> bool:
        """Send one whole frame; False when the reader stalled (inv. 3)."""
        async with self._turn:
            self._spoke = True
            with anyio.move_on_after(STALL_SECONDS):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
                return True
        self._reason = "stalled"
        return False

    async def _beat(self, send: Send) -> None:
        alive = True
        while alive:
            self._spoke = False
            await anyio.sleep(self._heartbeat)
            alive = self._spoke or await self._say(send, HEARTBEAT)

    async def _until_disconnected(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _until_closing(self) -> None:
        await self._closing.wait()
        self._reason = "service stopped"

    def _frame(self, event: RoomEvent) -> bytes:
        return _frame(event_type(event), to_wire(event), event.seq if self._numbered else None)


def _frame(event: str, data: Mapping[str, Any], id: int | None = None) -> bytes:
    number = b"" if id is None else b"id: %d\n" % id
    return b"event: %s\n%sdata: %s\n\n" % (event.encode("ascii"), number, wire_bytes(data))


async def _close(events: AsyncIterator[RoomEvent]) -> None:
    if isinstance(events, AsyncGenerator):
        await events.aclose()
