"""The messages to and from one kernel over its sockets: what was asked finds its answers, all of it bounded."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import zmq
import zmq.asyncio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from ltt_collab.adapters.sandbox.signing import Message, Signer

MESSAGE_BYTES = 16 << 20
"""A larger message ends the connection to its sender: nobody's output is worth our memory."""

QUEUED = 1000
"""Messages that wait at a socket; a kernel that sends more loses them (its own socket drops them)."""

_PORTS = {"shell": 1, "iopub": 2, "control": 4}


class Wire:
    """Sends requests to one kernel and hands each one's replies and outputs to who asked.

    A learner's code can sign messages like the kernel, so nothing that arrives is trusted beyond its size and shape.
    """

    def __init__(self, sockets: str, key: str) -> None:
        self._context = zmq.asyncio.Context(io_threads=1)
        self._signer = Signer(key)
        self._shell = self._dial(zmq.DEALER, sockets, "shell")
        self._control = self._dial(zmq.DEALER, sockets, "control")
        self._iopub = self._dial(zmq.SUB, sockets, "iopub")
        self._iopub.subscribe(b"")
        self._asked: dict[str, MemoryObjectSendStream[Message]] = {}

    def _dial(self, kind: int, sockets: str, channel: str) -> zmq.asyncio.Socket:
        socket: zmq.asyncio.Socket = self._context.socket(kind)
        socket.linger = 0
        socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES)
        socket.setsockopt(zmq.RECONNECT_IVL, 10)
        socket.set_hwm(QUEUED)
        socket.connect(f"ipc://{sockets}-{_PORTS[channel]}")
        return socket

    @asynccontextmanager
    async def ask(self, kind: str, content: Message) -> AsyncIterator[MemoryObjectReceiveStream[Message]]:
        """Send a request; what comes back for it, on any channel, until the block ends."""
        send, receive = anyio.create_memory_object_stream[Message](math.inf)  # bounded by who reads: see SandboxKernel
        name, frames = self._signer.pack(kind, content)
        self._asked[name] = send
        try:
            await self._shell.send_multipart(frames)
            yield receive
        finally:
            self._asked.pop(name, None)
            send.close()
            receive.close()

    async def order(self, kind: str) -> None:
        """Send a request on the control channel and do not wait for its reply."""
        await self._control.send_multipart(self._signer.pack(kind, {})[1])

    async def listen(self) -> None:
        """Read both sockets until cancelled."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._read, self._shell, name="sandbox kernel's replies")
            group.start_soon(self._read, self._iopub, name="sandbox kernel's outputs")
            group.start_soon(self._read, self._control, name="sandbox kernel's control")

    async def _read(self, socket: zmq.asyncio.Socket) -> None:
        while True:
            frames = await socket.recv_multipart()
            try:
                message = self._signer.unpack(frames)
            except (ValueError, RecursionError):
                continue  # not signed, or no message at all: the learner's doing, and no reason to stop listening
            asked = self._asked.get(message["parent"])
            if asked is not None:
                asked.send_nowait(message)

    def close(self) -> None:
        """Let go of the sockets."""
        self._context.destroy(linger=0)
