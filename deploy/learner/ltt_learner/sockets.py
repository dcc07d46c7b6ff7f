"""The server's connections: small frames leave at once, and all of them can be ended.

Tornado turns Nagle's algorithm back on after each HTTP response, the WebSocket handshake's included, and with the
client's delayed acknowledgement a kernel's second small frame then waits about 40 ms.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol
from weakref import WeakSet

from tornado.iostream import IOStream


class StreamServer(Protocol):
    """What we need of Tornado's ``TCPServer``: its documented extension point."""

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> Awaitable[None] | None:
        """Serve a new connection."""


class PromptSockets:
    """Keeps ``TCP_NODELAY`` on every connection that a server accepts from now on.

    The hook is ``handle_stream`` of this one server object: it reaches kernel channels, rooms, terminals and events
    alike, and changes no class.
    """

    def __init__(self) -> None:
        self._streams: WeakSet[IOStream] = WeakSet()
        self.accepted = 0
        self.installed = False

    def watch(self, server: StreamServer) -> None:
        """Begin with the connections that this server accepts next."""
        serve = server.handle_stream

        def handle_stream(stream: IOStream, address: tuple[Any, ...]) -> Awaitable[None] | None:
            self._keep_prompt(stream)
            return serve(stream, address)

        server.handle_stream = handle_stream  # type: ignore[method-assign]
        self.installed = True

    def close_all(self) -> int:
        """End every open connection without a goodbye; how many there were."""
        still_open = [stream for stream in self._streams if not stream.closed()]
        for stream in still_open:
            stream.close()
        return len(still_open)

    def _keep_prompt(self, stream: IOStream) -> None:
        set_nodelay = stream.set_nodelay

        def stay_prompt(_value: bool) -> None:
            set_nodelay(True)

        stream.set_nodelay = stay_prompt  # type: ignore[method-assign, assignment]
        stream.set_nodelay(True)
        self._streams.add(stream)
        self.accepted += 1
