"""``python -m ltt_collab`` is ``ltt``; ``ltt mcp`` starts by the shortest way, for its client waits."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ltt_collab.mcp_bridge.commands import compat_of, serve_stdio

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from ltt_collab.service import RunningService
    from ltt_collab.settings import Settings


def main() -> None:
    """Run the command line."""
    compat = compat_of(sys.argv[1:])
    if compat is not None:
        try:
            serve_stdio(compat, _embed)
        except KeyboardInterrupt:
            sys.exit(130)
        return
    from ltt_collab.cli import main as cli  # noqa: PLC0415 - imports everything

    cli()


def _embed(settings: Settings) -> AbstractAsyncContextManager[RunningService]:
    from ltt_collab.service import running_service  # noqa: PLC0415 - imports everything

    return running_service(settings)


if __name__ == "__main__":
    main()
