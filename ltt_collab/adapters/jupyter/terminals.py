"""The terminals of one learner's Jupyter server, as ``ports.terminals.Terminals``."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import anyio
import anyio.to_thread

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.channel_options import ChannelCounts, ChannelOptions
from ltt_collab.adapters.jupyter.channels import SocketChannel
from ltt_collab.adapters.jupyter.dialing import open_channel
from ltt_collab.adapters.jupyter.rest import RestClient, system_tls
from ltt_collab.adapters.jupyter.terminals_screen import KEPT_CHARACTERS, as_screen
from ltt_collab.model.errors import RoomError, TerminalError
from ltt_collab.ports.rooms import ChannelClosed

TERMINALS = "api/terminals"

SETUP_SECONDS = 5.0
"""For the server to greet us: it does so as soon as the socket is open."""

QUIET_SECONDS = 0.15
"""A server sends what a terminal showed in one piece after its greeting; when nothing comes, that was all."""

LONGEST_READ_SECONDS = 2.0
"""For a terminal that never stops printing."""


class JupyterTerminals:
    """Creates, lists, reads, writes and closes them.

    Invariants:
        1. We never tell a size: a learner's terminal keeps the one that its window has.
        2. No learner's text enters a message or a log.
    """

    def __init__(self, address: JupyterAddress, rest: RestClient, *, tls: ssl.SSLContext | None = None) -> None:
        """``rest`` stays its owner's; ``tls`` None: the machine's own certificate authorities."""
        if address.is_secure and tls is None:
            tls = system_tls()
        self._address, self._rest = address, rest
        self._options = ChannelOptions(counts=ChannelCounts(), tls=tls, text=True)

    async def names(self) -> Sequence[str]:
        """The open terminals.

        Raises:
            TerminalError
        """
        said = await self._ask("GET", TERMINALS, "")
        return [str(each["name"]) for each in said if "name" in each] if isinstance(said, list) else []

    async def create(self) -> str:
        """A new terminal; its name.

        Raises:
            TerminalError
        """
        said = await self._ask("POST", TERMINALS, "")
        if not isinstance(said, dict) or not said.get("name"):
            raise TerminalError("", "the server's answer names no terminal")
        return str(said["name"])

    async def read(self, name: str) -> str:
        """The recent screen and scrollback as plain text.

        Raises:
            TerminalError
        """
        async with self._open(name) as (_channel, ear):
            with anyio.move_on_after(LONGEST_READ_SECONDS):
                await ear.until_quiet()
            text = ear.text
        return await anyio.to_thread.run_sync(as_screen, text)

    async def write(self, name: str, text: str) -> None:
        """Type into it.

        Raises:
            TerminalError
        """
        async with self._open(name) as (channel, _ear):
            # The farewell follows on the same stream, so the server has read this before it.
            channel.send(json.dumps(["stdin", text]).encode())

    async def close(self, name: str) -> None:
        """End a terminal.

        Raises:
            TerminalError
        """
        await self._ask("DELETE", _of(name), name)

    @asynccontextmanager
    async def _open(self, name: str) -> AsyncGenerator[tuple[SocketChannel, _Ear]]:
        ear = _Ear()
        url = self._address.websocket(f"terminals/websocket/{quote(name, safe='')}")
        with _as_terminal_errors(name):
            channel = await open_channel(url, self._address.token.headers(), ear, self._options)
        try:
            with anyio.move_on_after(SETUP_SECONDS):
                await ear.greeted.wait()
            if not ear.greeted.is_set() or ear.has_ended:
                raise TerminalError(name, "it ended, or its server does not greet us; is it still open?")
            yield channel, ear
        finally:
            channel.close()

    async def _ask(self, method: str, target: str, name: str) -> Any:
        with _as_terminal_errors(name):
            return (await self._rest.demand(method, target)).json()


class _Ear:
    """Takes in what a terminal prints, the latest ``KEPT_CHARACTERS`` of it."""

    def __init__(self) -> None:
        self.greeted = anyio.Event()
        self.has_ended = False
        self.text = ""
        self._news = anyio.Event()

    def frame_received(self, frame: bytes) -> None:
        """Read one message: a JSON list whose first item says what it is."""
        try:
            said = json.loads(frame)
        except ValueError:
            return
        match said:
            case ["stdout", str() as text]:
                self.text = (self.text + text)[-KEPT_CHARACTERS:]
                self._news.set()
            case ["disconnect", *_]:
                self.has_ended = True
        self.greeted.set()

    def channel_closed(self, _closed: ChannelClosed) -> None:
        """Nothing more comes."""
        self.has_ended = True
        self.greeted.set()
        self._news.set()

    async def until_quiet(self) -> None:
        """Return when nothing has come for a moment."""
        while not self.has_ended:
            with anyio.move_on_after(QUIET_SECONDS) as quiet:
                await self._news.wait()
            if quiet.cancelled_caught:
                return
            self._news = anyio.Event()


@contextmanager
def _as_terminal_errors(name: str) -> Iterator[None]:
    try:
        yield
    except RoomError as error:
        if getattr(error, "status", None) == HTTPStatus.NOT_FOUND:
            raise TerminalError(name, "there is no such terminal; is it still open?") from None
        raise TerminalError(name, str(error)) from error


def _of(name: str) -> str:
    return f"{TERMINALS}/{quote(name, safe='')}"
