"""``ltt mcp``: MCP on stdin and stdout, handed on to the service's ``/mcp``.

``initialize``, ``ping`` and ``tools/list`` are answered here, with nothing configured or reachable; so this module
imports as little as it can, and the service is looked for with the first call. What is handed on, is so as it came: the
messages of the service's own session, progress and changes included, go to stdout one by one.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from ltt_collab import __version__
from ltt_collab.mcp_bridge.catalogue import INSTRUCTIONS, SERVER_NAME, Compat, tools_of

if TYPE_CHECKING:
    from ltt_collab.mcp_bridge.upstream import Upstream

HANDSHAKES = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Protocol versions that begin with ``initialize``, newest first. Newer ones ask ``server/discover`` first, hear that
there is no such method here, and fall back to it."""

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INTERNAL_ERROR = -32700, -32600, -32601, -32603

PIPE_BYTES = 65_536

LAST_ANSWERS = 5.0
"""Seconds for what is still under way when stdin has ended: whoever pipes a call in wants its answer."""

JOIN_AGAIN = 1.0

GOODBYE = 2.0
"""Seconds to end the service's session when stdin has ended."""

Message = dict[str, Any]
Connect = Callable[[Compat, Message], "AbstractAsyncContextManager[Upstream]"]
"""Finds the service and opens a session there, as the client introduced itself.

Raises:
    Exception: it cannot be had; the text says why and what to do.
"""


class Lines(Protocol):
    """Where messages come from and go to, a line each."""

    def read(self) -> AsyncIterator[bytes]:
        """The lines until the client is done."""
        ...

    def write(self, line: bytes) -> None:
        """Send a line."""
        ...


class Stdio:
    """Lines of this process's stdin and stdout."""

    def __init__(self) -> None:
        self._in: BinaryIO = sys.stdin.buffer
        self._out: BinaryIO = sys.stdout.buffer
        # Whoever prints now, as a library might, must not break into the protocol.
        sys.stdout = sys.stderr

    async def read(self) -> AsyncIterator[bytes]:
        """The lines until stdin ends."""
        if not self._is_pipe():
            while line := await anyio.to_thread.run_sync(self._in.readline, abandon_on_cancel=True):
                yield line
            return
        # Without a thread: two of them that hand one line to each other cost more than all the rest of a call.
        handle, rest = self._in.fileno(), b""
        while True:
            await anyio.wait_readable(handle)
            piece = os.read(handle, PIPE_BYTES)
            if not piece:
                break
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line
        if rest:
            yield rest

    def _is_pipe(self) -> bool:
        mode = os.fstat(self._in.fileno()).st_mode
        return sys.platform != "win32" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))

    def write(self, line: bytes) -> None:
        """Send a line at once; a client that reads nothing holds up nobody but itself."""
        self._out.write(line + b"\n")
        self._out.flush()


