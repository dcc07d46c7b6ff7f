"""A room's socket: picows callbacks in, ``ports.rooms.Channel`` out, no task per room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from ltt_collab.adapters.jupyter.byteclock import ByteClock
from ltt_collab.adapters.jupyter.channel_options import ChannelOptions
from ltt_collab.adapters.jupyter.picows_gaps import acknowledge_at_once, close_reason, retrieve_failure
from ltt_collab.ports.rooms import ChannelClosed, ChannelListener

CLOSE_LIMIT = 2.0
"""Seconds that a dead peer may keep a closing socket: longer than any honest round trip, shorter than a rejoin."""

NO_CODE = 1005
"""RFC 6455, 7.1.5: the other side sent a close frame without a code."""

BINARY = WSMsgType.BINARY
"""Looked up once: an attribute of an enumeration costs each frame as much as the comparison."""

T = TypeVar("T")

OK, PROTOCOL_ERROR, TOO_BIG, INTERNAL_ERROR = 1000, 1002, 1009, 1011

log = structlog.get_logger(__name__)


class SocketChannel(WSListener):
    """One WebSocket, from dial to end.

    Invariants:
        1. The listener hears nothing before ``dial`` has returned: it must know its channel to be able to answer.
        2. ``channel_closed`` comes exactly once, and nothing after it.
        3. No exception of a listener reaches the event loop: it is counted and ends this channel.
        4. A message never exceeds the cap, in however many fragments it comes.
        5. Once closing, the end comes within ``CLOSE_LIMIT``, even from a dead peer.
    """

    __slots__ = (
        "_abort",
        "_bytes",
        "_closing",
        "_end",
        "_ended",
        "_held",
        "_listener",
        "_muted",
        "_on_end",
        "_options",
        "_parts",
        "_parts_size",
        "_transport",
    )

    def __init__(self, listener: ChannelListener, options: ChannelOptions) -> None:
        self._listener = listener
        self._options = options
        self._transport: WSTransport | None = None
        self._bytes: ByteClock | None = None
        self._held: list[bytes] | None = []
        self._parts: list[bytes] = []
        self._parts_size = 0
        self._closing: ChannelClosed | None = None
        self._muted = False
        self._end: ChannelClosed | None = None
        self._ended = False
        self._abort: asyncio.TimerHandle | None = None
        self._on_end: Callable[[], None] | None = None

    def __repr__(self) -> str:
        return f"<SocketChannel {'closed' if self._end or self._closing else 'open'}>"

    # What the owner does.

    def send(self, frame: bytes) -> None:
        """Queue one binary message; dropped once the channel is closing or closed."""
        if self._transport is not None and self._closing is None and self._end is None:
            self._transport.send(WSMsgType.BINARY, frame)

    def ping(self) -> None:
        """Ask the other side for a sign of life."""
        if self._transport is not None and self._closing is None and self._end is None:
            self._transport.send_ping()

    def close(self, code: int = OK, reason: str = "") -> None:
        """Begin to close; ``channel_closed`` follows with this code and reason."""
        if self._closing is None and self._end is None:
            self._closing = ChannelClosed(code=code, reason=reason)
            # After the other side's goodbye what it said before is still heard; after our own, nothing.
            self._muted = True
            self._hang_up(code, reason)
            self._ended_for_owner()

    @property
    def last_heard(self) -> float:
        """``time.monotonic()`` of the last byte from the other side."""
        return self._bytes.heard if self._bytes is not None else 0.0

    @property
    def unsent_bytes(self) -> int:
        """Bytes waiting in our send buffer."""
        if self._transport is None or self._end is not None:
            return 0
        return int(self._transport.underlying_transport.get_write_buffer_size())

    # What the dialer does.

    @property
    def is_connected(self) -> bool:
        """Whether the upgrade succeeded; picows returns without an error when the peer hangs up in the middle."""
        return self._transport is not None

    @property
    def has_begun(self) -> bool:
        """Whether the owner has it."""
        return self._bytes is not None

    def begin(self, on_end: Callable[[], None] | None) -> None:
        """Take over from the dialer; the listener is served from the next turn of the loop on (invariant 1)."""
        assert self._transport is not None
        self._on_end = on_end
        self._bytes = ByteClock(self._transport, self._note_violation)
        self._note_violation()
        asyncio.get_running_loop().call_soon(self._release)

    def abandon(self) -> None:
        """Make sure that a socket nobody waits for any more is not kept, nor heard."""
        self._closing = ChannelClosed(code=None, reason="abandoned")
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    # What picows calls.

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the transport."""
        self._transport = transport
        if self._closing is not None:
            transport.disconnect(graceful=False)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Sort one frame; whole messages go to the listener."""
        kind = frame.msg_type
        if (
            kind == BINARY
            and frame.fin
            and self._held is None
            and self._closing is None
            and not (self._parts or transport.is_close_frame_sent or frame.rsv1 or frame.rsv2 or frame.rsv3)
        ):
            # The hot path, a keystroke: nothing of what is sorted out below.
            try:
                self._listener.frame_received(frame.get_payload_as_bytes())
            except BaseException as error:  # noqa: BLE001 - invariant 3
                self._listener_failed(error)
            return
        if self._options.prompt:
            acknowledge_at_once(transport)
        self._note_violation()  # picows goes on to deliver what it has just refused, if it comes at once
        if kind == WSMsgType.CLOSE:
            self._peer_closes(frame.get_payload_as_bytes())
        elif self._closing is not None or kind in (WSMsgType.PING, WSMsgType.PONG):
            return  # our own farewell is under way, or a sign of life that ByteClock has noted
        elif frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._refuse(PROTOCOL_ERROR, "reserved bits are set")
        elif (kind == WSMsgType.CONTINUATION) != bool(self._parts):
            self._refuse(PROTOCOL_ERROR, "fragments out of order")
        elif kind == WSMsgType.TEXT and not self._options.text:
            # Only counted: no room speaks in text, but a server that adds such a message must not lose us.
            self._options.counts.refused_frames += 1
        elif frame.fin and not self._parts:
            self._bring(frame.get_payload_as_bytes())
        else:
            self._gather(frame.get_payload_as_bytes(), is_last=bool(frame.fin))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Learn that the socket is gone."""
        self._note_violation()
        if self._abort is not None:
            self._abort.cancel()
        asyncio.get_running_loop().call_soon(retrieve_failure, transport)
        self._end = self._closing or ChannelClosed(code=None, reason="connection lost")
        self._parts.clear()
        if self._held is None:
            self._say_end()

    def pause_writing(self) -> None:
        """Nothing: the owner looks at ``unsent_bytes``."""

    def resume_writing(self) -> None:
        """Nothing: the owner looks at ``unsent_bytes``."""

    # Within.

    def _release(self) -> None:
        held, self._held = self._held or [], None
        for frame in held:
            self._bring(frame)
        if self._end is not None:
            self._say_end()

    def _bring(self, frame: bytes) -> None:
        if self._held is not None:
            # A turn or two of the loop: bounded by the cap all the same (overflow: the channel is refused).
            if sum(map(len, self._held)) + len(frame) > self._options.cap:
                self._refuse(TOO_BIG, "too much before the first answer")
            else:
                self._held.append(frame)
        elif not self._muted:
            self._call(self._listener.frame_received, frame)

    def _gather(self, part: bytes, *, is_last: bool) -> None:
        self._parts_size += len(part)
        if self._parts_size > self._options.cap:
            self._refuse(TOO_BIG, f"a message of more than {self._options.cap} bytes")
            return
        # An empty first fragment still opens a message: keep it, `_parts` tells that one is open.
        self._parts.append(part)
        if is_last:
            whole, self._parts, self._parts_size = b"".join(self._parts), [], 0
            self._bring(whole)

    def _peer_closes(self, payload: bytes) -> None:
        if self._closing is None:
            code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else NO_CODE
            self._closing = ChannelClosed(code=code, reason=payload[2:].decode(errors="replace"))
            self._hang_up(OK if code == NO_CODE else code, "")
            self._ended_for_owner()
        if self._transport is not None:
            self._transport.disconnect()

    def _refuse(self, code: int, what: str) -> None:
        self._options.counts.refused_frames += 1
        self._parts.clear()
        self.close(code, what)

    def _note_violation(self) -> None:
        """Learn of a goodbye that picows itself said, to an oversized or malformed frame; nothing more is heard."""
        if self._closing is not None or self._transport is None or not self._transport.is_close_frame_sent:
            return
        sent = self._transport.close_handshake.sent
        assert sent is not None
        self._options.counts.refused_frames += 1
        self._closing = ChannelClosed(code=int(sent.code), reason=sent.reason)  # type: ignore[call-overload]
        self._muted = True
        self._abort_in_time(self._transport)
        self._ended_for_owner()

    def _hang_up(self, code: int, reason: str) -> None:
        if self._transport is None:
            return
        self._transport.send_close(code, close_reason(reason))  # type: ignore[arg-type]
        self._abort_in_time(self._transport)

    def _abort_in_time(self, transport: WSTransport) -> None:
        """Invariant 5: a peer that went silent would keep the socket for as long as TCP retries."""
        self._abort = asyncio.get_running_loop().call_later(CLOSE_LIMIT, transport.disconnect, False)

    def _ended_for_owner(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()

    def _say_end(self) -> None:
        assert self._end is not None
        self._ended_for_owner()
        if not self._ended:  # invariant 2
            self._ended = True
            self._call(self._listener.channel_closed, self._end)

    def _call(self, callback: Callable[[T], None], argument: T) -> None:
        try:
            callback(argument)
        except BaseException as error:  # noqa: BLE001 - invariant 3
            self._listener_failed(error)

    def _listener_failed(self, error: BaseException) -> None:
        """Invariant 3; a panic of pycrdt is a BaseException.

        Raises:
            KeyboardInterrupt, SystemExit: ``error`` is one of them.
        """
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise error
        self._options.counts.listener_failures += 1
        log.error("channel_listener_failed", exc_info=error)
        self.close(INTERNAL_ERROR, "internal error")
