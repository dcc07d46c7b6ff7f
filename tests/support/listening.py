"""A channel's listener that remembers everything."""

from __future__ import annotations

from collections.abc import Callable

from ltt_collab.ports.rooms import ChannelClosed
from tests.support.deadlines import eventually


class Recorder:
    """Keeps frames and ends; ``on_frame`` may misbehave."""

    def __init__(self, on_frame: Callable[[bytes], None] | None = None) -> None:
        self.frames: list[bytes] = []
        self.ends: list[ChannelClosed] = []
        self._on_frame = on_frame

    def frame_received(self, frame: bytes) -> None:
        """Remember, then do as told."""
        self.frames.append(frame)
        if self._on_frame is not None:
            self._on_frame(frame)

    def channel_closed(self, closed: ChannelClosed) -> None:
        """Remember."""
        self.ends.append(closed)

    async def first_frames(self, count: int) -> list[bytes]:
        """The frames, once there are that many."""
        await eventually(lambda: len(self.frames) >= count, what=f"{count} frames")
        return self.frames

    async def end(self, *, within: float = 10.0) -> ChannelClosed:
        """How the channel ended, once it has."""
        await eventually(lambda: self.ends, within=within, what="the end of the channel")
        return self.ends[0]