class Relay:
    """One client on one pair of streams.

    Invariants:
        1. Every request is answered once, by us or by the service.
        2. The service is looked for by the first request that needs it, and again after that failed.
        3. A session that the service has forgotten is opened anew; the request that found it so is sent again, for it
           was not carried out.
        4. What the client subscribed to is subscribed to again in the new session, at once: it has no reason to ask.
        5. When the client says no more, what it asked before is answered, if it takes no more than ``LAST_ANSWERS``.
    """

    def __init__(self, lines: Lines, compat: Compat, connect: Connect) -> None:
        self._lines, self._compat, self._connect = lines, compat, connect
        self._introduction: Message = {"protocolVersion": HANDSHAKES[0], "capabilities": {}, "clientInfo": _SELF}
        self._upstream: Upstream | None = None
        self._joining = anyio.Lock()
        self._subscribed: dict[str, None] = {}
        self._asked = 0
        self._answered = anyio.Event()
        self._done = anyio.Event()

    async def run(self) -> None:
        """Serve until the client is done."""
        async with anyio.create_task_group() as tasks:
            async for line in self._lines.read():
                self._take(line, tasks)
            with anyio.move_on_after(LAST_ANSWERS):  # invariant 5
                while self._asked:
                    self._answered = anyio.Event()
                    await self._answered.wait()
            self._done.set()
            with anyio.move_on_after(GOODBYE, shield=True):
                if self._upstream is not None:
                    await self._upstream.end()
            tasks.cancel_scope.cancel()

    def _take(self, line: bytes, tasks: TaskGroup) -> None:
        if not line.strip():
            return
        try:
            message = json.loads(line)
        except ValueError:
            self._say({"id": None, "error": {"code": PARSE_ERROR, "message": "not JSON; send one message a line"}})
            return
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            self._say({"id": None, "error": {"code": INVALID_REQUEST, "message": "not a JSON-RPC request"}})
            return
        if "id" in message:
            answer = self._own_answer(message)
            if answer is not None:
                self._say({"id": message["id"], **answer})
                return
        elif self._upstream is None:
            return  # a notification about a session that is not there yet
        self._asked += "id" in message
        tasks.start_soon(self._hand_on, message, line, tasks, name=f"relay {message['method']}")

    def _own_answer(self, message: Message) -> Message | None:
        """What we answer ourselves; None: the service does."""
        match message["method"]:
            case "initialize":
                given = message.get("params")
                params: Message = given if isinstance(given, dict) else {}
                asked = params.get("protocolVersion")
                version = asked if asked in HANDSHAKES else HANDSHAKES[0]
                self._introduction = {**self._introduction, **params, "protocolVersion": version}
                return {"result": _introduction(version)}
            case "ping":
                return {"result": {}}
            case "tools/list":
                return {"result": {"tools": tools_of(self._compat)}}
            case "server/discover":
                return {"error": {"code": METHOD_NOT_FOUND, "message": "begin with initialize"}}
            case _:
                return None

    async def _hand_on(self, message: Message, line: bytes, tasks: TaskGroup) -> None:
        try:
            upstream = await self._joined(tasks)
            if not await upstream.send(line, self._pass_on):
                if self._upstream is upstream:  # else another request has opened a new one meanwhile
                    self._upstream = None
                upstream = await self._joined(tasks)  # invariant 3
                if not await upstream.send(line, self._pass_on):
                    raise ConnectionError("the service forgets its sessions at once; is more than one behind that URL?")
            self._note(message)
        # The one boundary of this door: whatever keeps us from the service is the client's answer. We know no error
        # classes here, for what defines them is imported with the first call only.
        except Exception as error:  # noqa: BLE001
            if "id" in message:
                self._say({"id": message["id"], **_failure(message, error)})
        finally:
            self._asked -= "id" in message
            self._answered.set()

    def _note(self, message: Message) -> None:
        match message:
            case {"method": "resources/subscribe", "params": {"uri": str() as uri}}:
                self._subscribed[uri] = None
            case {"method": "resources/unsubscribe", "params": {"uri": str() as uri}}:
                self._subscribed.pop(uri, None)

    async def _joined(self, tasks: TaskGroup) -> Upstream:
        async with self._joining:
            if self._upstream is None:  # invariant 2
                found: list[Upstream | Exception] = []
                ready = anyio.Event()
                tasks.start_soon(self._stay, found, ready, name="service")
                await ready.wait()
                if isinstance(found[0], Exception):
                    raise found[0]
                for number, uri in enumerate(self._subscribed):  # invariant 4
                    await found[0].send(_subscription(number, uri), _unheard)
                self._upstream = found[0]
                tasks.start_soon(self._listen, self._upstream, tasks, name="changes")
            return self._upstream

    async def _listen(self, upstream: Upstream, tasks: TaskGroup) -> None:
        await upstream.listen(self._pass_on)
        if self._upstream is upstream:
            self._upstream = None
        while self._subscribed and self._upstream is None:
            # As in ``_hand_on``: nobody asked, so nobody is told; it is tried until it goes well.
            try:
                await self._joined(tasks)
            except Exception:  # noqa: BLE001
                await anyio.sleep(JOIN_AGAIN)

    async def _stay(self, found: list[Upstream | Exception], ready: anyio.Event) -> None:
        """Hold the connection, and a service of our own if it takes one, until the client is done."""
        try:
            async with self._connect(self._compat, self._introduction) as upstream:
                found.append(upstream)
                ready.set()
                await self._done.wait()
        except Exception as error:  # as above: told to whoever waits
            if ready.is_set():
                raise
            found.append(error)
            ready.set()

    def _pass_on(self, message: bytes) -> None:
        # JSON has line ends between its parts only.
        self._lines.write(message.replace(b"\n", b" ") if b"\n" in message else message)

    def _say(self, message: Message) -> None:
        said = {"jsonrpc": "2.0", **message}
        self._pass_on(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())


def _subscription(number: int, uri: str) -> bytes:
    request = {"jsonrpc": "2.0", "id": f"ltt-mcp-{number}", "method": "resources/subscribe", "params": {"uri": uri}}
    return json.dumps(request).encode()


def _unheard(_message: bytes) -> None: ...


_SELF = {"name": "ltt mcp", "version": __version__}


def _introduction(version: str) -> Message:
    return {
        "protocolVersion": version,
        "capabilities": {"tools": {"listChanged": False}, "resources": {"subscribe": True, "listChanged": False}},
        "serverInfo": {"name": SERVER_NAME, "version": __version__},
        "instructions": INSTRUCTIONS,
    }


def _failure(message: Message, error: Exception) -> Message:
    """A failed tool call is a result that says so: a model reads results, and may tell its user what to do."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    # Imported by whoever raised it, not with this module.
    from ltt_collab.model.errors import ServiceError  # noqa: PLC0415
    from ltt_collab.model.problems import problem_code  # noqa: PLC0415

    code = problem_code(type(error)) if isinstance(error, ServiceError) else "service_unreachable"
    said = f"{code}: {error}"
    if message["method"] == "tools/call":
        data = {"error": {"code": code, "detail": str(error)}}
        return {"result": {"content": [{"type": "text", "text": said}], "structuredContent": data, "isError": True}}
    return {"error": {"code": INTERNAL_ERROR, "message": said}}
