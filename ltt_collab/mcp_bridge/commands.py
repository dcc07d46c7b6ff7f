"""``ltt mcp``. Imports little: a client waits for the answer to ``initialize``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import anyio

from ltt_collab.mcp_bridge.catalogue import Compat
from ltt_collab.mcp_bridge.relay import Message, Relay, Stdio

if TYPE_CHECKING:
    from ltt_collab.mcp_bridge.upstream import Embed, Upstream


def compat_of(arguments: Sequence[str]) -> Compat | None:
    """The mode of a plain ``ltt mcp`` command line; None for any other, which the command line proper reads."""
    given = [part for argument in arguments for part in argument.split("=", 1)]
    match given:
        case ["mcp"]:
            return Compat.NATIVE
        case ["mcp", "--compat", value] if value in set(Compat):
            return Compat(value)
        case _:
            return None


def serve_stdio(compat: Compat, embed: Embed) -> None:
    """Serve one client on stdin and stdout until it is done; ``embed`` starts a service of our own, if it takes one."""

    def connect(mode: Compat, introduction: Message) -> AbstractAsyncContextManager[Upstream]:
        from ltt_collab.mcp_bridge.upstream import connected  # noqa: PLC0415 - heavy: with the first call only

        return connected(mode, introduction, embed)

    anyio.run(Relay(Stdio(), compat, connect).run, backend_options={"use_uvloop": sys.platform != "win32"})
