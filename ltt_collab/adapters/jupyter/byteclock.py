"""When the last byte came in on a picows socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from picows import WSTransport


class ByteClock(asyncio.BufferedProtocol):
    """Notes when bytes arrive, whole frames or not: a big frame on a slow line is a sign of life as well.

    Stands between the transport and picows, which itself speaks up for whole frames only.
    """

    __slots__ = ("_inner", "_on_goodbye", "_transport", "heard")

    def __init__(self, transport: WSTransport, on_goodbye: Callable[[], None]) -> None:
        """Put a clock between that socket and picows; ``on_goodbye`` is called after reads once a close frame was sent.

        picows itself sends one when a frame breaks the protocol or the cap, and tells nobody.
        """
        socket = transport.underlying_transport
        self._inner: asyncio.BufferedProtocol = socket.get_protocol()  # type: ignore[assignment]
        self._transport = transport
        self._on_goodbye = on_goodbye
        self.heard = time.monotonic()
        socket.set_protocol(self)

    def get_buffer(self, sizehint: int) -> Any:
        """Hand out picows' own buffer."""
        return self._inner.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        """Note the time; picows does the rest."""
        self.heard = time.monotonic()
        self._inner.buffer_updated(nbytes)
        if self._transport.is_close_frame_sent:
            self._on_goodbye()

    def eof_received(self) -> bool | None:
        """Pass on."""
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on."""
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass on."""
        self._inner.resume_writing()
