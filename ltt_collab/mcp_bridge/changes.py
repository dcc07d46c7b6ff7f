"""What happens in a room, told to agents: which cell, what kind, by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio

from ltt_collab.model.edits import CursorMoved, RoomEvent
from ltt_collab.model.ids import Seq
from ltt_collab.model.wire import event_type

MOST = 200
"""Changes of one answer; the next wait goes on after the last."""

TOGETHER = 0.05
"""Seconds to wait for what belongs to the same act: a run clears, starts and prints within milliseconds."""


def as_change(event: RoomEvent) -> dict[str, Any]:
    """An event in a line: its number, kind, cell and author."""
    cell = getattr(event, "cell", None)
    cell_id = getattr(event, "cell_id", None) or getattr(cell, "id", None) or getattr(event, "about", None)
    told: dict[str, Any] = {
        "seq": event.seq,
        "kind": event_type(event),
        "cell_id": cell_id,
        "author": {"kind": event.author.kind.value, "username": event.author.username},
    }
    index = getattr(event, "index", None)
    return told if index is None else told | {"index": index}


def is_change(event: RoomEvent) -> bool:
    """Whether the notebook or who is in it changed; a caret that moved is not told."""
    return not isinstance(event, CursorMoved)


async def next_changes(
    events: AsyncIterator[RoomEvent], after: Seq, cell: str | None, seconds: float
) -> tuple[list[dict[str, Any]], Seq]:
    """The next changes (of that cell only, if one is given) and the last number seen; none within the time: []."""
    changes: list[dict[str, Any]] = []
    reached = after
    with anyio.move_on_after(seconds) as scope:
        async for event in events:
            reached = max(reached, event.seq)
            change = as_change(event)
            if is_change(event) and cell in {None, change["cell_id"]}:
                changes.append(change)
                scope.deadline = min(scope.deadline, anyio.current_time() + TOGETHER)
            if len(changes) >= MOST:
                break
    return changes, reached
