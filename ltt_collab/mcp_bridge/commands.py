"""``ltt mcp``. Imports little: a client waits for the answer to ``initialize``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Annotated

import anyio

from ltt_collab.mcp_bridge.catalogue import Compat
from ltt_collab.mcp_bridge.relay import Message, Relay, Stdio

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltt_collab.mcp_bridge.upstream import Embed, Upstream

OPTION = "--compat"


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

    anyio.run(Relay(Stdio(), compat, connect).run)


def command(embed: Embed) -> Callable[[Compat], None]:
    """The typer command."""
    import typer  # noqa: PLC0415 - not needed by ``serve_stdio``

    def mcp(compat: Compat = Compat.NATIVE) -> None:
        """Serve an MCP client on stdin and stdout, for the service at LTT_SERVICE_URL (or LTT_JUPYTER_URL)."""
        serve_stdio(compat, embed)

    # typer reads annotations with the module's names only, and typer is not one of them.
    option = typer.Option(OPTION, help="Serve another server's tools, by their names and arguments.")
    mcp.__annotations__["compat"] = Annotated[Compat, option]
    return mcp
