"""Puts a tutor to work: hears requests for help, and calls it off when the learner moves on."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field

import anyio
import structlog
from anyio.abc import TaskGroup

from ltt_collab.client.door import Client, RoomClient
from ltt_collab.model.edits import CellRemoved, DocumentReloaded, HelpRequested, RoomEvent, RoomStateChanged
from ltt_collab.model.errors import LttError, ResumePointGoneError, SubscriberTooSlowError
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.model.staleness import why_outdated
from ltt_collab.ports.tutor import Tutor

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Requests that a tutor works on at the same time; the others wait, and are called off like those at work."""

LONGEST_SECONDS = 120.0
"""For one request: help that comes later helps nobody, and a stuck tutor must not keep others waiting."""


_Key = tuple[RoomId, CellId, str]


@dataclass(slots=True)
class _Request:
    """One request for help that a tutor works on or will."""

    event: HelpRequested
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class _Desk:
    """The requests of all rooms.

    Invariants:
        1. There is at most one request for a cell, and one for a chat message; a newer one takes the older one's place.
        2. A request ends as soon as what it rests on has changed. A question in a chat rests on its cell being there.
        3. Whatever a tutor raises ends its own request only.
    """

    def __init__(self, client: Client, tutor: Tutor, tasks: TaskGroup) -> None:
        self._client, self._tutor, self._tasks = client, tutor, tasks
        self._limit = anyio.CapacityLimiter(AT_ONCE)
        self._requests: dict[_Key, _Request] = {}

    def hear(self, event: RoomEvent) -> None:
        """Take up or call off requests."""
        for request in list(self._requests.values()):
            if request.event.room == event.room:
                because = _why_over(event, request.event)
                if because is not None:
                    self._call_off(request, because)  # inv. 2
        if isinstance(event, HelpRequested):
            older = self._requests.get(_key_of(event))
            if older is not None:
                self._call_off(older, "the learner asked anew")  # inv. 1
            request = self._requests[_key_of(event)] = _Request(event)
            self._tasks.start_soon(self._work_on, request, name=f"help in {event.room}")

    def call_all_off(self, because: str) -> None:
        """Call off everything: what happened in the meantime is not known."""
        for request in list(self._requests.values()):
            self._call_off(request, because)

    def _call_off(self, request: _Request, because: str) -> None:
        self._forget(request)
        request.scope.cancel()
        log.info("request for help called off", room=request.event.room, cell_id=request.event.cell_id, because=because)

    def _forget(self, request: _Request) -> None:
        key = _key_of(request.event)
        if self._requests.get(key) is request:
            del self._requests[key]

    async def _work_on(self, request: _Request) -> None:
        event = request.event
        try:
            with request.scope:
                room = await self._client.room(event.room)
                async with self._limit:
                    await self._handle(event, room)
                # Proposed or not, it is done. One that was called off gets here no more: it is outdated anyway.
                await room.decline(event.cause_key, event.reply_to)
        except LttError as error:
            log.warning("service did not answer the tutor", room=event.room, reason=str(error))
        finally:
            self._forget(request)

    async def _handle(self, event: HelpRequested, room: RoomClient) -> None:
        try:
            with anyio.move_on_after(LONGEST_SECONDS) as limit:
                await self._tutor.handle(event, room)
            if limit.cancelled_caught:
                log.warning("tutor took too long", room=event.room, cell_id=event.cell_id, limit=LONGEST_SECONDS)
        except Exception as error:
            # Its message may hold a learner's text: the kind at ERROR, the rest at DEBUG.
            log.error("tutor failed", room=event.room, cell_id=event.cell_id, kind=type(error).__name__)  # noqa: TRY400
            log.debug("tutor failed", exc_info=error)


def _key_of(event: HelpRequested) -> _Key:
    return event.room, event.cell_id, event.reply_to


def _why_over(event: RoomEvent, request: HelpRequested) -> str | None:
    # Who asked in the chat may go on typing while the answer comes.
    if request.chat and not isinstance(event, CellRemoved | DocumentReloaded | RoomStateChanged):
        return None
    return why_outdated(event, request.cell_id, request.expected_hash)


async def run_tutor(client: Client, tutor: Tutor) -> None:
    """Let ``tutor`` help in every room of ``client`` until the rooms end, for ever over HTTP.

    Raises:
        ServiceError, NotAuthorizedError: the service cannot be reached at the start, or refuses us.
    """
    async with anyio.create_task_group() as tasks:
        desk = _Desk(client, tutor, tasks)
        while True:
            try:
                async with aclosing(client.events()) as events:
                    async for event in events:
                        desk.hear(event)
            except (ResumePointGoneError, SubscriberTooSlowError) as error:
                log.warning("events were missed, going on from now", reason=str(error))
                desk.call_all_off("events were missed")
            else:
                return
