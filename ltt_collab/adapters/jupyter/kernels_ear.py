"""What one channel of a kernel says, for as long as somebody listens to it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ltt_collab.adapters.jupyter.kernels_messages import Message, decode
from ltt_collab.ports.rooms import ChannelClosed

log = structlog.get_logger(__name__)


class Ear:
    """Hands on messages and the channel's end until it is ``deaf``: a channel that was let go of is not heard."""

    def __init__(self, hear: Callable[[Message], None], lost: Callable[[ChannelClosed], None]) -> None:
        self._hear, self._lost = hear, lost
        self.deaf = False

    def frame_received(self, frame: bytes) -> None:
        """Hand on one message."""
        if self.deaf:
            return
        try:
            message = decode(frame)
        except ValueError:
            log.debug("kernel message not understood")
            return
        self._hear(message)

    def channel_closed(self, closed: ChannelClosed) -> None:
        """Hand on the end."""
        if not self.deaf:
            self._lost(closed)
