"""What the channels of one server share, and what goes wrong on them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

DEFAULT_FRAME_CAP = 64 * 1024 * 1024
"""Bytes of one message that we take. The server would send up to 1 GiB; a notebook of 64 MiB is none to tutor in."""


@dataclass(slots=True)
class ChannelCounts:
    """What went wrong on one server's channels since start, for metrics."""

    listener_failures: int = 0
    refused_frames: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOptions:
    """What all channels of one server share.

    ``text``: text messages count as frames too (the event stream's are). ``prompt``: acknowledge at once what comes, or
    a server with Nagle's algorithm holds the second small message of an answer back for 40 ms.
    """

    counts: ChannelCounts
    cap: int = DEFAULT_FRAME_CAP
    tls: ssl.SSLContext | None = None
    text: bool = False
    prompt: bool = False
