"""A kernel run through the Jupyter server, as a browser runs it."""

from __future__ import annotations

import json
import secrets
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.channel_options import ChannelCounts, ChannelOptions
from ltt_collab.adapters.jupyter.dialing import open_channel
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.model.errors import DemoError
from ltt_collab.ports.rooms import Channel, ChannelClosed

OUTPUTS = frozenset({"stream", "error", "execute_result", "display_data"})
"""Messages that are outputs of a cell."""

PROTOCOL = "5.3"
"""Version of Jupyter's message protocol that we speak."""

WAITING = 1_000
"""Messages of the kernel that may wait for us, of about five a run; what comes over it is dropped."""

Message = Mapping[str, Any]


class _Inbox:
    """Takes in what the kernel's socket brings."""

    def __init__(self, messages: MemoryObjectSendStream[Message]) -> None:
        self._messages = messages

    def frame_received(self, frame: bytes) -> None:
        """Keep one message; what we do not wait for is dropped."""
        with suppress(ValueError, anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._messages.send_nowait(json.loads(frame))

    def channel_closed(self, _closed: ChannelClosed) -> None:
        """Let whoever waits know."""
        self._messages.close()


class Kernel:
    """One running kernel and our connection to it."""

    def __init__(self, channel: Channel, messages: MemoryObjectReceiveStream[Message], session: str) -> None:
        self._channel, self._messages, self._session = channel, messages, session

    async def run(self, source: str) -> AsyncIterator[Message]:
        """Execute; the messages about it as they come, up to the one that says idle.

        Raises:
            DemoError: the connection was lost.
        """
        header = {
            "msg_id": secrets.token_hex(16),
            "session": self._session,
            "username": "",
            "date": "",
            "msg_type": "execute_request",
            "version": PROTOCOL,
        }
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        request = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self._channel.send(_framed(request))
        async for message in self._messages:
            if message.get("parent_header", {}).get("msg_id") != header["msg_id"]:
                continue
            yield message
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return
        raise DemoError("the connection to the kernel was lost", "see JupyterLab's log")


@asynccontextmanager
async def running_kernel(address: JupyterAddress, rest: RestClient, path: str) -> AsyncIterator[Kernel]:
    """Start the notebook's kernel and connect to it; closes the connection, the kernel stays as a browser leaves it.

    Raises:
        RoomUnreachableError, RoomRefusedError
    """
    body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    kernel = (await rest.demand("POST", "api/sessions", body=body)).json()["kernel"]["id"]
    session = secrets.token_hex(16)
    send, receive = anyio.create_memory_object_stream[Message](WAITING)
    channel = await open_channel(
        address.websocket(f"api/kernels/{kernel}/channels?session_id={session}"),
        address.token.headers(),
        _Inbox(send),
        ChannelOptions(counts=ChannelCounts(), text=True),
    )
    try:
        with receive:
            yield Kernel(channel, receive, session)
    finally:
        channel.close()
        send.close()


def _framed(message: Message) -> bytes:
    """A message as jupyter_server reads it from a binary frame: number of parts, offsets, parts."""
    text = json.dumps(message).encode()
    return struct.pack("!iI", 1, 8) + text
