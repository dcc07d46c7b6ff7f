"""From a URL to an open channel: one attempt, no redirect, nothing left behind when it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import anyio
from picows import WSError, WSHandshakeError, ws_connect

from ltt_collab.adapters.jupyter.channel_options import ChannelOptions
from ltt_collab.adapters.jupyter.channels import SocketChannel
from ltt_collab.adapters.jupyter.refusals import refused
from ltt_collab.model.errors import RoomUnreachableError
from ltt_collab.ports.rooms import ChannelListener

DIAL_LIMIT = 10.0
"""Seconds for name, TCP, TLS and the upgrade: a room is made from disk in there, 3 MB took 0.4 s."""

READ_BUFFER = 4096
"""Bytes a channel reads into at first; it grows with the frames. picows' own 16 KiB cost 12 KiB more per quiet room."""

# Below WARNING picows prints each upgrade request, Authorization header included: its logger must stay deaf.
_picows_log = logging.getLogger("picows.ltt_collab")
_picows_log.setLevel(logging.WARNING)


async def open_channel(
    url: str,
    headers: Mapping[str, str],
    listener: ChannelListener,
    options: ChannelOptions,
    *,
    on_end: Callable[[], None] | None = None,
) -> SocketChannel:
    """Connect; ``on_end`` is called once, when the channel begins to end.

    When this raises or is cancelled, the listener hears nothing and no socket stays.

    Raises:
        RoomUnreachableError: no connection, no answer in ``DIAL_LIMIT``, or an answer that says: later.
        RoomRefusedError: an HTTP answer that is not an upgrade; redirects are never followed.
    """
    where = url.split("?", 1)[0]
    channel = SocketChannel(listener, options)
    try:
        with anyio.fail_after(DIAL_LIMIT):
            await ws_connect(
                lambda _request, _response: channel,
                url,
                ssl_context=options.tls,
                logger_name=_picows_log,
                websocket_handshake_timeout=DIAL_LIMIT,
                max_frame_size=options.cap,
                max_redirects=0,
                read_buffer_init_size=READ_BUFFER,
                extra_headers=dict(headers),
            )
        if not channel.is_connected:
            raise RoomUnreachableError(where, "it closed the connection instead of answering")
        channel.begin(on_end)
    except WSHandshakeError as error:
        if error.response is None:
            raise RoomUnreachableError(where, "it does not speak HTTP") from None
        raise refused(where, int(error.response.status)) from None
    except TimeoutError:
        raise RoomUnreachableError(where, f"no answer within {DIAL_LIMIT:g} s") from None
    except (OSError, WSError) as error:
        raise RoomUnreachableError(where, str(error) or type(error).__name__) from error
    finally:
        # Cancelled or failed: a socket that nobody waits for any more is neither kept nor heard.
        if not channel.has_begun:
            channel.abandon()
    return channel
