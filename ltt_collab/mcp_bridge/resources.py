"""Notebooks, cells and outputs as resources, and who is told when one changes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote, unquote

import anyio
import structlog

from ltt_collab.mcp_bridge.answers import OutputBudget, as_data, output_text
from ltt_collab.mcp_bridge.arguments import BadArgumentError
from ltt_collab.mcp_bridge.calling import Caller
from ltt_collab.mcp_bridge.changes import as_change, is_change
from ltt_collab.model.errors import SubscriberTooSlowError, UnknownCellError
from ltt_collab.model.identity import Sight
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.ports.directory import RoomDirectory

log = structlog.get_logger(__name__)

SCHEME = "ltt://rooms/"
JSON = "application/json"

TEMPLATES = (
    ("ltt://rooms/{room}", "notebook", "A notebook: its cells with sources and outputs."),
    ("ltt://rooms/{room}/cells/{cell}", "cell", "One cell."),
    ("ltt://rooms/{room}/cells/{cell}/outputs", "outputs", "The outputs of one cell, as text."),
)

SEND_SECONDS = 2.0
"""For one notification: a client that takes none for so long is not told any more."""


@dataclass(frozen=True, slots=True)
class Address:
    """A resource's parts; ``cell`` None: the whole notebook."""

    room: RoomId
    cell: CellId | None = None
    outputs: bool = False

    @classmethod
    def parse(cls, uri: str) -> Address:
        """Read a URI of ours.

        Raises:
            BadArgumentError
        """
        parts = [unquote(part) for part in uri.removeprefix(SCHEME).split("/")]
        match parts:
            case [room] if uri.startswith(SCHEME) and room:
                return cls(RoomId(room))
            case [room, "cells", cell] if uri.startswith(SCHEME):
                return cls(RoomId(room), CellId(cell))
            case [room, "cells", cell, "outputs"] if uri.startswith(SCHEME):
                return cls(RoomId(room), CellId(cell), True)
            case _:
                raise BadArgumentError("uri", uri, f"use one as in {SCHEME}<room>/cells/<cell>")


def notebook_uri(room: RoomId) -> str:
    """The URI of a notebook."""
    return f"{SCHEME}{quote(room, safe='')}"


async def read(caller: Caller, uri: str) -> tuple[str, str]:
    """A resource's MIME type and text.

    Raises:
        BadArgumentError, UnknownRoomError, UnknownCellError
    """
    address = Address.parse(uri)
    notebook = await caller.directory.snapshot(caller.directory.find(address.room).id)
    budget: OutputBudget = caller.budget
    if address.cell is None:
        cells = [as_data(cell, index, budget) for index, cell in enumerate(notebook.cells)]
        return JSON, json.dumps({"notebook_path": notebook.path, "seq": notebook.seq, "cells": cells})
    index = next((at for at, cell in enumerate(notebook.cells) if cell.id == address.cell), None)
    if index is None:
        raise UnknownCellError(address.cell)
    cell = notebook.cells[index]
    if address.outputs:
        return "text/plain", "".join(output_text(output) for output in cell.outputs)
    return JSON, json.dumps(as_data(cell, index, budget))


Tell = Callable[[str, dict[str, Any]], Awaitable[bool]]
"""Tells a client that a URI changed, and what; False when it is not there any more."""


@dataclass(eq=False, slots=True)
class Subscriber:
    """One client, what it subscribed to, and whom it may see."""

    sight: Sight
    tell: Tell
    uris: set[str] = field(default_factory=set)


class Subscriptions:
    """Tells clients what changes.

    Invariants:
        1. Whether a client may see a room is looked up for each change.
        2. A client that does not take what it is told is dropped, and holds up the others for ``SEND_SECONDS`` once.
    """

    def __init__(self, directory: RoomDirectory) -> None:
        self._directory = directory
        self._subscribers: set[Subscriber] = set()

    def add(self, subscriber: Subscriber) -> None:
        """Tell it from now on."""
        self._subscribers.add(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Tell it no more."""
        self._subscribers.discard(subscriber)

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            try:
                async with aclosing(cast("Any", self._directory.events(None))) as events:
                    async for event in events:
                        if self._subscribers and is_change(event):
                            await self._told(event.room, as_change(event))
            except SubscriberTooSlowError as error:
                log.warning("change notifications fell behind", reason=str(error))

    async def _told(self, room: RoomId, change: dict[str, Any]) -> None:
        learner = next((info.learner for info in self._directory.rooms() if info.id == room), None)
        for subscriber in tuple(self._subscribers):
            if not subscriber.sight.sees(learner):  # invariant 1
                continue
            for uri in _touched(subscriber.uris, room, change["cell_id"]):
                told = False
                with anyio.move_on_after(SEND_SECONDS):
                    told = await subscriber.tell(uri, change)
                if not told:  # invariant 2
                    self.remove(subscriber)
                    break


def _touched(uris: Sequence[str] | set[str], room: RoomId, cell: str | None) -> Iterator[str]:
    for uri in tuple(uris):
        address = Address.parse(uri)
        if address.room == room and address.cell in {None, cell}:
            yield uri
