"""A service in the process of ``ltt mcp``, where none is named. Imports little: a client waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from ltt_collab.service import RunningService
    from ltt_collab.settings import Settings


def embed(settings: Settings) -> AbstractAsyncContextManager[RunningService]:
    """A whole service, to be entered."""
    from ltt_collab.service import running_service  # noqa: PLC0415 - imports everything

    return running_service(settings)
