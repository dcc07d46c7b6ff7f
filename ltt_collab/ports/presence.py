"""Our visible presence in one room, as the writer needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ltt_collab.model.presence import Activity, Participant

CursorState = Mapping[str, Any]
"""One entry of awareness ``cursors`` exactly as JupyterLab writes it: anchor, head, primary, empty."""


class Presence(Protocol):
    """What others see of us, and what we see of others."""

    def show_cursors(self, cursors: Sequence[CursorState]) -> None:
        """Show our caret or selection (an empty sequence: none); sent at once."""
        ...

    def show_activity(self, activity: Activity) -> None:
        """Show in our name flag what we are doing."""
        ...

    def humans(self) -> Sequence[Participant]:
        """Every human client in the room, ``selection`` resolved to cell and code points where possible."""
        ...
