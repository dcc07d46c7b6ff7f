"""What one room has to send, and the channel that takes it."""

from __future__ import annotations

from collections.abc import Callable

from ltt_collab.model.errors import RoomClosedError, RoomError
from ltt_collab.ports.rooms import Channel
from ltt_collab.rooms.protocol import RoomProtocol

HIGH_WATER = 8 * 1024 * 1024
"""Bytes that may wait for a server that does not read: a thousand notes. Over it the room is left."""

LOW_WATER = 256 * 1024
"""Bytes waiting from which on presence is not sent: the next beat sends the latest."""


class Sender:
    """Hands the frames of the protocol to the channel; without one they wait.

    Invariants:
        1. What waits to be sent is bounded by ``HIGH_WATER`` and one frame.
        2. Presence is coalesced, content never: content that cannot be sent ends the room.
    """

    __slots__ = ("_end", "_protocol", "channel", "owes_presence")

    def __init__(self, protocol: RoomProtocol, end: Callable[[RoomError], None]) -> None:
        """``end`` closes the room for that reason."""
        self._protocol, self._end = protocol, end
        self.channel: Channel | None = None
        self.owes_presence = False

    def flush(self) -> None:
        """Send what waits, in order."""
        channel = self.channel
        if channel is None:
            return
        for frame in self._protocol.data_to_send():
            if channel.unsent_bytes > HIGH_WATER:  # invariant 1
                self._end(RoomClosedError(None, f"the server does not read: {channel.unsent_bytes} bytes wait for it"))
                return
            channel.send(frame)

    def send_presence(self, payload: bytes) -> None:
        """Send what we show, or owe it: the state is kept, and the beat that finds room sends it (invariant 2)."""
        self.owes_presence = self.channel is not None and self.channel.unsent_bytes > LOW_WATER
        if not self.owes_presence:
            self._protocol.send_awareness(payload)
        self.flush()
