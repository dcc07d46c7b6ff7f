"""``ltt mcp`` as the command line proper reads it, with its help and its complaints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from ltt_collab.mcp_bridge.catalogue import Compat
from ltt_collab.mcp_bridge.commands import serve_stdio
from ltt_collab.mcp_bridge.upstream import Embed


def mcp_command(embed: Embed) -> Callable[[Compat], None]:
    """The typer command; ``embed`` starts a service of our own where none is named."""

    def mcp(
        compat: Annotated[
            Compat, typer.Option("--compat", help="Serve another server's tools, by their names and arguments.")
        ] = Compat.NATIVE,
    ) -> None:
        """Serve an MCP client on stdin and stdout, for the service at LTT_SERVICE_URL (or LTT_JUPYTER_URL)."""
        serve_stdio(compat, embed)

    return mcp
