"""What picows leaves to its user."""

from __future__ import annotations

import socket

from picows import WSError, WSTransport

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Only Linux has it."""


def acknowledge_at_once(transport: WSTransport) -> None:
    """Have the next bytes acknowledged without delay.

    The kernel falls back to delayed acknowledgements by itself, so this is said again with each frame (tcp(7)).
    """
    if _QUICKACK is not None:
        peer = transport.underlying_transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


def close_reason(text: str) -> str:
    """As much of the text as fits into a close frame (RFC 6455, 5.5: 125 bytes with the code), whole characters."""
    return text.encode()[:123].decode(errors="ignore")


def retrieve_failure(transport: WSTransport) -> None:
    """Take the exception out of picows' own future, or asyncio reports it as never retrieved."""
    waiter = transport.wait_disconnected()
    try:
        waiter.send(None)
    except (StopIteration, WSError):
        return
    finally:
        waiter.close()
