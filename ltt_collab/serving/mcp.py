"""``ltt mcp``, as the command line proper reads it; the short way to it is in ``ltt_collab.__main__``."""

from __future__ import annotations

from ltt_collab.mcp_bridge.typed_command import mcp_command
from ltt_collab.serving.embedding import embed

mcp = mcp_command(embed)
