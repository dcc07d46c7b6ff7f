"""``python -m ltt_collab`` is ``ltt``; ``ltt mcp`` starts by the shortest way, for its client waits."""

from __future__ import annotations

import sys

from ltt_collab.mcp_bridge.commands import compat_of, serve_stdio
from ltt_collab.serving.embedding import embed


def main() -> None:
    """Run the command line."""
    compat = compat_of(sys.argv[1:])
    if compat is not None:
        try:
            serve_stdio(compat, embed)
        except KeyboardInterrupt:
            sys.exit(130)
        return
    from ltt_collab.cli import main as cli  # noqa: PLC0415 - no agent's client waits for typer

    cli()


if __name__ == "__main__":
    main()
